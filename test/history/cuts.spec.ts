import { describe, expect, it } from '@jest/globals';
import { PLATFORMS } from '../support/push-app.js';
import type { Fault, FaultPlan } from './fault-proxy.js';
import { memoryWith, slowly } from './changed-log.js';
import { HistoryRun } from './history-run.js';
import { SeededRandom } from './seeded-random.js';

/** Connections end at any byte, in all ways in which connections end. */
const CUT_ANYWHERE: FaultPlan = (random) => {
  const type = random.pick<Fault['type']>(['cut', 'reset', 'half-close']);
  return { type, afterBytes: random.between(1, 12_000) };
};

describe.each(PLATFORMS)('on %s', (platform) => {
  it.each(['ws', 'sse', 'poll'] as const)('loses nothing when %s is cut in mid-frame', async (transport) => {
    const random = SeededRandom.fromEnvironment();
    const { seed } = random;
    const backing = memoryWith({ read: slowly(random.fork()) });
    const run = await HistoryRun.start({ platform, push: { backing } }, random);
    await run.join(...Array.from({ length: 8 }, () => ({ transports: [transport] })));
    run.plan(CUT_ANYWHERE);
    run.proxy.cutAll();
    await run.publish(150);
    const { struck } = run.proxy;
    const verdict = await run.finish();
    expect({ seed, ...verdict }).toMatchObject({ seed, defects: [], gaps: 0 });
    expect(struck.cut + struck.reset + struck['half-close']).toBeGreaterThan(10);
  });
});
