import { expect, it } from '@jest/globals';
import { LogPublisher } from '../../../../src/backing/redis/log-publisher.js';
import { LogSecret } from '../../../../src/backing/redis/log-secret.js';
import type { RedisConnections } from '../../../../src/backing/redis/redis-connections.js';
import { ServerClock } from '../../../../src/backing/redis/server-clock.js';
import { systemClock } from '../../../../src/core/clock.js';

/** More attempts than fit between two turns of the event loop unless nothing else has a turn at all. */
const ENDLESS = 10_000;

it('lets the event loop turn when a line that looks well refuses each attempt at once', async () => {
  let attempts = 0;
  let isEndHeard = false;
  setImmediate(() => (isEndHeard = true));
  const evalsha = async () => {
    if (!isEndHeard && ++attempts < ENDLESS) throw new Error('the stream is not writable');
    return ['ok', String(Date.now()), '1', '0'];
  };
  const publisher = new LogPublisher(
    {
      connections: { isReady: true, commands: { evalsha } } as unknown as RedisConnections,
      clock: systemClock,
      serverClock: new ServerClock(),
      secret: new LogSecret('secret', 'a secret of the test'),
      limits: { historyCount: 1, historyAllCount: 1, historySeconds: 1 },
      forgetMs: 1_000,
      onceMs: 1_000,
      fixedNow: () => '',
      match: () => ({ users: 1, connections: 2 }),
    },
    [
      {
        root: 'push:{0}:log',
        channel: () => undefined,
        wireNameOf: (name) => name,
        position: { hasReached: () => {} },
      },
    ],
  );
  const content = { event: 'note', dataText: '1', id: '1', ts: '2026-01-01T00:00:00.000Z' };
  const { matched, message, comesByReading } = await publisher.publish(content, {
    target: { all: true },
    store: 'history',
  });
  expect(attempts).toBeLessThan(ENDLESS);
  // Nothing comes over the line here, so that is all that can be said of them.
  expect([matched, message.isSettled, comesByReading]).toEqual([{ users: 1, connections: 2 }, false, true]);
});
