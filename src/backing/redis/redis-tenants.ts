import type { BackingContext, NamedTenantStores } from '../backing.interface.js';
import { evenHashTags } from './hash-slot.js';
import type { LogSecret } from './log-secret.js';
import type { RedisConnections } from './redis-connections.js';
import { RedisIdempotencyStore } from './redis-idempotency-store.js';
import { RedisMemberships } from './redis-memberships.js';
import { RedisMessageLog } from './redis-message-log.js';
import { escapeTenant } from './tenant-names.js';

/** What the stores of tenants are made with. */
export interface RedisTenantsParts {
  readonly connections: RedisConnections;
  readonly keyPrefix: string;
  readonly partitions: number;
  readonly nodeId: string;
  /** Known already where that of the default tenant is, so that the first send of a tenant need not wait for it. */
  readonly secret: LogSecret;
  readonly context: Pick<BackingContext, 'history' | 'idempotency' | 'clock'>;
}

/**
 * What is kept of named tenants in Redis: the same as of the default one, under keys, channels and hash tags that have the
 * tenant's name in them. The names of the default tenant have no `@`, and no escaped name has one.
 */
export class RedisTenants {
  private readonly open = new Set<RedisMessageLog>();

  constructor(private readonly parts: RedisTenantsParts) {}

  /** The logs that are followed. */
  get logs(): Iterable<RedisMessageLog> {
    return this.open;
  }

  of(tenant: string): NamedTenantStores {
    const { connections, keyPrefix, partitions, nodeId, secret, context } = this.parts;
    const { commands } = connections;
    const name = escapeTenant(tenant);
    const { history: limits, clock } = context;
    const onceMs = context.idempotency.ttlSeconds * 1000;
    const roots = rootsOf(keyPrefix, `${name}@`, partitions);
    const log = new RedisMessageLog({ connections, roots, nodeId, secret, limits, onceMs, clock });
    this.open.add(log);
    return {
      log,
      memberships: new RedisMemberships(commands, `${keyPrefix}:{${name}@memberships}`),
      idempotency: new RedisIdempotencyStore(commands, `${keyPrefix}:${name}@idempotency`, context.idempotency),
      release: () => {
        this.open.delete(log);
        log.close();
      },
    };
  }

  /** Stops following all of them. */
  close(): void {
    for (const log of this.open) log.close();
    this.open.clear();
  }
}

/** Where the partitions of a log are, in slots that lie evenly over those of a Cluster. */
export function rootsOf(keyPrefix: string, name: string, partitions: number): readonly [string, ...string[]] {
  const [first = '', ...others] = evenHashTags(name, partitions).map((tag) => `${keyPrefix}:{${tag}}:log`);
  return [first, ...others];
}
