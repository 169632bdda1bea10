import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeCursor, encodeCursor } from '../../src/protocol/cursor.js';
import type { Cursor } from '../../src/protocol/cursor.js';
import { describeLogBounds } from './message-log-bounds.suite.js';
import { describeLogAgainstModel } from './message-log-model.suite.js';
import { describeSpreadLog } from './message-log-spread.suite.js';
import { ALL, LogProbe, countsOf, groups, users } from './message-log.subject.js';
import type { CreateMessageLog } from './message-log.subject.js';

/** What every log must keep to. `heedsBytes`: whether it keeps to `maxHistoryBytes`. */
export function describeMessageLog(
  name: string,
  create: CreateMessageLog,
  { heedsBytes = true, partitions = 1 } = {},
): void {
  describe(`${name} as a MessageLog`, () => {
    describePlaces(create, partitions);
    describeReplay(create, partitions);
    describeDelivery(create);
    describeLogBounds(create, heedsBytes, partitions);
    describeLogAgainstModel(create, heedsBytes);
    describeSpreadLog(create);
  });
}

const numbersOf = (cursor: Cursor) => cursor.map(({ number }) => number);
const epochsOf = (cursor: Cursor) => cursor.map(({ epoch }) => epoch);

function describePlaces(create: CreateMessageLog, partitions: number): void {
  describe('gives places and', () => {
    let probe: LogProbe;

    beforeEach(async () => void (probe = new LogProbe(await create({}))));
    afterEach(() => probe.subject.close());

    it('stands before the first message', () => {
      expect(numbersOf(probe.position)).toEqual(Array.from({ length: partitions }, () => 0));
    });

    it('gives each message the place after the one before it', async () => {
      const sent = [await probe.send(ALL), await probe.send(users('7')), await probe.send(groups('g'))];
      const counts = new Map<number, number>();
      for (const { number, partition } of sent) {
        counts.set(partition, (counts.get(partition) ?? 0) + 1);
        expect(number).toBe(counts.get(partition));
      }
    });

    it('stands at its newest message', async () => {
      await probe.send(ALL);
      const newest = await probe.send(ALL);
      expect(encodeCursor(probe.position)).toBe(newest.cursor);
    });

    it('writes the envelope with the place after the message', async () => {
      const content = { event: 'order.status', dataText: '{"orderId":7}', id: 'n-1', ts: '2026-01-01T00:00:00.000Z' };
      const { text, cursor } = await probe.publish({ ...content, from: 'a"b' }, { target: ALL, store: 'history' });

      expect(JSON.parse(text)).toEqual({
        event: 'order.status',
        data: { orderId: 7 },
        id: 'n-1',
        cursor,
        ts: '2026-01-01T00:00:00.000Z',
        from: 'a"b',
      });
      expect(decodeCursor(cursor)).toEqual(probe.position);
    });

    it.each([
      ['is not to be stored', ALL, { store: 'none' } as const],
      ['names connections only', { connections: ['c'], users: [] }, {}],
    ])('gives a message that %s the place before it, and does not keep it', async (_, target, routing) => {
      await probe.send(ALL);
      const before = probe.position;
      const { cursor, number } = await probe.send(target, routing);

      expect({ cursor, number }).toEqual({ cursor: encodeCursor(before), number: 0 });
      expect(probe.position).toEqual(before);
      expect(await probe.read(before)).toMatchObject({ messages: [], gap: undefined });
    });

    it('gives places that do not change afterwards', async () => {
      const first = probe.position;
      const text = encodeCursor(first);
      await probe.send(ALL);
      expect(encodeCursor(first)).toBe(text);
    });

    it('knows its own places', async () => {
      const before = probe.position;
      await probe.send(ALL);
      expect(await probe.read(before)).toMatchObject({ gap: undefined, messages: { length: 1 } });
    });

    it('has another epoch than a log that began anew', async () => {
      const others = [await create({}), await create({})];
      const epochs = [probe.subject, ...others].flatMap(({ log }) => epochsOf(log.position));
      expect(new Set(epochs).size).toBe(3 * partitions);
      for (const other of others) await other.close();
    });
  });
}

