import { afterEach, describe, expect, it } from '@jest/globals';
import type { LogPage, MessageRouting, ReplayRequest } from '../../src/backing/message-log.interface.js';
import type { Exclusion, Target } from '../../src/core/delivery-target.js';
import { decodeCursor, encodeCursor } from '../../src/protocol/cursor.js';
import type { Cursor } from '../../src/protocol/cursor.js';
import { MessageLogModel, pageOf } from './message-log.model.js';
import type { ModelAnswer, ModelMessage } from './message-log.model.js';
import { LogProbe } from './message-log.subject.js';
import type { CreateMessageLog } from './message-log.subject.js';
import { SeededRandom } from './seeded-random.js';

const USERS = ['1', '2', '3'];
const GROUPS = ['g', 'h', '1'];
const STEPS = 400;

/** Holds a log against the naive model in random histories. The seed is in the name of the test. */
export function describeLogAgainstModel(create: CreateMessageLog, heedsBytes: boolean): void {
  describe('agrees with a naive model', () => {
    let trial: Trial | undefined;
    afterEach(() => trial?.close());

    it.each([1, 2, 3, 4, Date.now() % 1_000_000])('when bounded by count and age (seed %d)', async (seed) => {
      trial = await Trial.begin(create, new SeededRandom(seed), Number.MAX_SAFE_INTEGER);
      for (let step = 0; step < STEPS; step++) await trial.step();
      expect(trial.pagesRead).toBeGreaterThan(20);
    });

    if (!heedsBytes) return;

    it.each([1, 2, 3, 4, Date.now() % 1_000_000])('and hides no gap when bounded by bytes (seed %d)', async (seed) => {
      trial = await Trial.begin(create, new SeededRandom(seed), 12_000);
      for (let step = 0; step < STEPS; step++) await trial.step();
      expect(trial.pagesRead).toBeGreaterThan(20);
    });
  });
}

/** A client that comes back now and then and reads on from where it was. */
interface Reader {
  readonly userId: string;
  readonly groups: readonly string[];
  at: Cursor;
}

/** The same, written the other way round. */
function backwards({ users = [], groups = [] }: Exclusion): Exclusion {
  return { groups: groups.toReversed(), users: users.toReversed() };
}

/** One random history of a log and the model beside it. */
class Trial {
  /** Pages that were compared. */
  pagesRead = 0;
  private readonly readers: readonly Reader[];

  private constructor(
    private readonly probe: LogProbe,
    private readonly model: MessageLogModel,
    private readonly random: SeededRandom,
    private readonly isBoundedByBytes: boolean,
  ) {
    this.readers = Array.from({ length: 6 }, () => ({
      userId: random.oneOf(USERS),
      groups: GROUPS.filter(() => random.chance(0.5)),
      at: probe.position,
    }));
  }

  static async begin(create: CreateMessageLog, random: SeededRandom, maxHistoryBytes: number): Promise<Trial> {
    const limits = {
      historyCount: random.upTo(8),
      historyAllCount: random.upTo(12),
      historySeconds: 1 + random.upTo(30),
    };
    const probe = new LogProbe(await create({ ...limits, maxHistoryBytes }));
    const isBoundedByBytes = maxHistoryBytes !== Number.MAX_SAFE_INTEGER;
    return new Trial(probe, new MessageLogModel(limits), random, isBoundedByBytes);
  }

  async close(): Promise<void> {
    await this.probe.subject.close();
  }

  async step(): Promise<void> {
    if (this.random.chance(0.15)) await this.probe.subject.advance(this.random.upTo(8_000));
    else if (this.random.chance(0.3)) await this.readOn(this.random.oneOf(this.readers));
    else await this.send();
  }

