import { afterEach, describe, expect, it } from '@jest/globals';
import type { LoggedMessage } from '../../src/backing/message-log.interface.js';
import type { Target } from '../../src/core/delivery-target.js';
import { decodeCursor, encodeCursor } from '../../src/protocol/cursor.js';
import type { Cursor } from '../../src/protocol/cursor.js';
import { LogProbe, countsOf } from './message-log.subject.js';
import type { CreateMessageLog } from './message-log.subject.js';
import { SeededRandom } from './seeded-random.js';

const USERS = ['1', '2', '3', '4', '5'];
const GROUPS = ['g', 'h', 'i', 'j', 'k'];
const STEPS = 200;

interface Reader {
  readonly userId: string;
  readonly groups: readonly string[];
  readonly from: number;
  at: Cursor;
  readonly read: number[];
  readonly messages: LoggedMessage[];
}

/** What a reader gets, whichever partitions its messages lie in: all that is for it, once, each partition in its order. */
export function describeSpreadLog(create: CreateMessageLog): void {
  describe('gives readers all that is for them and', () => {
    let probe: LogProbe | undefined;
    afterEach(() => probe?.subject.close());

    it.each([1, 2, 3, Date.now() % 1_000_000])('nothing twice, page by page (seed %d)', async (seed) => {
      const random = new SeededRandom(seed);
      probe = new LogProbe(await create({ historyCount: 1_000, historyAllCount: 1_000 }));
      const sent: Target[] = [];
      const readers: Reader[] = [readerOf(random, probe.position, 0)];
      for (let step = 0; step < STEPS; step++) {
        if (random.chance(0.03)) readers.push(readerOf(random, probe.position, sent.length));
        if (random.chance(0.25)) await readOn(probe, random.oneOf(readers), 1 + random.upTo(5));
        const target = randomTarget(random);
        sent.push(target);
        await probe.send(target);
      }
      for (const reader of readers) {
        while (await readOn(probe, reader, 50));
        const due = sent.flatMap((target, index) => (index >= reader.from && isFor(target, reader) ? [index + 1] : []));
        expect(reader.read.toSorted((one, other) => one - other)).toEqual(due);
        expectOwnOrder(reader.messages);
      }
    });
  });
}

/** Reads a page, as one who hands in its cursor as text; whether there is more. */
async function readOn(probe: LogProbe, reader: Reader, maxMessages: number): Promise<boolean> {
  const after = decodeCursor(encodeCursor(reader.at)) ?? reader.at;
  const page = await probe.read(after, { userId: reader.userId, groups: reader.groups, maxMessages });
  expect(page.gap).toBeUndefined();
  reader.read.push(...countsOf(page));
  reader.messages.push(...page.messages);
  // A client has the cursor of its last message, unless it was told where the page ends.
  const last = page.messages.at(-1);
  reader.at = page.hasMore && last ? (decodeCursor(last.cursor) ?? page.through) : page.through;
  return page.hasMore;
}

function readerOf(random: SeededRandom, at: Cursor, from: number): Reader {
  const groups = GROUPS.filter(() => random.chance(0.4));
  return { userId: random.oneOf(USERS), groups, from, at, read: [], messages: [] };
}

function randomTarget(random: SeededRandom): Target {
  if (random.chance(0.1)) return { all: true };
  if (random.chance(0.4)) return { users: [random.oneOf(USERS)] };
  if (random.chance(0.6)) return { groups: [random.oneOf(GROUPS)] };
  return { users: USERS.filter(() => random.chance(0.4)), groups: [random.oneOf(GROUPS)] };
}

function isFor(target: Target, { userId, groups }: Reader): boolean {
  if (target.all) return true;
  const isNamed = target.users?.includes(userId) ?? false;
  return isNamed || (target.groups?.some((group) => groups.includes(group)) ?? false);
}

function expectOwnOrder(messages: readonly LoggedMessage[]): void {
  const last = new Map<number, number>();
  for (const { partition, number } of messages) {
    expect(number).toBeGreaterThan(last.get(partition) ?? 0);
    last.set(partition, number);
  }
}
