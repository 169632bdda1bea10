import { beforeEach, describe, expect, it } from '@jest/globals';
import { LatestChanges } from '../../../src/push/latest-changes.js';

describe('changes of memberships that come in another order than they happened in', () => {
  let changes: LatestChanges;
  beforeEach(() => {
    changes = new LatestChanges();
  });

  it('have their effect where nothing newer is known of the membership', () => {
    expect(changes.take('7', 'g', 6)).toBe(true);
    expect([changes.take('7', 'g', 5), changes.take('7', 'h', 5), changes.take('8', 'g', 5)]).toEqual([
      false,
      true,
      true,
    ]);
    expect([changes.take('7', 'g', 6), changes.take('7', 'g', 7), changes.take('7', 'g', 6)]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('are the newest where they have no revision, and say nothing of others', () => {
    expect(changes.take('7', 'g', 6)).toBe(true);
    expect([changes.take('7', 'g', Number.POSITIVE_INFINITY), changes.take('7', 'g', 7)]).toEqual([true, true]);
  });

  it('count anew where what was read is older: the backing has lost its data', () => {
    changes.take('7', 'g', 50);
    changes.wasRead('7', 50);
    expect(changes.take('7', 'g', 49)).toBe(false);
    changes.wasRead('7', 1);
    expect(changes.take('7', 'g', 2)).toBe(true);
  });

  it('are forgotten with those who are not here any more, and the first of very many', () => {
    for (const user of ['7', '8']) changes.take(user, 'g', 6);
    changes.retain((user) => user === '7');
    expect([changes.take('7', 'g', 5), changes.take('8', 'g', 5)]).toEqual([false, true]);

    for (let group = 0; group < 1_000; group++) changes.take('7', `g${group}`, 6);
    expect([changes.take('7', 'g', 5), changes.take('7', 'g999', 5)]).toEqual([true, false]);
  });
});
