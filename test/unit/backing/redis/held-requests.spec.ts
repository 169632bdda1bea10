import { describe, expect, it } from '@jest/globals';
import { HeldRequests } from '../../../../src/backing/redis/held-requests.js';

const request = (id: string) => ({ type: 'tell', id, from: 'n', atMs: 0, operation: 'held', payload: null }) as const;

describe('HeldRequests', () => {
  it('takes what comes between begin and release, and hands it out in order, once', async () => {
    const held = new HeldRequests();
    expect([held.take(request('before')), held.whenReleased()]).toEqual([false, undefined]);
    held.begin();
    const released = held.whenReleased();
    expect(['a', 'b'].map((id) => held.take(request(id)))).toEqual([true, true]);
    // A second attempt to join loses nothing.
    held.begin();
    expect(held.release().map(({ id }) => id)).toEqual(['a', 'b']);
    await released;
    expect([held.take(request('after')), held.release(), held.whenReleased()]).toEqual([false, [], undefined]);
  });

  it('lets the oldest go where too many wait', () => {
    const held = new HeldRequests();
    held.begin();
    for (let index = 0; index <= 10_000; index++) held.take(request(`${index}`));
    const frames = held.release();
    expect([frames.length, frames[0]?.id, frames.at(-1)?.id]).toEqual([10_000, '1', '10000']);
  });
});
