/** The checker is worth something only if it finds what it is for: each class of defect is planted in the server. */
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { Audience, LogPage } from '../../src/backing/message-log.interface.js';
import { FanOut } from '../../src/core/fan-out.js';
import { OutboundQueue } from '../../src/core/outbound-queue.js';
import { eventually } from '../support/eventually.js';
import { memoryWith, slowly } from './changed-log.js';
import type { LogChange } from './changed-log.js';
import { defectTypesOf } from './history-checker.js';
import type { DefectType, Verdict } from './history-checker.js';
import { historyNow } from './history.js';
import { ADDRESSEES, HistoryRun } from './history-run.js';
import { SeededRandom } from './seeded-random.js';

afterEach(() => {
  jest.restoreAllMocks();
});

/** Less than a round publishes. */
const FEW = { historyCount: 2, historyAllCount: 2 };

const TRANSPORTS = ['ws', 'sse', 'poll'] as const;

/** A defect that has not shown on every transport after so many runs counts as not found. */
const MOST_RUNS = 6;

/** Everyone on every transport. */
const EVERYWHERE = TRANSPORTS.flatMap((transport) =>
  ADDRESSEES.users.map((userId) => ({ userId, name: `${userId} on ${transport}`, transports: [transport] })),
);

async function start({ publish, read }: LogChange = {}, limits = {}): Promise<HistoryRun> {
  const random = SeededRandom.fromEnvironment();
  const change = { read: slowly(random.fork(), read), ...(publish && { publish }) };
  return HistoryRun.start({ push: { backing: memoryWith(change), ...limits } }, random);
}

/** Runs some rounds on a slow log that is changed in this way. */
async function judge(change?: LogChange, limits?: object, recipients = EVERYWHERE): Promise<Verdict> {
  const run = await start(change, limits);
  await run.join(...recipients);
  for (let round = 0; round < 3; round++) await run.round(12);
  return run.finish();
}

/**
 * The types of defect that a planted one leads to. How much there is to get wrong is up to chance and to how busy the
 * machine is, so a run that shows nothing yet is followed by another.
 */
async function typesFound(...how: Parameters<typeof judge>): Promise<DefectType[]> {
  for (let run = 1; ; run++) {
    const types = defectTypesOf(await judge(...how));
    if (types.length > 0 || run === MOST_RUNS) return types;
  }
}

/** The transports on which something was wrong. */
function transportsIn({ defects }: Verdict): string[] {
  return TRANSPORTS.filter((transport) => defects.some(({ recipient }) => recipient.endsWith(transport)));
}

/** Changes each page of messages. */
function changingPages(change: (page: LogPage) => Partial<LogPage>): LogChange {
  return {
    read: async (log, request) => {
      const page = await log.read(request);
      return { ...page, ...change(page) };
    },
  };
}

/** Hands the reader what another audience may see as well. */
function readingFor(other: Audience): LogChange {
  return {
    read: async (log, request) => {
      const own = await log.read(request);
      const { messages } = await log.read({ ...request, audience: other });
      const known = new Set(own.messages.map(({ number }) => number));
      const added = messages.filter(({ number }) => !known.has(number) && number <= own.through[0].number);
      return { ...own, messages: [...own.messages, ...added].sort((a, b) => a.number - b.number) };
    },
  };
}

it('finds nothing where nothing is planted', async () => {
  const verdict = await judge();
  expect(verdict).toMatchObject({ defects: [], gaps: 0 });
  expect(verdict.received).toBeGreaterThan(100);
});