function describeDelivery(create: CreateMessageLog): void {
  describe('delivers and', () => {
    let probe: LogProbe;

    beforeEach(async () => void (probe = new LogProbe(await create({}))));
    afterEach(() => probe.subject.close());

    it('hands the follower each message with its target, kept or not, in the order of the log', async () => {
      const except = { users: ['8'], connections: ['c'] };
      const sent = [
        await probe.send({ all: true, except }),
        await probe.send({ users: ['7'], groups: ['g'], connections: ['c'] }),
        await probe.send(users('ü'), { store: 'none' }),
        await probe.send(groups('g')),
      ];

      expect(probe.follower.delivered.map(({ message }) => message)).toMatchObject(sent);
      expect(probe.follower.delivered.map(({ target }) => target)).toEqual([
        { all: true, except },
        { users: ['7'], groups: ['g'], connections: ['c'] },
        users('ü'),
        groups('g'),
      ]);
    });

    it('tells which messages have one collapse key', async () => {
      await probe.send(users('7'), { collapseKey: 'a' });
      await probe.send(users('7'), { collapseKey: 'b', store: 'none' });
      await probe.send(users('7'), { collapseKey: 'a', store: 'none' });
      await probe.send(users('7'));

      const [one, other, again, none] = probe.follower.delivered.map(({ message }) => message.collapseId);
      expect([again, none]).toEqual([one, undefined]);
      expect(one).toEqual(expect.any(String));
      expect(other).not.toBe(one);
    });

    it('answers what the follower made of the message', async () => {
      const content = { event: 'e', dataText: '1', id: 'n-1', ts: '2026-01-01T00:00:00.000Z' };
      await probe.hearFor(ALL);
      const delivery = await probe.log.publish(content, { target: ALL, store: 'history' });
      expect(delivery).toMatchObject({ matched: { users: 1, connections: 2 }, message: { number: 1 } });
    });

    it('gives many that are published at once one order', async () => {
      const sent = await Promise.all(Array.from({ length: 200 }, () => probe.send(users('7'))));
      const numbers = sent.map(({ number }) => number);
      expect(new Set(numbers).size).toBe(200);
      expect(probe.follower.delivered.map(({ message }) => message.number)).toEqual(
        Array.from({ length: 200 }, (_value, index) => index + 1),
      );
    });
  });
}

