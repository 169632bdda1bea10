import { beforeEach, describe, expect, it } from '@jest/globals';
import { HandshakePlaces } from '../../../src/push/handshake-places.js';
import { ExpectedUsers } from '../../../src/push/held-groups.js';

describe('HandshakePlaces', () => {
  let places: HandshakePlaces;

  beforeEach(() => {
    places = new HandshakePlaces();
  });

  it('counts by address and by user, in whatever order places are given back', () => {
    const addresses = ['a', 'b', 'a', 'c', 'b', 'a'];
    const held = addresses.map((address) => {
      const place = places.take(address);
      place.assignUser(`user-${address}`);
      return place;
    });
    const counts = () => ['a', 'b', 'c'].map((name) => [places.fromAddress(name), places.ofUser(`user-${name}`)]);
    expect(counts()).toEqual([
      [3, 3],
      [2, 2],
      [1, 1],
    ]);
    held[0]?.release();
    held[4]?.release();
    expect(counts()).toEqual([
      [2, 2],
      [1, 1],
      [1, 1],
    ]);
    held[2]?.release();
    held[5]?.release();
    places.take('c');
    expect(counts()).toEqual([
      [0, 0],
      [1, 1],
      [2, 1],
    ]);
    held[1]?.release();
    held[1]?.release();
    expect(counts()).toEqual([
      [0, 0],
      [0, 0],
      [2, 1],
    ]);
  });

  it('gives back with the place what was kept with it, at once where that is gone', () => {
    const given: string[] = [];
    const keep = (place: ReturnType<HandshakePlaces['take']>) => {
      place.keepSpace({ leave: () => void given.push('space') });
      place.attach(() => given.push('attached'));
    };
    const place = places.take('a');
    keep(place);
    expect(given).toEqual([]);
    place.release();
    place.release();
    expect(given).toEqual(['space', 'attached']);
    keep(place);
    expect(given).toEqual(['space', 'attached', 'space', 'attached']);
  });
});

describe('ExpectedUsers', () => {
  it('finds the handshakes of a user that are under way, in whatever order they end', () => {
    const expected = new ExpectedUsers();
    const [one, other, again, last] = ['7', '8', '7', '9'].map((userId) => expected.open(userId));
    const of = (userId: string) => [...expected.of(userId)];
    expect(of('7')).toEqual([again, one]);
    again?.release();
    again?.release();
    expect(of('7')).toEqual([one]);
    expect(of('8')).toEqual([other]);
    last?.release();
    one?.release();
    expect([expected.has('7'), expected.has('8'), expected.has('9')]).toEqual([false, true, false]);
    other?.release();
    expect(expected.has('8')).toBe(false);
    expect(of('8')).toEqual([]);
  });
});
