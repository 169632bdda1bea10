import { beforeEach, describe, expect, it } from '@jest/globals';
import { RefusedPublishes } from '../../../../src/backing/redis/refused-publishes.js';
import { ManualClock } from '../../../../src/testing/manual-clock.js';

describe('publishes that Redis refuses', () => {
  const OOM = new Error('OOM');
  let clock: ManualClock;
  let refusals: RefusedPublishes<string>;

  beforeEach(() => {
    clock = new ManualClock();
    refusals = new RefusedPublishes(clock);
  });

  it('have a cause until one is taken', () => {
    expect(refusals.cause).toBeUndefined();
    refusals.refused('one', OOM);
    expect(refusals.cause).toBe(OOM);
    refusals.taken('one');
    expect(refusals.cause).toBeUndefined();
  });

  it('have one although another part takes messages', () => {
    refusals.refused('one', OOM);
    refusals.taken('another');
    expect(refusals.cause).toBe(OOM);
  });

  it('have none when nobody has tried for a quarter of a minute', () => {
    refusals.refused('one', OOM);
    clock.advance(10_000);
    refusals.refused('one', OOM);
    clock.advance(14_999);
    expect(refusals.cause).toBe(OOM);
    clock.advance(1);
    expect(refusals.cause).toBeUndefined();
  });
});
