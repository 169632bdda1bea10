import { expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { PLATFORMS } from '../support/push-app.js';
import { memoryWith, slowly } from './changed-log.js';
import { HistoryRun } from './history-run.js';
import { SeededRandom } from './seeded-random.js';

it.each(PLATFORMS)('keeps to joins and leaves under way, on %s', async (platform) => {
  const random = SeededRandom.fromEnvironment();
  const { seed } = random;
  const backing = memoryWith({ read: slowly(random.fork()) });
  const run = await HistoryRun.start({ platform, push: { backing } }, random);
  const recipients = await run.join({}, {}, {}, {}, {}, {}, {}, {});
  run.plan((chance) => ({ type: 'cut', afterBytes: chance.between(200, 20_000) }));
  run.proxy.cutAll();

  let isOver = false;
  const wishes = (async () => {
    while (!isOver) {
      recipients[random.between(0, recipients.length - 1)]?.toggle('room:1');
      await sleep(3);
    }
  })();
  const decrees = (async () => {
    const members = new Set<string>();
    while (!isOver) {
      const user = random.pick(['anna', 'ben', 'cleo', 'dora']);
      await run.change(members.delete(user) ? 'leave' : members.add(user) && 'join', user, 'room:2');
      await sleep(7);
    }
  })();
  await run.publish(250, { users: ['anna', 'ben', 'cleo', 'dora'], groups: ['room:1', 'room:2'] });
  isOver = true;
  await Promise.all([wishes, decrees]);
  expect({ seed, ...(await run.finish()) }).toMatchObject({ seed, defects: [], gaps: 0 });
});

it('loses nothing while tokens are renewed, and while some of them end', async () => {
  const random = SeededRandom.fromEnvironment();
  const { seed } = random;
  const backing = memoryWith({ read: slowly(random.fork()) });
  const push = { backing, expiringNoticeMs: 1_500, heartbeatMs: 100 };
  const run = await HistoryRun.start({ push }, random);
  const recipients = await run.join(
    ...(['ws', 'sse', 'poll'] as const).flatMap((transport) => [
      { transports: [transport], tokenSeconds: 2 },
      { transports: [transport], tokenSeconds: 2, renews: false },
    ]),
  );
  await run.publish(600);
  expect({ seed, ...(await run.finish()) }).toMatchObject({ seed, defects: [], gaps: 0 });
  expect(recipients.filter(({ renewals }) => renewals > 0)).toHaveLength(2);
});
