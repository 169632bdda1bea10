import { describe, expect, it } from '@jest/globals';
import { RecentIds } from '../../../../src/backing/redis/recent-ids.js';

describe('RecentIds', () => {
  it('knows an id for as long as it is to remember it', () => {
    const recent = new RecentIds(1_000);
    expect(recent.add('a', 0)).toBe(true);
    expect(recent.add('a', 999)).toBe(false);
    expect(recent.add('a', 1_000)).toBe(false);
  });

  it('does not know it any more after twice as long, also where nothing came in between', () => {
    const recent = new RecentIds(1_000);
    recent.add('a', 0);
    expect(recent.add('b', 2_000)).toBe(true);
    expect(recent.add('a', 2_001)).toBe(true);
  });
});
