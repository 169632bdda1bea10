import { expect, it } from '@jest/globals';
import { PLATFORMS } from '../support/push-app.js';
import { memoryWith, slowly } from './changed-log.js';
import { HistoryRun } from './history-run.js';
import { SeededRandom } from './seeded-random.js';

it.each(PLATFORMS)('loses nothing when the transport is another at each reconnect, on %s', async (platform) => {
  const random = SeededRandom.fromEnvironment();
  const { seed } = random;
  const backing = memoryWith({ read: slowly(random.fork()) });
  const run = await HistoryRun.start({ platform, push: { backing } }, random);
  const orders = [
    ['ws', 'sse', 'poll'],
    ['poll', 'ws', 'sse'],
    ['sse', 'ws'],
    ['poll', 'sse'],
  ] as const;
  const recipients = await run.join(...[...orders, ...orders].map((transports) => ({ transports })));
  const cutting = setInterval(() => random.pick([recipients[0], ...recipients])?.cut(), 8);
  await run.publish(200);
  clearInterval(cutting);
  const used = recipients.map(
    ({ events }) => new Set(events.flatMap((one) => ('transport' in one ? one.transport : []))),
  );
  expect({ seed, ...(await run.finish()) }).toMatchObject({ seed, defects: [], gaps: 0 });
  expect(used.map((transports) => transports.size)).toEqual([...orders, ...orders].map(({ length }) => length));
});

it('loses nothing over 1,000 reconnects', async () => {
  const random = SeededRandom.fromEnvironment();
  const { seed } = random;
  const run = await HistoryRun.start({ push: { backing: memoryWith({ read: slowly(random.fork()) }) } }, random);
  const recipients = await run.join(...Array.from({ length: 12 }, () => ({ backoffMs: 3 })));
  const sessions = () => recipients.reduce((sum, { events }) => sum + events.filter(isConnecting).length, 0);
  run.plan((chance) => ({ type: chance.pick(['cut', 'reset']), afterBytes: chance.between(200, 100_000) }));
  run.proxy.cutAll();
  while (sessions() < 1_000 + recipients.length) {
    recipients[random.between(0, recipients.length - 1)]?.cut();
    await run.publish(4);
  }
  const verdict = await run.finish();
  expect({ seed, ...verdict }).toMatchObject({ seed, defects: [], gaps: 0 });
  expect(verdict.sessions).toBeGreaterThan(1_000);
});

function isConnecting({ type }: { readonly type: string }): boolean {
  return type === 'connecting';
}
