import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import type { BusLink } from '../support/node-bus.js';
import { PushApp } from '../support/push-app.js';
import { RestClient } from '../support/rest-client.js';
import { SharedBacking } from '../support/shared-backing.js';

let shared: SharedBacking;
let asker: PushApp;
let other: PushApp;
let link: BusLink;

beforeEach(async () => {
  shared = new SharedBacking();
  asker = await PushApp.start({ push: { backing: shared.factory() } });
  other = await PushApp.start({ push: { backing: shared.factory() } });
  link = shared.link(1);
});
afterEach(async () => {
  await Promise.all([asker.close(), other.close()]);
});

describe('a node that is alive and mute', () => {
  it('makes the counts of a message partial', async () => {
    await asker.connect('7');
    await other.connect('7');
    link.muted.add('report');
    expect(await asker.push.toUser('7', 'e', 1, { report: { withinMs: 50 } })).toMatchObject({
      matched: { users: 1, connections: 1 },
      written: 1,
      scope: 'cluster',
      partial: true,
    });
  });

  it('does not let an unknown connection pass for one that nobody has', async () => {
    link.muted.add('disconnect');
    const { status, json } = await RestClient.of(asker).delete('/push/connections/00000000000000000000');
    expect([status, json]).toEqual([202, { matched: 0, partial: true }]);
  });

  it('is missing from the counts and from the number of nodes', async () => {
    await other.connect('7');
    link.muted.add('counts');
    expect(await asker.push.stats()).toMatchObject({ users: 0, nodes: 1 });
  });
});

describe('a node that is cut off', () => {
  it('closes connections when it is back, but not those that came after the kick', async () => {
    const early = await other.connect('7');
    link.cutOff();
    const saidAtMs = Date.now();
    expect(await asker.push.disconnect({ user: '7' })).toEqual({ matched: 0, partial: true });
    // Two moments are told apart when they are further apart than clocks may run.
    await eventually(() => Date.now() - saidAtMs > 1_100, { timeoutMs: 3_000 });
    const late = await other.connect('7');
    expect(early.closed).toBeUndefined();
    link.rejoin();
    expect((await early.end()).code).toBe(4505);
    await late.settled();
    expect(late.closed).toBeUndefined();
  });

  it('takes over the memberships that it missed when it is back', async () => {
    const client = await other.connect('7');
    link.cutOff();
    await asker.push.addToGroup('7', 'g');
    link.rejoin();
    await eventually(async () => (await asker.push.connections({ group: 'g' })).items.length === 1);
    await asker.push.toGroup('g', 'hello');
    expect((await client.next('hello')).event).toBe('hello');
  });

  it('answers neither listings nor counts for all, and does not let them pass for whole', async () => {
    link.cutOff();
    const calls = [
      other.push.presence(['7']),
      other.push.isOnline('7'),
      other.push.connections(),
      other.push.stats(),
      other.push.disconnect({ user: '7' }),
    ];
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'PUSH_ERR_UNAVAILABLE' });
    expect((await RestClient.of(other).get('/push/stats')).status).toBe(503);
  });

  it('ends its own connections all the same', async () => {
    const client = await other.connect('7');
    link.cutOff();
    await expect(other.push.disconnect({ user: '7' })).rejects.toMatchObject({ code: 'PUSH_ERR_UNAVAILABLE' });
    expect((await client.end()).code).toBe(4505);
  });
});

describe('a node that is left alone', () => {
  it('asks nobody, and says only what a node that is cut off may have to hear', async () => {
    await other.close();
    const alone = shared.link(0);
    alone.said.length = 0;
    await asker.push.presence(['7']);
    await asker.push.isOnline('7');
    await asker.push.connections();
    await asker.push.stats();
    await asker.push.broadcast('e', 1, { report: true });
    expect(alone.said).toEqual([]);
    await asker.push.disconnect({ user: '7' });
    await asker.push.addToGroup('7', 'g');
    expect(alone.said).toEqual(['disconnect', 'held']);
  });
});
