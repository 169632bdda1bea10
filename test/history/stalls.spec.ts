import { expect, it } from '@jest/globals';
import { PLATFORMS } from '../support/push-app.js';
import { eventually } from '../support/eventually.js';
import { memoryWith, slowly } from './changed-log.js';
import type { FaultPlan } from './fault-proxy.js';
import { HistoryRun } from './history-run.js';
import { SeededRandom } from './seeded-random.js';

/** One direction or both stand still, now shorter and now longer than a heartbeat. */
const STALL: FaultPlan = (random) => ({
  type: 'stall',
  afterBytes: random.between(1, 20_000),
  direction: random.pick(['up', 'down', 'both']),
  stallMs: random.between(20, 400),
});

it.each(PLATFORMS)('loses nothing when proxies stall, on %s', async (platform) => {
  const random = SeededRandom.fromEnvironment();
  const { seed } = random;
  const backing = memoryWith({ read: slowly(random.fork()) });
  const push = { backing, heartbeatMs: 100, heartbeatTimeoutMs: 100, stallTimeoutMs: 200 };
  const run = await HistoryRun.start({ platform, push }, random);
  await run.join({}, {}, {}, {}, { transports: ['ws'] }, { transports: ['sse'] }, { transports: ['poll'] });
  run.plan(STALL);
  run.proxy.cutAll();
  await run.publish(150);
  await eventually(() => run.proxy.struck.stall > 0);
  expect({ seed, ...(await run.finish()) }).toMatchObject({ seed, defects: [], gaps: 0 });
});
