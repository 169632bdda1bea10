import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { HeldMembership, Memberships } from '../../src/backing/memberships.interface.js';
import type { Cursor } from '../../src/protocol/cursor.js';

/** Memberships to be judged, empty at first, and their time. */
export interface MembershipsSubject {
  readonly memberships: Memberships;
  /** The present of the memberships, milliseconds since the Unix epoch. */
  now(): Promise<number> | number;
  /** Lets their time pass. */
  advance(milliseconds: number): Promise<void> | void;
  /** Ends what the subject started. */
  close(): Promise<void> | void;
}

/** What every store of memberships must keep to. */
export function describeMemberships(
  name: string,
  create: () => Promise<MembershipsSubject> | MembershipsSubject,
): void {
  describe(`${name} as Memberships`, () => {
    let subject: MembershipsSubject;
    let memberships: Memberships;

    beforeEach(async () => {
      subject = await create();
      memberships = subject.memberships;
    });
    afterEach(() => subject.close());

    const add = async (userId: string, group: string, expiresAtMs?: number): Promise<HeldMembership> => {
      const membership = { userId, group, expiresAtMs };
      await memberships.add(membership);
      return membership;
    };
    const heldBy = async (userId: string) => (await memberships.ofUser(userId)).held;
    const groupsOf = async (userId: string) => (await memberships.ofUser(userId)).held.map(({ group }) => group).sort();
    const membersOf = async (group: string, { after = undefined as string | undefined, limit = 100 } = {}) =>
      (await memberships.ofGroup(group, after, limit)).map(({ userId }) => userId);

    it('knows nothing at first', async () => {
      expect([await groupsOf('7'), await membersOf('g')]).toEqual([[], []]);
    });

    it('finds a membership from both sides', async () => {
      await add('7', 'a');
      await add('7', 'b');
      await add('8', 'b');

      expect([await groupsOf('7'), await groupsOf('8')]).toEqual([['a', 'b'], ['b']]);
      expect([await membersOf('a'), await membersOf('b')]).toEqual([['7'], ['7', '8']]);
    });

    it('says from both sides until when', async () => {
      const inAnHour = (await subject.now()) + 3_600_000;
      const [ending, lasting] = [await add('7', 'g', inAnHour), await add('8', 'g')];

      expect(await memberships.ofGroup('g', undefined, 10)).toEqual([ending, lasting]);
      expect([await heldBy('7'), await heldBy('8')]).toEqual([[ending], [lasting]]);
    });

    it('says from both sides where it begins, and begins no later for being added again', async () => {
      const since: Cursor = [{ epoch: 'e', number: 5 }];
      const later: Cursor = [{ epoch: 'e', number: 9 }];
      const end = (await subject.now()) + 3_600_000;
      const membership = { userId: '7', group: 'g' };

      expect(await memberships.add({ ...membership, expiresAtMs: undefined, since })).toMatchObject({ since });
      expect(await memberships.add({ ...membership, expiresAtMs: end, since: later })).toMatchObject({ since });
      const held = [{ ...membership, expiresAtMs: end, since }];
      expect([await heldBy('7'), await memberships.ofGroup('g', undefined, 10)]).toEqual([held, held]);

      await memberships.remove('7', 'g');
      const again = await memberships.add({ ...membership, expiresAtMs: end, since: later });
      expect(again).toMatchObject({ since: later });
    });

    it('has a higher revision with each change, and says which of them a read shows', async () => {
      const membership = { userId: '7', group: 'g', expiresAtMs: undefined };
      const revisions = [(await memberships.ofUser('7')).revision];
      revisions.push((await memberships.add(membership)).revision);
      revisions.push((await memberships.add({ ...membership, userId: '8' })).revision);
      revisions.push((await memberships.add(membership)).revision);
      revisions.push(await memberships.remove('7', 'g'));
      revisions.push(await memberships.remove('7', 'none'));

      expect(revisions).toEqual([...new Set(revisions)].sort((one, other) => one - other));
      expect((await memberships.ofUser('7')).revision).toBe(revisions.at(-1));
    });

    it('knows of no beginning where nobody has said one', async () => {
      const added = await memberships.add({ userId: '7', group: 'g', expiresAtMs: undefined });
      expect([added.since, (await heldBy('7'))[0]?.since]).toEqual([undefined, undefined]);
    });

    it('ends a membership and no other', async () => {
      for (const user of ['7', '8']) for (const group of ['a', 'b']) await add(user, group);

      await memberships.remove('7', 'a');

      expect([await groupsOf('7'), await groupsOf('8'), await membersOf('a')]).toEqual([['b'], ['a', 'b'], ['8']]);
    });

    it('takes the end of a membership that there is not', async () => {
      await add('7', 'a');
      await memberships.remove('7', 'b');
      await memberships.remove('8', 'a');
      expect([await groupsOf('7'), await membersOf('a')]).toEqual([['a'], ['7']]);
    });

    it('holds a membership once however often it is added', async () => {
      await add('7', 'a');
      await add('7', 'a');
      await memberships.remove('7', 'a');
      expect([await groupsOf('7'), await membersOf('a')]).toEqual([[], []]);
    });

    it('takes names that mean something to JavaScript', async () => {
      for (const name of ['__proto__', 'constructor', 'toString']) await add(name, 'g');
      await add('7', 'constructor');

      expect(await membersOf('g')).toEqual(['__proto__', 'constructor', 'toString']);
      expect([await groupsOf('7'), await groupsOf('valueOf')]).toEqual([['constructor'], []]);
    });

    it.each(['a b', ' ', 'a:b', '{x}', '[a', '(a', '-', '+', '*', '?', '%s', '"', "'", 'ü 🙂', '\u2028'])(
      'takes the user %j and takes it for no other',
      async (user) => {
        const end = (await subject.now()) + 3_600_000;
        await add(user, 'g:1', end);
        await add('7', 'g');

        expect([await groupsOf(user), await membersOf('g:1'), await membersOf('g')]).toEqual([['g:1'], [user], ['7']]);
        expect(await memberships.ofGroup('g:1', undefined, 10)).toEqual([
          { userId: user, group: 'g:1', expiresAtMs: end },
        ]);
        await memberships.remove(user, 'g:1');
        expect([await groupsOf(user), await membersOf('g:1'), await membersOf('g')]).toEqual([[], [], ['7']]);
      },
    );

    describe('pages', () => {
      it('lists members in the order of their ids', async () => {
        for (const user of ['b', 'a', '10', 'B', '9']) await add(user, 'g');
        expect(await membersOf('g')).toEqual(['10', '9', 'B', 'a', 'b']);
      });

      it('goes on after the last member of a page until there are no more', async () => {
        const users = Array.from({ length: 25 }, (_, index) => `u${String(index).padStart(2, '0')}`);
        for (const user of users) await add(user, 'g');

        const seen: string[] = [];
        let page = await membersOf('g', { limit: 10 });
        while (page.length > 0) {
          expect(page.length).toBeLessThanOrEqual(10);
          seen.push(...page);
          page = await membersOf('g', { limit: 10, after: page.at(-1) });
        }

        expect(seen).toEqual(users);
      });

      it('goes on after a member that has left meanwhile', async () => {
        for (const user of ['a', 'b', 'c']) await add(user, 'g');
        await memberships.remove('b', 'g');
        expect(await membersOf('g', { after: 'b' })).toEqual(['c']);
      });
    });

    describe('memberships that end', () => {
      const SOON_MS = 1_000;

      it('holds one until its moment and not longer', async () => {
        await add('7', 'g', (await subject.now()) + SOON_MS);
        await add('7', 'lasting');
        expect([await groupsOf('7'), await membersOf('g')]).toEqual([['g', 'lasting'], ['7']]);

        await subject.advance(SOON_MS);

        expect([await groupsOf('7'), await membersOf('g')]).toEqual([['lasting'], []]);
      });

      it('goes by the last word on the end', async () => {
        const soon = (await subject.now()) + SOON_MS;
        const late = soon + 3_600_000;
        for (const end of [soon, late]) await add('7', 'longer', end);
        for (const end of [soon, undefined]) await add('7', 'forever', end);
        for (const end of [undefined, soon]) await add('7', 'shorter', end);

        await subject.advance(SOON_MS);

        expect(await groupsOf('7')).toEqual(['forever', 'longer']);
        expect(await memberships.ofGroup('longer', undefined, 10)).toEqual([
          { userId: '7', group: 'longer', expiresAtMs: late },
        ]);
        expect(await membersOf('shorter')).toEqual([]);
      });

      it('fills a page in spite of those that have ended', async () => {
        const soon = (await subject.now()) + SOON_MS;
        for (let user = 10; user < 60; user++) await add(`${user}`, 'g', user % 10 === 9 ? undefined : soon);

        await subject.advance(SOON_MS);

        expect(await membersOf('g', { limit: 3 })).toEqual(['19', '29', '39']);
        expect(await membersOf('g', { limit: 3, after: '39' })).toEqual(['49', '59']);
      });

      it('takes one that has ended anew', async () => {
        const begunAt: Cursor = [{ epoch: 'e', number: 5 }];
        const soon = (await subject.now()) + SOON_MS;
        await memberships.add({ userId: '7', group: 'g', expiresAtMs: soon, since: begunAt });
        await subject.advance(SOON_MS);

        const since: Cursor = [{ epoch: 'e', number: 9 }];
        const again = await memberships.add({ userId: '7', group: 'g', expiresAtMs: undefined, since });
        expect(again).toMatchObject({ since });
        // Each that is added may clear away what has ended.
        for (let user = 10; user < 20; user++) await add(`${user}`, 'other');

        expect([await groupsOf('7'), await membersOf('g')]).toEqual([['g'], ['7']]);
      });
    });
  });
}