  private async send(): Promise<void> {
    const { random, probe } = this;
    const { nowMs } = probe.subject;
    const routing: MessageRouting = {
      target: this.randomTarget(),
      store: random.chance(0.1) ? 'none' : 'history',
      expiresAtMs: random.chance(0.2) ? nowMs + 1 + random.upTo(20_000) : undefined,
      collapseKey: random.chance(0.25) ? random.oneOf(['a', 'b']) : undefined,
    };
    const { number, text } = await probe.send(routing.target, routing, 'é'.repeat(random.upTo(100)));
    if (number > 0) this.model.add({ number, text, storedAtMs: nowMs, routing });
  }

  private randomTarget(): Target {
    const { random } = this;
    const exclusion: Exclusion = {
      users: USERS.filter(() => random.chance(0.3)),
      groups: GROUPS.filter(() => random.chance(0.2)),
    };
    const except = random.chance(0.3) ? random.oneOf([exclusion, backwards(exclusion)]) : undefined;
    if (random.chance(0.2)) return { all: true, except };
    const users = USERS.filter(() => random.chance(0.3));
    const groups = GROUPS.filter(() => random.chance(0.2));
    return { users, groups, connections: ['c'], except };
  }

  private async readOn(reader: Reader): Promise<void> {
    const { random, probe } = this;
    const after = decodeCursor(encodeCursor(reader.at)) ?? reader.at;
    const request = { after, audience: reader, maxMessages: 1 + random.upTo(6), maxBytes: 1 + random.upTo(1_500) };
    const page = await probe.log.read(request);
    const answer = this.model.answer(reader, after[0].number, probe.subject.nowMs);
    this.pagesRead++;

    this.judgePage(page, answer, request);
    this.judgeGap(page, answer, after);
    expect(await this.gapAfter(page.resumedFrom, request)).toBeUndefined();
    if (page.hasMore) expect(await this.gapAfter(page.through, request)).toBeUndefined();
    for (const { cursor } of page.messages) {
      // Whoever is cut off after any of them was told of the gap before it.
      const place = decodeCursor(cursor);
      expect(place?.[0].number).toBeGreaterThanOrEqual(after[0].number);
      if (place) expect(await this.gapAfter(place, request)).toBeUndefined();
    }
    reader.at = page.through;
  }

  private judgePage({ messages, through, hasMore }: LogPage, { held }: ModelAnswer, request: ReplayRequest): void {
    const numbers = messages.map(({ number }) => number);
    const last = hasMore ? numbers.at(-1) : this.probe.position[0].number;
    expect(through[0].number).toBe(last);
    const known = new Map(held.map((message) => [message.number, withoutCursor(message.text)]));
    expect(messages.map(({ text }) => withoutCursor(text))).toEqual(numbers.map((number) => known.get(number)));
    expect(messages.map(({ text }) => JSON.parse(text) as object)).toMatchObject(
      messages.map(({ cursor }) => ({ cursor })),
    );
    expect(numbers).toEqual([...new Set(numbers)].toSorted((one, other) => one - other));
    if (this.isBoundedByBytes) return;
    const expected = pageOf(held, request);
    expect(numbers).toEqual(expected.map(({ number }) => number));
    expect(hasMore).toBe(expected.length < held.length);
  }

  /** A gap where something owed is missing, and none where nothing can be. */
  private judgeGap({ gap, messages, through }: LogPage, answer: ModelAnswer, [after]: Cursor): void {
    const toldThrough = Math.max(after.number, after.toldThrough ?? 0);
    const given = new Set(messages.map(({ number }) => number));
    const isMissing = ({ number }: ModelMessage) =>
      number > toldThrough && number <= through[0].number && !given.has(number);
    if (gap === undefined) expect(answer.owed.filter(isMissing)).toEqual([]);
    else expect(gap).toBe('expired');
    if (!this.isBoundedByBytes && answer.lostThrough <= toldThrough) expect(gap).toBeUndefined();
  }

  private async gapAfter(after: Cursor, request: ReplayRequest): Promise<string | undefined> {
    return (await this.probe.log.read({ ...request, after })).gap;
  }
}

/** A cursor says what its reader was told as well. */
function withoutCursor(text: string): string {
  return text.replace(/"cursor":"[^"]*"/, '');
}
