import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { HeldMembership, Memberships } from '../../src/backing/memberships.interface.js';

/** Memberships to be judged, empty at first. */
export interface MembershipsSubject {
  readonly memberships: Memberships;
  /** Ends what the subject started. */
  close(): Promise<void> | void;
}

/** What every store of memberships must keep to. */
export function describeMemberships(
  name: string,
  create: () => Promise<MembershipsSubject> | MembershipsSubject,
): void {
  describe(`${name} as Memberships`, () => {
    const NOW_MS = 1_700_000_000_000;
    let subject: MembershipsSubject;
    let memberships: Memberships;

    beforeEach(async () => {
      subject = await create();
      memberships = subject.memberships;
    });
    afterEach(() => subject.close());

    const add = (userId: string, group: string, expiresAtMs?: number): HeldMembership => {
      const membership = { userId, group, expiresAtMs };
      memberships.add(membership);
      return membership;
    };
    const groupsOf = (userId: string, nowMs = NOW_MS) => [...memberships.groupsOf(userId, nowMs)].sort();
    const membersOf = (group: string, { nowMs = NOW_MS, after = undefined as string | undefined, limit = 100 } = {}) =>
      memberships.membersOf(group, nowMs, after, limit).map(({ userId }) => userId);

    it('knows nothing at first', () => {
      expect([groupsOf('7'), membersOf('g'), memberships.takeExpired(NOW_MS)]).toEqual([[], [], []]);
    });

    it('finds a membership from both sides', () => {
      add('7', 'a');
      add('7', 'b');
      add('8', 'b');

      expect([groupsOf('7'), groupsOf('8')]).toEqual([['a', 'b'], ['b']]);
      expect([membersOf('a'), membersOf('b')]).toEqual([['7'], ['7', '8']]);
    });

    it('says of a member until when', () => {
      const [ending, lasting] = [add('7', 'g', NOW_MS + 1), add('8', 'g')];
      expect(memberships.membersOf('g', NOW_MS, undefined, 10)).toEqual([ending, lasting]);
    });

    it('ends a membership and no other', () => {
      for (const user of ['7', '8']) for (const group of ['a', 'b']) add(user, group);

      memberships.remove('7', 'a');

      expect([groupsOf('7'), groupsOf('8'), membersOf('a')]).toEqual([['b'], ['a', 'b'], ['8']]);
    });

    it('takes the end of a membership that there is not', () => {
      add('7', 'a');
      memberships.remove('7', 'b');
      memberships.remove('8', 'a');
      expect([groupsOf('7'), membersOf('a')]).toEqual([['a'], ['7']]);
    });

    it('holds a membership once however often it is added', () => {
      add('7', 'a');
      add('7', 'a');
      memberships.remove('7', 'a');
      expect([groupsOf('7'), membersOf('a')]).toEqual([[], []]);
    });

    it('takes names that mean something to JavaScript', () => {
      for (const name of ['__proto__', 'constructor', 'toString']) add(name, 'g');
      add('7', 'constructor');

      expect(membersOf('g')).toEqual(['__proto__', 'constructor', 'toString']);
      expect([groupsOf('7'), groupsOf('valueOf')]).toEqual([['constructor'], []]);
    });

    describe('pages', () => {
      it('lists members in the order of their ids', () => {
        for (const user of ['b', 'a', '10', 'B', '9']) add(user, 'g');
        expect(membersOf('g')).toEqual(['10', '9', 'B', 'a', 'b']);
      });

      it('goes on after the last member of a page until there are no more', () => {
        const users = Array.from({ length: 25 }, (_, index) => `u${String(index).padStart(2, '0')}`);
        for (const user of users) add(user, 'g');

        const seen: string[] = [];
        let page = membersOf('g', { limit: 10 });
        while (page.length > 0) {
          expect(page.length).toBeLessThanOrEqual(10);
          seen.push(...page);
          page = membersOf('g', { limit: 10, after: page.at(-1) });
        }

        expect(seen).toEqual(users);
      });

      it('goes on after a member that has left meanwhile', () => {
        for (const user of ['a', 'b', 'c']) add(user, 'g');
        memberships.remove('b', 'g');
        expect(membersOf('g', { after: 'b' })).toEqual(['c']);
      });
    });

    describe('memberships that end', () => {
      it('holds one until its moment and not longer', () => {
        add('7', 'g', NOW_MS + 1_000);

        expect([groupsOf('7', NOW_MS + 999), membersOf('g', { nowMs: NOW_MS + 999 })]).toEqual([['g'], ['7']]);
        expect([groupsOf('7', NOW_MS + 1_000), membersOf('g', { nowMs: NOW_MS + 1_000 })]).toEqual([[], []]);
      });

      it('hands over those that have ended once', () => {
        const ended = [add('7', 'a', NOW_MS + 1), add('8', 'a', NOW_MS + 2)];
        add('9', 'a', NOW_MS + 3);
        add('9', 'b');

        expect(memberships.takeExpired(NOW_MS)).toEqual([]);
        expect(memberships.takeExpired(NOW_MS + 2)).toEqual(ended);
        expect(memberships.takeExpired(NOW_MS + 2)).toEqual([]);
        expect(membersOf('a', { nowMs: NOW_MS })).toEqual(['9']);
      });

      it('goes by the last word on the end', () => {
        add('7', 'longer', NOW_MS + 1);
        add('7', 'longer', NOW_MS + 10);
        add('7', 'forever', NOW_MS + 1);
        add('7', 'forever');
        add('7', 'shorter');
        add('7', 'shorter', NOW_MS + 1);

        expect(memberships.takeExpired(NOW_MS + 5).map(({ group }) => group)).toEqual(['shorter']);
        expect(groupsOf('7', NOW_MS + 5)).toEqual(['forever', 'longer']);
      });

      it('does not hand over one that was removed before its end', () => {
        add('7', 'g', NOW_MS + 1);
        memberships.remove('7', 'g');
        expect(memberships.takeExpired(NOW_MS + 5)).toEqual([]);
      });
    });
  });
}
