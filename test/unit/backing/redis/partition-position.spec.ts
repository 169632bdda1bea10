import { describe, expect, it } from '@jest/globals';
import { PartitionPosition } from '../../../../src/backing/redis/partition-position.js';

const at = (number: number, nonce = 'nonce-00', epoch = 'epoch-00') => ({ epoch, nonce, number });

function standingAt(number: number): PartitionPosition {
  const position = new PartitionPosition();
  position.moveTo(at(number));
  position.learn(at(number), 0);
  return position;
}

describe('PartitionPosition', () => {
  it('knows of the furthest place that was heard or answered, in the epoch in which it stands', () => {
    const position = standingAt(5);
    position.hasReached(at(7));
    position.hasReached(at(6));
    position.hasReached(at(90, 'nonce-00', 'epoch-01'));
    expect([position.place, position.known]).toEqual([at(5), at(7)]);
    position.moveTo(at(8));
    expect(position.known).toEqual(at(8));
  });

  it('forgets what was answered where the partition says that it is not so far', () => {
    const position = standingAt(5);
    position.hasReached(at(7));
    position.learn(at(6), 6);
    expect(position.known).toEqual(at(5));
  });

  it('does not go on to a place that is behind, of another epoch, or after a loss that lies ahead', () => {
    const position = standingAt(5);
    expect(position.goesOnTo(at(5))).toBe(true);
    expect(position.goesOnTo(at(9, 'nonce-01'))).toBe(true);
    expect(position.goesOnTo(at(5, 'nonce-01'))).toBe(false);
    expect(position.goesOnTo(at(4))).toBe(false);
    expect(position.goesOnTo(at(9, 'nonce-00', 'epoch-01'))).toBe(false);
    position.learn(at(9), 6);
    expect(position.goesOnTo(at(9))).toBe(false);
    position.moveTo(at(9));
    expect(position.goesOnTo(at(9))).toBe(true);
  });

  it.each([
    ['lies ahead', 6, false],
    ['was gone past', 5, true],
    ['was gone past long ago', 2, true],
    ['is known', 0, false],
  ])('says whether a loss was gone past in good faith: one that %s', (_, lostThrough, expected) => {
    const position = standingAt(5);
    expect(position.learn(at(9), lostThrough)).toBe(expected);
    expect(position.learn(at(9), lostThrough)).toBe(false);
  });

  it('takes a loss from before the first contact for known', () => {
    const position = new PartitionPosition();
    expect(position.learn(at(9), 4)).toBe(false);
  });
});
