import { expect, it } from '@jest/globals';
import { PLATFORMS } from '../support/push-app.js';
import { memoryWith, slowly } from './changed-log.js';
import { ADDRESSEES, HistoryRun } from './history-run.js';
import { SeededRandom } from './seeded-random.js';

it.each(PLATFORMS)('tells of a gap when the server begins anew and has forgotten all, on %s', async (platform) => {
  const random = SeededRandom.fromEnvironment();
  const { seed } = random;
  const backing = memoryWith({ read: slowly(random.fork()) });
  const run = await HistoryRun.start({ platform, push: { backing, drainMs: 500 } }, random);
  const recipients = await run.join({}, {}, {}, {}, { transports: ['ws'] }, { transports: ['sse'] });
  await run.publish(20);
  recipients[0]?.sleep();
  recipients[0]?.cut();
  await run.publish(20);
  await run.restart();
  recipients[0]?.wake();
  await run.publish(20);
  const verdict = await run.finish();
  expect({ seed, ...verdict }).toMatchObject({ seed, defects: [] });
  const reasons = recipients.map(({ events }) => events.flatMap((event) => (event.type === 'gap' ? event.reason : [])));
  expect(reasons).toEqual(recipients.map(() => ['reset']));
});

it('publishes once what is sent again over a line that breaks', async () => {
  const random = SeededRandom.fromEnvironment();
  const { seed } = random;
  const run = await HistoryRun.start({}, random);
  await run.join({}, {}, {}, {});
  run.plan((chance) => ({ type: chance.pick(['cut', 'reset']), afterBytes: chance.between(0, 600) }));
  await Promise.all([run.stubbornPublisher(), run.stubbornPublisher()].map((one) => one.run(80, ADDRESSEES)));
  expect(run.proxy.struck.cut).toBeGreaterThan(10);
  expect({ seed, ...(await run.finish()) }).toMatchObject({ seed, defects: [], gaps: 0 });
});