function describeReplay(create: CreateMessageLog, partitions: number): void {
  /** Partitions have no common order where messages were kept at the same time. */
  const inTheirOrder = (counts: readonly number[]) =>
    partitions === 1 ? counts : counts.toSorted((one, other) => one - other);

  describe('replays and', () => {
    let probe: LogProbe;
    let start: Cursor;

    beforeEach(async () => {
      probe = new LogProbe(await create({}));
      start = probe.position;
    });
    afterEach(() => probe.subject.close());

    it('has nothing after the newest message', async () => {
      await probe.send(ALL);
      const { position } = probe;

      expect(await probe.read(position)).toEqual({
        resumedFrom: position,
        messages: [],
        through: position,
        hasMore: false,
        gap: undefined,
      });
    });

    it('merges what is for everyone, the user and the groups in the order of the log', async () => {
      for (const target of [groups('g'), ALL, users('7'), groups('h'), users('7'), ALL]) await probe.send(target);

      const page = await probe.read(start, { groups: ['g', 'h'] });

      expect(inTheirOrder(countsOf(page))).toEqual([1, 2, 3, 4, 5, 6]);
      expect(page).toMatchObject({ resumedFrom: start, through: probe.position, hasMore: false, gap: undefined });
    });

    it('hands messages out as they were delivered', async () => {
      const sent = [await probe.send(ALL), await probe.send(users('7'))];
      expect((await probe.read(start)).messages).toEqual(sent);
    });

    it('leaves out what is for others', async () => {
      for (const target of [users('8'), groups('7'), groups('g'), users('7')]) await probe.send(target);
      expect(await probe.countsAfter(start, { groups: ['h'] })).toEqual([4]);
    });

    it('reads for one who is in thousands of groups', async () => {
      const start = probe.position;
      const names = Array.from({ length: 10_000 }, (_, index) => `g${index}`);
      await probe.send(groups('g0'));
      await probe.send(groups('g9999'));
      expect(countsOf(await probe.read(start, { groups: names }))).toEqual([1, 2]);
    });

    it('leaves out what came before the place', async () => {
      await probe.sendMany(2, users('7'));
      const between = probe.position;
      await probe.sendMany(2, users('7'));
      expect(await probe.countsAfter(between)).toEqual([3, 4]);
    });

    it('gives a message once to whom it reaches in several ways', async () => {
      await probe.send({ users: ['7', '8', '7'], groups: ['g', 'h'] });
      expect(await probe.countsAfter(start, { groups: ['g', 'h', 'g'] })).toEqual([1]);
    });

    it.each([
      ['the user', { users: ['8', '7'] }],
      ['a group that the user is in by now', { groups: ['h', 'g'] }],
    ])('leaves out what excepts %s', async (_, except) => {
      await probe.send({ all: true, except });
      await probe.send({ users: ['7'], except });
      expect(await probe.countsAfter(start, { groups: ['g'] })).toEqual([]);
    });

    it('spares whom it excepted when it was sent, whatever becomes of the list afterwards', async () => {
      const spared = ['7'];
      const others = ['8'];
      await probe.send({ groups: ['g'], except: { users: spared } });
      await probe.send({ groups: ['g'], except: { users: others } });
      spared.length = 0;
      others.push('7');
      expect(await probe.countsAfter(start, { groups: ['g'] })).toEqual([2]);
    });

    it('heeds no exception of others, nor of a connection, which is not the same any more', async () => {
      await probe.send({ all: true, except: { users: ['8'], groups: ['h'], connections: ['c'] } });
      expect(await probe.countsAfter(start, { groups: ['g'] })).toEqual([1]);
    });

    it('leaves out what is past its own time, and that is no gap', async () => {
      await probe.send(users('7'), { expiresAtMs: probe.subject.nowMs + 1_000 });
      await probe.subject.advance(999);
      expect(await probe.countsAfter(start)).toEqual([1]);
      await probe.subject.advance(1);
      expect(await probe.read(start)).toMatchObject({ messages: [], gap: undefined });
    });

    it('says of what is delivered and of what is read when its time is over', async () => {
      await probe.send(users('7'), { expiresAtMs: probe.subject.nowMs + 60_000 });
      await probe.send(users('7'));
      const [live] = probe.follower.delivered;
      const { messages } = await probe.read(start);
      const leftMs = [live?.message, ...messages].map((message) => (message?.endsAtMs ?? NaN) - performance.now());
      expect(leftMs).toEqual([expect.closeTo(60_000, -5), expect.closeTo(60_000, -5), NaN]);
    });

    describe('by pages', () => {
      it('goes on where the page before it ended', async () => {
        await probe.sendMany(5, users('7'));
        const first = await probe.read(start, { maxMessages: 2 });
        const second = await probe.read(first.through, { maxMessages: 2 });
        const third = await probe.read(second.through, { maxMessages: 2 });

        expect([first, second, third].map(countsOf)).toEqual([[1, 2], [3, 4], [5]]);
        expect([first, second, third].map(({ hasMore }) => hasMore)).toEqual([true, true, false]);
        expect(third.through).toEqual(probe.position);
      });

      it('has no more after a page that is just full', async () => {
        await probe.sendMany(3, users('7'));
        expect(await probe.read(start, { maxMessages: 3 })).toMatchObject({ hasMore: false, through: probe.position });
      });

      it('has no more where all that is left is for others', async () => {
        await probe.sendMany(2, users('7'));
        await probe.send({ all: true, except: { users: ['7'] } });
        await probe.send(users('8'));
        expect(await probe.read(start, { maxMessages: 2 })).toMatchObject({ hasMore: false, through: probe.position });
      });

      it('ends a page at the last message that has room', async () => {
        const { text } = await probe.send(users('7'), {}, 'é'.repeat(40));
        const length = Buffer.byteLength(text);
        for (let index = 0; index < 3; index++) await probe.send(users('7'), {}, 'é'.repeat(40));

        expect(countsOf(await probe.read(start, { maxBytes: 2 * length }))).toEqual([1, 2]);
        expect(countsOf(await probe.read(start, { maxBytes: 2 * length - 1 }))).toEqual([1]);
      });

      it('has room for one message of any length', async () => {
        await probe.sendMany(2, users('7'));
        expect(await probe.read(start, { maxBytes: 1 })).toMatchObject({ messages: [{ number: 1 }], hasMore: true });
      });

      it('includes what was appended between two pages', async () => {
        await probe.sendMany(2, users('7'));
        const { through } = await probe.read(start, { maxMessages: 1 });
        await probe.send(groups('g'));
        expect(inTheirOrder(await probe.countsAfter(through, { groups: ['g'] }))).toEqual([2, 3]);
      });
    });

    describe('for a reader that came into a group', () => {
      it('leaves out what came for the group before that', async () => {
        await probe.send(groups('g'));
        const joined = await probe.log.joiningPlace('g');
        await probe.send(groups('g'));
        await probe.send(groups('g', 'h'));
        const request = { groups: ['g'], joins: [{ group: 'g', after: joined }] };
        const page = await probe.read(start, request);

        expect(inTheirOrder(countsOf(page))).toEqual([2, 3]);
        expect(page.gap).toBeUndefined();
      });

      it('brings what came since and has passed it by, and sets it not back', async () => {
        const joined = await probe.log.joiningPlace('g');
        await probe.send(groups('g'));
        await probe.send(groups('g', 'h'));
        await probe.send(ALL);
        const { position } = probe;
        await probe.send(users('7'));
        const request = { groups: ['g'], joins: [{ group: 'g', after: joined }] };
        const page = await probe.read(position, request);

        expect(inTheirOrder(countsOf(page))).toEqual([1, 2, 4]);
        const cursors = page.messages.map(({ cursor }) => cursor);
        expect(cursors.slice(0, 2)).toEqual([encodeCursor(position), encodeCursor(position)]);
        expect(page.messages.map(({ text }) => (JSON.parse(text) as { cursor: string }).cursor)).toEqual(cursors);
        expect(page).toMatchObject({ resumedFrom: position, through: probe.position, gap: undefined });
      });

      it('brings nothing again that reached it in another way', async () => {
        const joined = await probe.log.joiningPlace('g');
        await probe.send({ users: ['7'], groups: ['g'] });
        await probe.send(groups('g', 'h'));
        const request = { groups: ['g', 'h'], joins: [{ group: 'g', after: joined }] };
        expect(await probe.countsAfter(probe.position, request)).toEqual([]);
      });

      it('tells of what was lost to the group since then', async () => {
        await probe.subject.close();
        probe = new LogProbe(await create({ historyCount: 1 }));
        const joined = await probe.log.joiningPlace('g');
        await probe.send(groups('g'));
        await probe.send(groups('g'));
        const request = { groups: ['g'], joins: [{ group: 'g', after: joined }] };
        const page = await probe.read(probe.position, request);
        expect([countsOf(page), page.gap]).toEqual([[2], 'expired']);
      });
    });

    describe('a message that takes the place of an older one', () => {
      it('is all that is left of the two, and that is no gap', async () => {
        await probe.send(users('7'), { collapseKey: 'price' });
        await probe.send(users('7'));
        await probe.send(users('7'), { collapseKey: 'price' });
        const page = await probe.read(start);

        expect(countsOf(page)).toEqual([2, 3]);
        expect(page.gap).toBeUndefined();
      });

      it('leaves other keys and other targets alone', async () => {
        await probe.send(users('7'), { collapseKey: 'price' });
        await probe.send(users('7'), { collapseKey: 'stock' });
        await probe.send(users('8'), { collapseKey: 'price' });
        await probe.send(groups('7'), { collapseKey: 'price' });
        await probe.send(ALL, { collapseKey: 'price' });
        expect(inTheirOrder(await probe.countsAfter(start, { groups: ['7'] }))).toEqual([1, 2, 4, 5]);
      });

      it('leaves alone what those read that it is not for', async () => {
        await probe.send(ALL, { collapseKey: 'price' });
        await probe.send({ all: true, except: { users: ['7'] } }, { collapseKey: 'price' });
        expect(await probe.countsAfter(start)).toEqual([1]);
      });

      it('takes it too where those who are left out are named in another order, twice, or by an empty list', async () => {
        const spare = (users: string[], others = {}) => ({ all: true as const, except: { users, ...others } });
        await probe.send(spare(['8', '9'], { groups: [] }), { collapseKey: 'price' });
        await probe.send(spare(['9', '8', '9']), { collapseKey: 'price' });
        await probe.send(ALL, { collapseKey: 'stock' });
        await probe.send(spare([]), { collapseKey: 'stock' });
        expect(await probe.countsAfter(start)).toEqual([2, 4]);
      });

      it('leaves the older one to the targets that it does not name', async () => {
        await probe.send(users('7', '8'), { collapseKey: 'price' });
        // What is for one only lies in its own partition, where a message for many is never kept.
        await probe.send(partitions === 1 ? users('8') : users('8', '9'), { collapseKey: 'price' });
        expect(await probe.countsAfter(start)).toEqual([1]);
        expect(await probe.countsAfter(start, { userId: '8' })).toEqual([2]);
      });
    });

    describe('after a place that is none of its own', () => {
      it('tells of a reset and hands out all that is held where the epoch is another', async () => {
        await probe.sendMany(2, users('7'));
        const page = await probe.read([{ epoch: 'another', number: 5, toldThrough: 9 }]);

        expect(page).toMatchObject({ gap: 'reset', resumedFrom: start, through: probe.position });
        expect(countsOf(page)).toEqual([1, 2]);
        expect((await probe.read(page.resumedFrom)).gap).toBeUndefined();
      });

      it('tells of a reset and hands out nothing where the log has not come so far', async () => {
        await probe.send(users('7', '8'));
        const { position } = probe;
        const [place, ...others] = position;
        const page = await probe.read([{ ...place, number: place.number + 1 }, ...others]);

        expect(page).toMatchObject({ gap: 'reset', messages: [], resumedFrom: position, through: position });
      });

      it('tells of a reset where the place is one of a log with other partitions', async () => {
        const { position } = probe;
        expect(await probe.read([...position, { epoch: 'another', number: 1 }])).toMatchObject({ gap: 'reset' });
      });
    });
  });
}
