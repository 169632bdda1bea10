import { describe, expect, it } from '@jest/globals';
import { DistinctIds } from '../../../src/core/distinct-ids.js';

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => `user-${from + index}`);

/** The count after a journey to another node. */
const sent = (ids: DistinctIds) => JSON.parse(JSON.stringify(ids)) as ReturnType<DistinctIds['toJSON']>;

function together(...parts: readonly (readonly string[])[]): number {
  const total = new DistinctIds();
  for (const part of parts) total.merge(sent(DistinctIds.of(part)));
  return total.size;
}

describe('DistinctIds', () => {
  it('counts each id once', () => {
    expect(DistinctIds.of(['a', 'b', 'a', '', 'ü', 'a']).size).toBe(4);
  });

  it('counts an id once that several nodes have seen', () => {
    expect(together(range(0, 1_000), range(500, 1_500), [])).toBe(1_500);
  });

  it.each([1, 100, 4_096])('counts %d ids exactly', (count) => {
    expect(DistinctIds.of(range(0, count)).size).toBe(count);
  });

  it.each([5_000, 20_000, 200_000])('estimates %d ids within 5 percent', (count) => {
    const { size } = DistinctIds.of(range(0, count));
    expect(Math.abs(size - count) / count).toBeLessThan(0.05);
  });

  it('estimates what nodes have counted exactly or estimated, each id once', () => {
    const size = together(range(0, 3_000), range(2_000, 50_000), range(40_000, 60_000));
    expect(Math.abs(size - 60_000) / 60_000).toBeLessThan(0.05);
  });

  it('stays small on the way whatever it counts', () => {
    expect(JSON.stringify(DistinctIds.of(range(0, 100_000))).length).toBeLessThan(6_000);
  });
});
