/**
 * Does a server that many came to hold what it held before, when all are gone? `npm test` soaks it for seconds and counts;
 * `npm run soak` for as long as one likes, with memory beside, and writes down what came of it.
 */
import { appendFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { startNodeProgram } from '../support/child-program.js';
import { redisAbsence } from '../support/redis-server.js';
import { soak } from './soak.js';
import type { SoakResult } from './soak.js';
import { compareAmounts, compareCounts, grown } from './soak-measures.js';
import type { Compared } from './soak-measures.js';

const MINUTES = Number(process.env['SOAK_MINUTES'] ?? 0);
/** Named by `npm run soak`: a line of JSON for each soak goes into this file. */
const RESULTS = process.env['SOAK_RESULTS'];

/** Kept for up to 70 s, whatever the options: ids of what other nodes said, so that nobody says it again. */
const isKeptLonger = (name: string) => name.includes('RecentIds');
/** Longer than that, and than the minute for which tenants are kept that nobody needs. */
const IDLE_MS = 75_000;

const absence = redisAbsence();

beforeAll(async () => {
  const builder = await startNodeProgram([fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url))]);
  expect(await builder.ended).toEqual({ code: 0, signal: null });
}, 120_000);

describe('servers in memory that many came to', () => soakOn('memory'));

(absence === '' ? describe : describe.skip)(`servers on Redis that many came to${absence}`, () => soakOn('redis'));

function soakOn(backing: 'memory' | 'redis'): void {
  if (MINUTES > 0) soakForLong(backing);
  else soakForSeconds(backing);
}

function soakForSeconds(backing: 'memory' | 'redis'): void {
  it('hold no handle, no timer and no entry more when they are gone', async () => {
    // Nodes that are late with their leases need longer.
    const restMs = backing === 'redis' ? 90_000 : 30_000;
    const times = { warmUpMs: 2_000, loadMs: 3_000, restMs };
    const result = await soak({ backing, ...times, isEnough: isMany(20), visitors: 24, isKeptLonger });
    expect(grownIn(result, compareCounts).filter(({ name }) => !isKeptLonger(name))).toEqual([]);
    expect(result.logged).toBe('');
  }, 600_000);

  if (backing === 'redis') return;
  it('are found to keep what is planted: a map of connections, timers, handles', async () => {
    const plant = ['map', 'timer', 'handle'] as const;
    const times = { warmUpMs: 500, loadMs: 1_000, restMs: 1_000 };
    const result = await soak({ backing, ...times, visitors: 12, plant });
    const planted = ['entries: OpenPipes.planted', 'objects: Connection', 'objects: Server', 'timers: planted'];
    expect(grownIn(result, compareCounts).map(({ name }) => name)).toEqual(expect.arrayContaining(planted));
  });
}

function soakForLong(backing: 'memory' | 'redis'): void {
  it(
    `are as they were after ${MINUTES} minutes`,
    async () => {
      const loadMs = MINUTES * 60_000;
      // Limits that are shared, for what is kept of each subject.
      const push = { maxUserFramesPerSecond: 500, maxSendsPerSecond: 5_000 };
      const warmUpMs = Math.min(60_000, loadMs);
      const times = { warmUpMs, loadMs, restMs: 240_000, idleMs: IDLE_MS };
      const result = await soak({ backing, ...times, isEnough: isMany(100), visitors: 24, push });
      await note(backing, result);
      expect([...grownIn(result, compareCounts), ...grownIn(result, compareAmounts)]).toEqual([]);
      expect(result.logged).toBe('');
    },
    MINUTES * 60_000 + 900_000,
  );
}

function grownIn({ before, after }: SoakResult, compare: typeof compareCounts): readonly Compared[] {
  return before.flatMap((measures, node) => {
    const now = after[node];
    return now ? grown(compare(measures, now)) : [];
  });
}

/** Whether so many were let in, so many frames came from them and so many messages went to them. */
function isMany(least: number): (counted: SoakResult['counted']) => boolean {
  const series = ['handshakes_total{verdict="admitted"}', 'messages_written_total', 'client_frames_total'];
  return (counted) => series.every((name) => (counted[name] ?? 0) >= least);
}

async function note(backing: string, result: SoakResult): Promise<void> {
  if (!RESULTS) return;
  const nodes = result.before.map((measures, node) => {
    const now = result.after[node] ?? measures;
    return { counts: compareCounts(measures, now), amounts: compareAmounts(measures, now) };
  });
  const { visits, counted, rssUnderLoad, logged } = result;
  await appendFile(
    RESULTS,
    `${JSON.stringify({ backing, minutes: MINUTES, visits, counted, rssUnderLoad, logged, nodes })}\n`,
  );
}
