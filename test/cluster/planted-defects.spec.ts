/** What the history checker says of faults is worth something only if it finds the defects that faults bring out. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Redis } from 'ioredis';
import { FollowedChannel } from '../../src/backing/redis/followed-channel.js';
import { LogPublisher } from '../../src/backing/redis/log-publisher.js';
import { PartitionPosition } from '../../src/backing/redis/partition-position.js';
import { RedisScript } from '../../src/backing/redis/redis-script.js';
import { OutboundQueue } from '../../src/core/outbound-queue.js';
import type { DefectType } from '../history/history-checker.js';
import { redisAbsence } from '../support/redis-server.js';
import type { RedisServer } from '../support/redis-server.js';
import { ClusterRun } from './faults/cluster-run.js';
import type { FaultResult } from './faults/fault-result.js';
import { InProcessNode } from './faults/in-process-node.js';
import { withOperator } from './faults/redis-command.js';
import { StandaloneRedis } from './faults/redis-world.js';

/** Nodes in this process, and the Redis that they share. */
interface Cluster {
  readonly run: ClusterRun<InProcessNode>;
  readonly server: RedisServer;
}

afterEach(() => {
  jest.restoreAllMocks();
});

async function judge(strike: (cluster: Cluster) => Promise<void>, changesGroups = true): Promise<FaultResult> {
  const world = await StandaloneRedis.start();
  const { server } = world;
  const run = await ClusterRun.start(() => InProcessNode.start(server.url), { nodes: 2 });
  try {
    await run.join();
    run.load({ changesGroups });
    await strike({ run, server });
    await sleep(500);
    return await run.finish();
  } finally {
    await run.close();
    await world.stop();
  }
}

function typesIn({ defects }: FaultResult): DefectType[] {
  const types = Object.keys(defects) as DefectType[];
  return types.filter((type) => defects[type] > 0);
}

/** Whether the checker finds the defect: it strikes only what is under way at that moment, so it is given three. */
async function isFound(
  type: DefectType,
  strike: (cluster: Cluster) => Promise<void>,
  changesGroups = true,
): Promise<boolean> {
  for (let time = 0; time < 3; time++) if (typesIn(await judge(strike, changesGroups)).includes(type)) return true;
  return false;
}

/** Nodes that do not tell the log of places which it does not know. */
function noteNoLoss(): void {
  jest.spyOn(PartitionPosition.prototype, 'known', 'get').mockReturnValue({ epoch: '', nonce: '', number: 0 });
}

/** A log that draws no nonces: a place is its number alone. */
function drawNoNonces(): void {
  const { call } = RedisScript.prototype;
  jest.spyOn(RedisScript.prototype, 'call').mockImplementation(function (this: RedisScript, redis, key, args, ...ends) {
    const [now, nonce, id, ...rest] = args;
    const isPublish = typeof id === 'string' && id !== nonce && id.startsWith(String(nonce));
    call.call(this, redis, key, isPublish ? [now ?? '', '11111111', id, ...rest] : args, ...ends);
  });
}

/** A send that is tried again does not say that it may have been taken. */
function forgetAttempts(): void {
  type Attempts = { attempt(message: unknown, mayBeTaken: boolean): Promise<unknown> };
  const publisher = LogPublisher.prototype as unknown as Attempts;
  const { attempt } = publisher;
  jest.spyOn(publisher, 'attempt').mockImplementation(function (this: Attempts, message) {
    return attempt.call(this, message, false);
  });
}

/** Subscribes to messages only when the node has long taken them for followed. */
function subscribeLate(): void {
  const { subscribe } = Redis.prototype;
  jest.spyOn(Redis.prototype, 'subscribe').mockImplementation(async function (this: Redis, ...channels: unknown[]) {
    const names = channels as string[];
    const late = names.filter((name) => name.includes(':log:c:'));
    const others = names.filter((name) => !name.includes(':log:c:'));
    if (late.length > 0) setTimeout(() => void subscribe.call(this, ...late).catch(() => {}), 200);
    return others.length > 0 ? subscribe.call(this, ...others) : 0;
  });
}

const killSubscribers = ({ server }: Cluster) =>
  withOperator(server, async (say) => {
    for (let time = 0; time < 4; time++) {
      await say('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await sleep(500);
    }
  });

/**
 * Some are away while the log loses its end and grows past the place that they have; `isBefore`: past one that it still
 * knows.
 */
const goBackInTime =
  (isBefore: boolean) =>
  async ({ server, run }: Cluster) => {
    const away = run.recipients.filter((_, number) => number % 2 === 0);
    const leave = () => {
      for (const recipient of away) {
        recipient.sleep();
        recipient.cut();
      }
    };
    await sleep(300);
    if (isBefore) leave();
    await withOperator(server, async (say) => void (await say('SAVE')));
    await sleep(700);
    if (!isBefore) leave();
    await server.kill();
    await server.run();
    await sleep(3_000);
    for (const recipient of away) recipient.wake();
  };

const freeze = async ({ server }: Cluster) => {
  await sleep(300);
  server.freeze();
  await sleep(1_500);
  server.thaw();
  await sleep(500);
};

const absence = redisAbsence();

(absence === '' ? describe : describe.skip)(`the checker finds${absence}`, () => {
  it('nothing where nothing is planted', async () => {
    expect(typesIn(await judge(killSubscribers))).toEqual([]);
  }, 40_000);

  it('a join that does not hold live messages back while it reads', async () => {
    jest.spyOn(OutboundQueue.prototype, 'hold').mockImplementation(() => {});
    expect(await isFound('disordered', () => sleep(1_500))).toBe(true);
  }, 40_000);

  it('a node that subscribes after it has read, and does not look at the chain', async () => {
    subscribeLate();
    jest.spyOn(FollowedChannel.prototype, 'goesOnFrom').mockReturnValue(true);
    expect(await isFound('lost', killSubscribers)).toBe(true);
  }, 40_000);

  it.each([
    ['had it', false],
    ['had not', true],
  ])(
    'nothing where a log loses its end, and says so to those away who %s',
    async (_, isBefore) => {
      const result = await judge(goBackInTime(isBefore), false);
      expect(typesIn(result)).toEqual([]);
      expect(result.gaps).toBeGreaterThan(0);
    },
    40_000,
  );

  it('a log that loses its end, which no node notes', async () => {
    noteNoLoss();
    expect(await isFound('lost', goBackInTime(true), false)).toBe(true);
  }, 40_000);

  it('a log whose numbers are given twice, without a nonce', async () => {
    noteNoLoss();
    drawNoNonces();
    expect(await isFound('lost', goBackInTime(false), false)).toBe(true);
  }, 40_000);

  it('a send that is repeated and is not known by its id', async () => {
    forgetAttempts();
    expect(await isFound('repeated', freeze)).toBe(true);
  }, 40_000);
});
