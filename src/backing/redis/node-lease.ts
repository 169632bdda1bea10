import type { RedisCommands } from './redis-connections.js';
import { RedisScript } from './redis-script.js';
import { ServerClock } from './server-clock.js';

/** How long a node counts as alive after its last sign. */
export const LEASE_MS = 6_000;
/** How often a node gives a sign. */
export const LEASE_REFRESH_MS = 2_000;

/** How old the list of nodes may be when somebody asks. */
export const ROSTER_CACHE_MS = 1_000;

/**
 * KEYS[1] nodes by the end of their lease; ARGV[1] this node, or nothing to only look; ARGV[2] the length of a lease.
 * One set for all leases, with ends by the server's own clock: a node whose clock is off is as alive as the others, and
 * the list costs no scan. Nodes are alive also when Redis is full.
 */
const REFRESH = new RedisScript(
  `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if ARGV[1] ~= '' then redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1]) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('PEXPIRE', KEYS[1], ARGV[2] * 2)
return {now, redis.call('ZRANGE', KEYS[1], 0, -1)}`,
  { runsWhenFull: true },
);

/**
 * That this node is alive, as the others see it, and who else is. Also knows the time of Redis, which all nodes share,
 * by a clock of its own that nobody sets.
 */
export class NodeLease {
  private others: ReadonlySet<string> = new Set();
  private listedAtMs = Number.NEGATIVE_INFINITY;
  private refreshedAtMs = Number.NEGATIVE_INFINITY;
  private readonly serverClock = new ServerClock();

  constructor(
    private readonly commands: RedisCommands,
    private readonly key: string,
    private readonly nodeId: string,
  ) {}

  /** Whether the others still count this node as alive. */
  get isHeld(): boolean {
    return performance.now() - this.refreshedAtMs < LEASE_MS;
  }

  /** The other nodes, as they were listed last. */
  get otherNodes(): ReadonlySet<string> {
    return this.others;
  }

  /** Milliseconds since the Unix epoch by the clock of Redis; right from the first refresh on. */
  redisNow(): number {
    return this.serverClock.now();
  }

  /** Gives the sign of life. Rejects where Redis does not answer. */
  async refresh(): Promise<void> {
    const askedAtMs = performance.now();
    await this.run(this.nodeId);
    this.refreshedAtMs = askedAtMs;
  }

  /** The other nodes that are alive, as of a second ago at most. */
  async aliveOthers(): Promise<ReadonlySet<string>> {
    if (performance.now() - this.listedAtMs > ROSTER_CACHE_MS) await this.run('');
    return this.others;
  }

  /** The list of nodes has changed; the next one to ask looks again. */
  forgetList(): void {
    this.listedAtMs = Number.NEGATIVE_INFINITY;
  }

  /** This node is going: it is not to be waited for. */
  async release(): Promise<void> {
    this.refreshedAtMs = Number.NEGATIVE_INFINITY;
    await this.commands.zrem(this.key, this.nodeId);
  }

  private async run(nodeId: string): Promise<void> {
    const askedAtMs = performance.now();
    const reply = await REFRESH.run(this.commands, this.key, [nodeId, LEASE_MS]);
    const [redisMs, nodes] = reply as [number, string[]];
    this.listedAtMs = performance.now();
    this.serverClock.learn(redisMs, askedAtMs);
    this.others = new Set(nodes.filter((id) => id !== this.nodeId));
  }
}
