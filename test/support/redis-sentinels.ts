import { Redis } from 'ioredis';
import type { SentinelBackingOptions } from '../../src/backing/redis/redis-options.js';
import { eventually } from './eventually.js';
import { RedisServer } from './redis-server.js';

const NAME = 'push';
const FAST = ['down-after-milliseconds', 1_000, 'failover-timeout', 3_000, 'parallel-syncs', 1] as const;

/** Two Redis and three Sentinels that watch over them, all on loopback. What is down for a second is replaced. */
export class RedisSentinels {
  private constructor(
    private readonly servers: readonly RedisServer[],
    private readonly sentinels: readonly RedisServer[],
  ) {}

  /** `settings` are arguments for both Redis. */
  static async start(settings: readonly string[] = []): Promise<RedisSentinels> {
    const master = await RedisServer.start(['--repl-diskless-sync-delay', '0', ...settings]);
    const replica = await RedisServer.start([
      '--repl-diskless-sync-delay',
      '0',
      ...settings,
      '--replicaof',
      `127.0.0.1 ${master.port}`,
    ]);
    await eventually(async () => (await infoOf(replica)).includes('master_link_status:up'), { timeoutMs: 15_000 });
    const lines = [`sentinel monitor ${NAME} 127.0.0.1 ${master.port} 2`];
    for (let index = 0; index < FAST.length; index += 2)
      lines.push(`sentinel ${FAST[index]} ${NAME} ${FAST[index + 1]}`);
    const sentinels = await Promise.all([0, 1, 2].map(() => RedisServer.startSentinel(lines)));
    const started = new RedisSentinels([master, replica], sentinels);
    await started.settled();
    return started;
  }

  /** How to reach the master by them. */
  get options(): SentinelBackingOptions {
    return { name: NAME, nodes: this.sentinels.map(({ port }) => ({ host: '127.0.0.1', port })) };
  }

  /** Which Redis is the master by the word of the Sentinels. */
  async master(): Promise<RedisServer> {
    const port = await this.ask(0, async (sentinel) => {
      const [, found] = (await sentinel.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME)) as [string, string];
      return Number(found);
    });
    const master = this.servers.find((server) => server.port === port);
    if (!master) throw new Error('the Sentinels name a master that nobody started');
    return master;
  }

  /** The one that is not the master. */
  async replica(): Promise<RedisServer> {
    const master = await this.master();
    const replica = this.servers.find((server) => server !== master);
    if (!replica) throw new Error('there is no replica');
    return replica;
  }

  /** Has the replica take over, while the master is well. */
  async failOver(): Promise<void> {
    const before = await this.master();
    // A replica that has just come is not good enough yet, and the Sentinel says so.
    const say = () => this.ask(0, (sentinel) => sentinel.call('SENTINEL', 'FAILOVER', NAME));
    await eventually(async () => (await say()) === 'OK', { timeoutMs: 20_000, what: 'a replica to fail over to' });
    await this.replaced(before);
  }

  /** Waits until another than this one is the master. */
  async replaced(master: RedisServer): Promise<void> {
    await eventually(async () => (await this.master()) !== master, { timeoutMs: 20_000, what: 'a failover' });
  }

  /** Waits until all Sentinels know each other and the replica. */
  async settled(): Promise<void> {
    const isSettled = async (index: number): Promise<boolean> => {
      const told = await this.ask(index, (sentinel) => sentinel.call('SENTINEL', 'MASTER', NAME));
      const words = told as string[];
      const valueOf = (name: string) => words[words.indexOf(name) + 1];
      return valueOf('num-other-sentinels') === '2' && valueOf('num-slaves') === '1' && valueOf('flags') === 'master';
    };
    for (const index of this.sentinels.keys())
      await eventually(() => isSettled(index), { timeoutMs: 30_000, what: 'the Sentinels to know each other' });
  }

  /** Has both Redis carry out a command, such as one that makes a user. Resolves to their answers. */
  everywhere(command: string, ...args: readonly string[]): Promise<unknown[]> {
    return Promise.all(this.servers.map((server) => asked(server, (redis) => redis.call(command, ...args))));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.sentinels, ...this.servers].map((server) => server.stop()));
  }

  private async ask<Answer>(index: number, question: (sentinel: Redis) => Promise<Answer>): Promise<Answer> {
    const sentinel = this.sentinels[index];
    if (!sentinel) throw new Error('there is no such Sentinel');
    return asked(sentinel, question);
  }
}

const infoOf = (server: RedisServer): Promise<string> => asked(server, (redis) => redis.info('replication'));

/** Asks over a connection for this question alone. */
async function asked<Answer>(server: RedisServer, question: (redis: Redis) => Promise<Answer>): Promise<Answer> {
  const redis = new Redis(server.url, { enableReadyCheck: false, retryStrategy: () => null, commandTimeout: 2_000 });
  redis.on('error', () => {});
  try {
    return await question(redis);
  } finally {
    redis.disconnect();
  }
}
