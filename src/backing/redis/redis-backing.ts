/**
 * The parts of the backing in Redis, over the two connections that they share. It begins by itself and goes on for as long
 * as it takes: a Redis that is away, at the start or later, is waited for by all of them.
 *
 * Everything of an application lies under one key prefix. What a script touches together has one hash tag: the log, what
 * nodes say to each other, memberships, revocations. Tickets, idempotency keys and counts each lie for themselves, so
 * that a Cluster spreads them.
 */
import type {
  Backing,
  BackingContext,
  BackingCounters,
  BackingState,
  NamedTenantStores,
} from '../backing.interface.js';
import { LogSecret } from './log-secret.js';
import type { RedisConnections } from './redis-connections.js';
import { unavailable } from './redis-failures.js';
import { RedisIdempotencyStore } from './redis-idempotency-store.js';
import { RedisLimits } from './redis-limits.js';
import { RedisMemberships } from './redis-memberships.js';
import { RedisMessageLog } from './redis-message-log.js';
import { RedisNodeLink } from './redis-node-link.js';
import { DEFAULT_KEY_PREFIX, DEFAULT_PARTITIONS } from './redis-options.js';
import type { RedisBackingOptions } from './redis-options.js';
import { connectRedis } from './redis-reach.js';
import { RedisRevocationList } from './redis-revocation-list.js';
import { RedisTicketStore } from './redis-ticket-store.js';
import { RedisTenants, rootsOf } from './redis-tenants.js';
import type { FrameSeal } from './sealed-frame.js';

/** How long an application waits for Redis at its start. */
const START_TIMEOUT_MS = 2_000;
const START_CHECK_MS = 10;

/** Everything in one Redis. */
export class RedisBacking implements Backing {
  readonly log: RedisMessageLog;
  readonly nodes: RedisNodeLink;
  readonly memberships: RedisMemberships;
  readonly idempotency: RedisIdempotencyStore;
  readonly revocations: RedisRevocationList;
  readonly tickets: RedisTicketStore;
  readonly limits: RedisLimits;
  private readonly tenants: RedisTenants;
  private readonly connections: RedisConnections;
  private readonly clock: BackingContext['clock'];
  private connectCount = 0;

  constructor(options: RedisBackingOptions, context: BackingContext) {
    const { keyPrefix = DEFAULT_KEY_PREFIX, partitions = DEFAULT_PARTITIONS } = options;
    const { nodeId, clock, onFailure } = context;
    const roots = rootsOf(keyPrefix, '', partitions);
    const connections = connectRedis(options, clock);
    const { commands } = connections;
    this.connections = connections;
    this.clock = clock;
    const onceMs = context.idempotency.ttlSeconds * 1000;
    const secret = new LogSecret(`${roots[0]}:secret`, options.secret);
    this.tenants = new RedisTenants({ connections, keyPrefix, partitions, nodeId, secret, context });
    this.log = new RedisMessageLog({ connections, roots, nodeId, secret, limits: context.history, onceMs, clock });
    const seal = sealOf(secret, connections);
    const onJoined = () => this.limits.joined();
    this.nodes = new RedisNodeLink({
      connections,
      nodeId,
      prefix: `${keyPrefix}:{nodes}`,
      seal,
      clock,
      onFailure,
      onJoined,
    });
    this.limits = new RedisLimits(commands, keyPrefix, this.nodes, clock);
    this.memberships = new RedisMemberships(commands, `${keyPrefix}:{memberships}`);
    this.idempotency = new RedisIdempotencyStore(commands, `${keyPrefix}:idempotency`, context.idempotency);
    this.revocations = new RedisRevocationList(commands, `${keyPrefix}:{revocations}`, clock, context.revocations);
    this.tickets = new RedisTicketStore(commands, `${keyPrefix}:ticket`, seal, context.tickets);
    connections.onReady(() => void this.revocations.catchUp().catch(() => {}));
    connections.onReady(() => this.connectCount++);
    connections.open();
  }

  get state(): BackingState {
    if (!this.connections.isReady) return degraded('Redis is out of reach');
    const refused = this.connections.refusal?.text;
    if (!this.log.isFollowing) return degraded(refused ?? 'messages cannot be heard');
    if (this.nodes.nodeCount === 0) return degraded(refused ?? 'the other nodes cannot be reached');
    for (const { refusal } of this.logs) if (refusal !== undefined) return degraded(unavailable(refusal).message);
    return { status: 'up' };
  }

  of(tenant: string): NamedTenantStores {
    return this.tenants.of(tenant);
  }

  get counters(): BackingCounters {
    const droppedFrames: Record<string, number> = { ...this.nodes.dropped };
    for (const { droppedFrames: ofLog } of this.logs) {
      for (const [reason, count] of Object.entries(ofLog)) droppedFrames[reason] = (droppedFrames[reason] ?? 0) + count;
    }
    return { droppedFrames, reconnects: Math.max(0, this.connectCount - 1) };
  }

  async whenStarted(): Promise<void> {
    await this.untilUp();
    // A token that was revoked before this node was there must not come in.
    await this.revocations.catchUp().catch(() => {});
  }

  async close(): Promise<void> {
    await this.nodes.close();
    this.log.close();
    this.tenants.close();
    this.revocations.close();
    this.limits.close();
    this.connections.close();
  }

  private get logs(): readonly RedisMessageLog[] {
    return [this.log, ...this.tenants.logs];
  }

  /** Or until it is plain that it will not be for now. */
  private untilUp(): Promise<void> {
    const deadline = this.clock.now() + START_TIMEOUT_MS;
    return new Promise((resolve) => {
      const cancel = this.clock.every(START_CHECK_MS, () => {
        if (this.state.status !== 'up' && !this.connections.hasFailed && this.clock.now() < deadline) return;
        cancel();
        resolve();
      });
    });
  }
}

function degraded(reason: string): BackingState {
  return { status: 'degraded', reason };
}

/** The nodes' secret, asked for anew each time: a Redis that has lost its data is given it again. */
function sealOf(secret: LogSecret, { commands }: RedisConnections): () => Promise<FrameSeal> {
  return async () => {
    await secret.learn(commands);
    if (!secret.seal) throw unavailable();
    return secret.seal;
  };
}
