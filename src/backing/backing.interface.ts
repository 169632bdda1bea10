import type { Clock } from '../core/clock.js';
import type { IdempotencyLimits, IdempotencyStore } from './idempotency-store.interface.js';
import type { Memberships } from './memberships.interface.js';
import type { MessageLog } from './message-log.interface.js';
import type { RevocationLimits, RevocationList } from './revocation-list.interface.js';

/** What the log, memberships and the rest live in. */
export interface Backing {
  readonly log: MessageLog;
  readonly memberships: Memberships;
  readonly idempotency: IdempotencyStore;
  readonly revocations: RevocationList;
  /** Frees what the backing holds. Nothing of it is used afterwards. */
  close(): Promise<void>;
}

/** What a backing is made with. */
export interface BackingContext {
  readonly clock: Clock;
  readonly idempotency: Required<IdempotencyLimits>;
  readonly revocations: Required<RevocationLimits>;
}

/** Makes a backing when the module starts; the value of the `backing` option. */
export interface BackingFactory {
  /** Shown at start. */
  readonly name: string;
  create(context: BackingContext): Backing;
}
