/** The backing in Redis by itself, as the module makes it: a node without Nest, sockets or connections. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { redis } from 'nestjs-push/redis';

const clock = {
  now: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(() => callback(), delayMs);
    return () => clearTimeout(timer);
  },
  every(intervalMs, callback) {
    const timer = setInterval(() => callback(), intervalMs);
    return () => clearInterval(timer);
  },
};

const limits = {
  history: { historyCount: 100, historyAllCount: 1000, historySeconds: 300, maxHistoryBytes: 2 ** 28 },
  idempotency: { ttlSeconds: 300, maxKeys: 100_000, maxBytes: 2 ** 26 },
  revocations: { maxEntries: 10_000 },
  tickets: { ttlSeconds: 30, maxTickets: 10_000 },
};

const delivery = { matched: { users: 1, connections: 1 }, message: {} };

/**
 * Resolves when it follows the log. `options` are those of `redis()`; `deliver` is called for each message that is for
 * somebody here, `reaches` says of a target whether there is somebody, and `recovered` hears when a break is over.
 */
export async function openNode(options, { deliver, reaches, recovered = () => {} }) {
  const nodeId = randomBytes(6).toString('base64url');
  const backing = redis(options).create({ nodeId, clock, ...limits, onFailure: () => {} });
  const { log } = backing;
  log.follow({
    deliver() {
      deliver();
      return delivery;
    },
    reaches,
    interrupted() {},
    recovered,
    missed() {},
  });
  await backing.whenStarted();
  return {
    /** Resolves when what is for these users is heard. */
    async attend(users) {
      for (const user of users) log.attend?.('user', user);
      for (const user of users) await untilHeard(log, user);
    },
    hears: (user) => log.isFollowing && (log.hears?.({ userId: user, groups: [] }) ?? true) === true,
    close: () => backing.close(),
  };
}

async function untilHeard(log, user) {
  if (!log.hears) return;
  for (;;) {
    const answer = log.hears({ userId: user, groups: [] });
    if (answer === true) return;
    await (answer === false ? sleep(5) : answer);
  }
}
