import type { Clock } from '../../core/clock.js';
import type { NamedTenantStores, TenantStores } from '../backing.interface.js';
import type { IdempotencyStore } from '../idempotency-store.interface.js';
import type { MessageLogLimits } from '../message-log.interface.js';
import { HistoryShelf } from './history-shelf.js';
import { MemoryMemberships } from './memory-memberships.js';
import { MemoryMessageLog } from './memory-message-log.js';
import { TenantIdempotencyStore } from './tenant-idempotency-store.js';

/** So many of those that are away are looked at with each that leaves: more than come, so that the ended ones go. */
const LOOKED_AT = 2;

/**
 * What is kept of each tenant. What bounds it counts over all of them: the bytes of messages, the number of idempotency
 * keys. Of a tenant that nobody of is here only memberships stay, for as long as one of them lasts; there is no timer.
 */
export class MemoryTenants {
  /** What is kept of the default tenant. */
  readonly home: TenantStores;
  private readonly shelf: HistoryShelf;
  /** Memberships of tenants that nobody of is here, those that were looked at last at the end. */
  private readonly away = new Map<string, MemoryMemberships>();

  constructor(
    private readonly limits: Required<MessageLogLimits>,
    private readonly idempotency: IdempotencyStore,
    private readonly clock: Clock,
  ) {
    this.shelf = new HistoryShelf(limits);
    this.home = this.storesOf('', new MemoryMemberships(clock));
  }

  /** Tenants of which memberships are kept although nobody of them is here. */
  get awayCount(): number {
    return this.away.size;
  }

  of(tenant: string): NamedTenantStores {
    const memberships = this.away.get(tenant) ?? new MemoryMemberships(this.clock);
    this.away.delete(tenant);
    const stores = this.storesOf(tenant, memberships);
    return { ...stores, release: () => this.release(tenant, stores.log, memberships) };
  }

  private storesOf(tenant: string, memberships: MemoryMemberships) {
    return {
      log: new MemoryMessageLog(this.limits, this.clock, this.shelf),
      memberships,
      idempotency: new TenantIdempotencyStore(this.idempotency, tenant),
    };
  }

  private release(tenant: string, log: MemoryMessageLog, memberships: MemoryMemberships): void {
    log.clear();
    if (memberships.forgetOver()) this.away.set(tenant, memberships);
    let left = LOOKED_AT;
    for (const [name, kept] of this.away) {
      if (left-- === 0) return;
      this.away.delete(name);
      if (kept.forgetOver()) this.away.set(name, kept);
    }
  }
}