describe('a log', () => {
  it.each<[string, LogChange, DefectType]>([
    [
      'that skips a message',
      changingPages(({ messages }) => (messages.length > 1 ? { messages: messages.slice(1) } : {})),
      'lost',
    ],
    [
      'that hands out a message twice',
      changingPages(({ messages }) => ({ messages: messages.flatMap((one, at) => (at === 0 ? [one, one] : [one])) })),
      'repeated',
    ],
    [
      'that hands out messages in the wrong order',
      changingPages(({ messages: [first, second, third, ...rest] }) =>
        first && second && third ? { messages: [second, first, third, ...rest] } : {},
      ),
      'disordered',
    ],
    ["that hands out another user's messages", readingFor({ userId: 'anna', groups: [] }), 'not-for-them'],
    [
      'that hands out messages of a group that the reader is not in',
      readingFor({ userId: 'nobody', groups: ['staff'] }),
      'not-for-them',
    ],
    [
      'that writes another id than the receipt says',
      { publish: (log, content, routing) => log.publish({ ...content, id: `${content.id}x` }, routing) },
      'never-published',
    ],
  ])('%s is found', async (_what, change, expected) => {
    const shownOn = new Set<string>();
    // How much there is to replay is up to chance and to how busy the machine is.
    for (let run = 0; run < MOST_RUNS && shownOn.size < TRANSPORTS.length; run++) {
      const verdict = await judge(change);
      expect(defectTypesOf(verdict).filter((type) => type !== expected)).toEqual([]);
      for (const transport of transportsIn(verdict)) shownOn.add(transport);
    }
    expect([...shownOn].toSorted()).toEqual([...TRANSPORTS].toSorted());
  });

  it('that keeps messages past their time is found', async () => {
    const run = await start({
      publish: (log, content, { expiresAtMs: _never, ...routing }) => log.publish(content, routing),
    });
    const recipients = await run.join(...EVERYWHERE);
    for (const recipient of recipients) {
      recipient.sleep();
      recipient.cut();
    }
    const publisher = run.publisher();
    await publisher.publish({ target: { all: true }, ttlSeconds: 1 });
    const publishedAt = historyNow();
    await eventually(() => historyNow() - publishedAt > 1_200);
    for (const recipient of recipients) recipient.wake();
    const verdict = await run.finish();
    expect(defectTypesOf(verdict)).toEqual(['stale']);
    expect(transportsIn(verdict)).toEqual(TRANSPORTS);
  });

  it('that no longer holds all and says nothing is found', async () => {
    const silent = changingPages(({ gap: _gap, ...page }) => ({ ...page, gap: undefined }));
    expect(await typesFound(silent, FEW)).toEqual(['lost']);
  });

  it('that no longer holds all and says so is in order', async () => {
    const verdict = await judge({}, FEW);
    expect(verdict.defects).toEqual([]);
    expect(verdict.toldAsGap).toBeGreaterThan(0);
  });
});

describe('a replay', () => {
  const held = EVERYWHERE.filter(({ name }) => !name.endsWith('poll'));

  it('that does not hold live messages back is found', async () => {
    jest.spyOn(OutboundQueue.prototype, 'hold').mockImplementation(() => {});
    const types = await typesFound({}, {}, held);
    expect(types).toContain('disordered');
    expect(types.filter((type) => type !== 'repeated' && type !== 'disordered')).toEqual([]);
  });

  it('that follows with what it has replayed already is found', async () => {
    const release = OutboundQueue.prototype.release;
    jest.spyOn(OutboundQueue.prototype, 'release').mockImplementation(function (
      this: OutboundQueue,
      _readThrough,
      cursor,
    ) {
      return release.call(this, [{ epoch: 'any', number: 0 }], cursor);
    });
    // What comes again may come behind its successor.
    const types = await typesFound({}, {}, held);
    expect(types).toContain('repeated');
    expect(types.filter((type) => type !== 'repeated' && type !== 'disordered')).toEqual([]);
  });

  it('that forgets what it held is found', async () => {
    const release = OutboundQueue.prototype.release;
    jest.spyOn(OutboundQueue.prototype, 'release').mockImplementation(function (
      this: OutboundQueue,
      _readThrough,
      cursor,
    ) {
      return release.call(this, [{ epoch: 'any', number: Infinity }], cursor);
    });
    expect(await typesFound({}, {}, held)).toEqual(['lost']);
  });
});

describe('a fan-out', () => {
  const { deliver } = FanOut.prototype;
  type Deliver = typeof deliver;

  function plant(change: (this: FanOut, ...args: Parameters<Deliver>) => ReturnType<Deliver>): void {
    jest.spyOn(FanOut.prototype, 'deliver').mockImplementation(change);
  }

  it('that forgets a message now and then is found', async () => {
    let count = 0;
    plant(function (message, target) {
      return ++count % 10 === 0 ? { users: 0, connections: 0 } : deliver.call(this, message, target);
    });
    expect(await typesFound()).toEqual(['lost']);
  });

  it('that writes a message twice is found', async () => {
    plant(function (message, target) {
      deliver.call(this, message, target);
      return deliver.call(this, message, target);
    });
    expect(await typesFound()).toEqual(['repeated']);
  });

  it('that writes to everyone is found', async () => {
    plant(function (message) {
      return deliver.call(this, message, { all: true });
    });
    expect(await typesFound()).toEqual(['not-for-them']);
  });
});
