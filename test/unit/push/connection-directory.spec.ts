import { beforeEach, describe, expect, it } from '@jest/globals';
import { MembershipSource } from '../../../src/core/connection-registry.js';
import {
  comparePlaces,
  ConnectionDirectory,
  pageCursorOf,
  readPageCursor,
} from '../../../src/push/connection-directory.js';
import type { ListPlace } from '../../../src/push/connection-directory.js';
import { FakeConnections } from '../../support/fake-connections.js';

let fakes: FakeConnections;
let directory: ConnectionDirectory;

beforeEach(() => {
  fakes = new FakeConnections();
  directory = new ConnectionDirectory(fakes.registry, fakes.clock, 'node');
});

const usersIn = (after: ListPlace | undefined, limit: number, filter = {}) =>
  directory.list(filter, after, limit).map(({ info }) => info.userId);

describe('ConnectionDirectory', () => {
  it('lists the oldest first, also where the clock went back between two', () => {
    fakes.connect('second');
    fakes.connect('third');
    fakes.clock.advance(-1_000);
    fakes.connect('first');
    expect(usersIn(undefined, 10)).toEqual(['first', 'second', 'third']);
  });

  it('goes on behind the place of the last one, until nobody is left', () => {
    for (let user = 0; user < 5_000; user++) fakes.connect(`${user}`);
    const seen: string[] = [];
    let place: ListPlace | undefined;
    for (;;) {
      const page = directory.list({}, place, 700);
      seen.push(...page.map(({ info }) => info.userId));
      place = page.at(-1)?.place;
      if (page.length < 700) break;
    }
    expect(seen).toEqual(Array.from({ length: 5_000 }, (_, user) => `${user}`));
  });

  it('lists those who are in a group', () => {
    const { connection } = fakes.connect('7');
    fakes.connect('8');
    fakes.registry.join(connection, 'g', MembershipSource.Join);
    expect(usersIn(undefined, 10, { group: 'g' })).toEqual(['7']);
  });

  it('closes those who were there when it was said, not those who came since', () => {
    const early = fakes.connect('7').connection;
    fakes.clock.advance(60_000);
    const late = fakes.connect('7').connection;
    expect(directory.close({ user: '7' }, { code: 4505, reason: '' }, 30_000)).toBe(1);
    expect([early.isOpen, late.isOpen]).toEqual([false, true]);
  });

  it('closes those who came before the clock was set back', () => {
    fakes.connect('7');
    fakes.clock.advance(-3_600_000);
    expect(directory.close({ user: '7' }, { code: 4505, reason: '' })).toBe(1);
  });

  it('closes those who came in the moment in which it was said', () => {
    const { connection } = fakes.connect('7');
    expect(directory.close({ user: '7' }, { code: 4505, reason: '' }, 500)).toBe(1);
    expect(connection.isOpen).toBe(false);
  });
});

describe('a place in a listing', () => {
  const place = { connectedAtMs: 1_700_000_000_123, serial: 46_655, id: 'a_-Z0' };

  it('is the same after the way through a cursor', () => {
    expect(readPageCursor(pageCursorOf(place))).toEqual(place);
  });

  it.each(['', 'a', 'a.b', '.a.b', 'a.b.', 'A.b.c', 'a.b.c.d', `a.b.${'c'.repeat(65)}`, 7, null, undefined, {}])(
    'is not what %p stands for',
    (cursor) => {
      expect(readPageCursor(cursor)).toBeUndefined();
    },
  );

  it('comes before another by age, then by count, then by id', () => {
    const later = { ...place, connectedAtMs: place.connectedAtMs + 1, serial: 1, id: 'A' };
    const next = { ...place, serial: place.serial + 1, id: 'A' };
    const other = { ...place, id: 'b' };
    const shuffled = [later, other, next, place];
    expect(shuffled.sort(comparePlaces)).toEqual([place, other, next, later]);
    expect(comparePlaces(place, { ...place })).toBe(0);
  });
});
