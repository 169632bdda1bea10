import { expect, it } from '@jest/globals';
import { memoryWith, slowly } from './changed-log.js';
import { HistoryRun } from './history-run.js';
import { SeededRandom } from './seeded-random.js';

it("loses nothing by the package's own client while connections are cut on every transport", async () => {
  const random = SeededRandom.fromEnvironment();
  const { seed } = random;
  const run = await HistoryRun.start({ push: { backing: memoryWith({ read: slowly(random.fork()) }) } }, random);
  await run.joinByClient(['ws', 'sse', 'poll'], ['ws'], ['sse'], ['poll']);
  run.plan((chance) => ({ type: chance.pick(['cut', 'reset']), afterBytes: chance.between(500, 40_000) }));
  run.proxy.cutAll();
  await run.publish(120);
  const verdict = await run.finish();
  expect({ seed, ...verdict }).toMatchObject({ seed, defects: [], gaps: 0 });
  expect(verdict.received).toBeGreaterThan(300);
});
