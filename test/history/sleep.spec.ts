import { describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { memoryWith, slowly } from './changed-log.js';
import { HistoryRun } from './history-run.js';
import type { Recipient } from './recipient.js';
import { SeededRandom } from './seeded-random.js';

const TRANSPORTS = ['ws', 'sse', 'poll'] as const;

/** Messages as long as can be, so that few of them fill the buffers of kernel and proxy. */
const BALLAST_BYTES = 1_000_000;
const LARGE = { maxPayloadBytes: BALLAST_BYTES + 100, maxQueueBytes: 2 * BALLAST_BYTES };

/** Publishes until the server has given up on everyone: what they do not take piles up at it. */
async function untilForgotten(run: HistoryRun): Promise<void> {
  const publisher = run.publisher();
  await eventually(
    async () => {
      const { connections } = await run.app.push.stats();
      const isForgotten = connections.ws + connections.sse + connections.poll === 0;
      if (!isForgotten) await publisher.publish({ target: { all: true } }, { ballastBytes: BALLAST_BYTES });
      return isForgotten;
    },
    { timeoutMs: 10_000 },
  );
}

function eventsOf(recipients: readonly Recipient[], type: string): number {
  return recipients.reduce((sum, { events }) => sum + events.filter((event) => event.type === type).length, 0);
}

describe('a page asleep', () => {
  it.each(TRANSPORTS)('gets what it missed when it wakes, on %s', async (transport) => {
    const random = SeededRandom.fromEnvironment();
    const { seed } = random;
    const backing = memoryWith({ read: slowly(random.fork()) });
    // A sleeper on sse or poll answers no probes and is noticed by what it does not take.
    const push = { backing, heartbeatMs: 50, heartbeatTimeoutMs: 50, stallTimeoutMs: 100, ...LARGE };
    const run = await HistoryRun.start({ push }, random);
    const sleepers = await run.join(...Array.from({ length: 4 }, () => ({ transports: [transport] })));
    await run.publish(10);
    for (const sleeper of sleepers) sleeper.sleep();
    await run.publish(60);
    await untilForgotten(run);
    await run.publish(20);
    for (const sleeper of sleepers) sleeper.wake();
    await run.publish(20);
    expect({ seed, ...(await run.finish()) }).toMatchObject({ seed, defects: [], gaps: 0 });
  });

  it.each(TRANSPORTS)('is told of a gap when it slept past what is kept, on %s', async (transport) => {
    const random = SeededRandom.fromEnvironment();
    const { seed } = random;
    const backing = memoryWith({ read: slowly(random.fork()) });
    const run = await HistoryRun.start({ push: { backing, historyCount: 5, historyAllCount: 10 } }, random);
    const sleepers = await run.join(...Array.from({ length: 4 }, () => ({ transports: [transport] })));
    await run.publish(10);
    for (const sleeper of sleepers) {
      sleeper.sleep();
      sleeper.cut();
    }
    await run.publish(60);
    for (const sleeper of sleepers) sleeper.wake();
    await run.publish(10);
    const verdict = await run.finish();
    expect({ seed, ...verdict }).toMatchObject({ seed, defects: [] });
    expect(verdict.toldAsGap).toBeGreaterThan(0);
    expect(verdict.gaps).toBe(eventsOf(sleepers, 'gap'));
    expect(verdict.gaps).toBeGreaterThanOrEqual(sleepers.length);
  });
});

describe('a slow reader', () => {
  it.each(['ws', 'sse'] as const)('that was closed gets the rest when it comes back, on %s', async (transport) => {
    const random = SeededRandom.fromEnvironment();
    const { seed } = random;
    const backing = memoryWith({ read: slowly(random.fork()) });
    const run = await HistoryRun.start({ push: { backing, ...LARGE } }, random);
    const readers = await run.join(...Array.from({ length: 4 }, () => ({ transports: [transport] })));
    for (const reader of readers) reader.sleep();
    await untilForgotten(run);
    const before = eventsOf(readers, 'connecting');
    for (const reader of readers) reader.wake();
    await run.publish(20);
    expect({ seed, ...(await run.finish()) }).toMatchObject({ seed, defects: [], gaps: 0 });
    expect(eventsOf(readers, 'connecting')).toBeGreaterThanOrEqual(before + readers.length);
  });
});
