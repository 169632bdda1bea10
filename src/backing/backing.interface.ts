import type { Clock } from '../core/clock.js';
import type { OptionProblem } from '../core/option-problem.js';
import type { IdempotencyLimits, IdempotencyStore } from './idempotency-store.interface.js';
import type { Memberships } from './memberships.interface.js';
import type { MessageLog, MessageLogLimits } from './message-log.interface.js';
import type { NodeLink } from './node-link.interface.js';
import type { RevocationLimits, RevocationList } from './revocation-list.interface.js';
import type { SharedLimits } from './shared-limits.interface.js';
import type { TicketLimits, TicketStore } from './ticket-store.interface.js';

/**
 * Whether the backing can be reached. `degraded`: connections stay and are held, sends are refused, and what was missed
 * follows when it is back; the reason is for operators and holds no secret.
 */
export type BackingState = { readonly status: 'up' } | { readonly status: 'degraded'; readonly reason: string };

/**
 * Why a frame of another node was not listened to: it was `forged`, of another `version`, too old (`stale`), there before
 * (`replayed`), cut off (`truncated`), or asked for an `operation` that is not known.
 */
export const FRAME_DROP_REASONS = ['forged', 'version', 'stale', 'replayed', 'truncated', 'operation'] as const;

/** What a backing over a network has met since its start. */
export interface BackingCounters {
  /** Frames of other nodes that were not listened to, by {@link FRAME_DROP_REASONS}. */
  readonly droppedFrames: Readonly<Record<string, number>>;
  /** Connections that were made after the first. */
  readonly reconnects: number;
}

/** What is kept of one tenant. Nothing of it can be reached from that of another. */
export interface TenantStores {
  readonly log: MessageLog;
  readonly memberships: Memberships;
  readonly idempotency: IdempotencyStore;
}

/** What is kept of a tenant that comes and goes. */
export interface NamedTenantStores extends TenantStores {
  /**
   * Nobody of the tenant is here any more. What cannot be had again from elsewhere is kept, but for messages: who comes
   * back to a place among them is told of a gap. Nothing of these stores is used afterwards.
   */
  release(): void;
}

/** What the log, memberships and the rest live in: those of the default tenant, and of any other by its name. */
export interface Backing extends TenantStores {
  readonly state: BackingState;
  /** Absent where there is no network to speak of. */
  readonly counters?: BackingCounters;
  /** The stores of a tenant. Asked for again only after they were released. */
  of(tenant: string): NamedTenantStores;
  readonly revocations: RevocationList;
  readonly tickets: TicketStore;
  readonly limits: SharedLimits;
  readonly nodes: NodeLink;
  /**
   * Resolves when it can be used, or soon after it was found that it cannot: an application starts without it, but not
   * before it could be there. Never rejects.
   */
  whenStarted(): Promise<void>;
  /** Frees what the backing holds. Nothing of it is used afterwards. */
  close(): Promise<void>;
}

/** What a backing is made with. */
export interface BackingContext {
  /** What this node is to be known by; new at every start. */
  readonly nodeId: string;
  readonly clock: Clock;
  readonly history: Required<MessageLogLimits>;
  readonly idempotency: Required<IdempotencyLimits>;
  readonly revocations: Required<RevocationLimits>;
  readonly tickets: Required<TicketLimits>;
  /** Hears of failures that no caller hears of. May be told often: it bounds what it writes. */
  readonly onFailure: (cause: unknown) => void;
}

/** Makes a backing when the module starts; the value of the `backing` option. */
export interface BackingFactory {
  /** Shown at start. */
  readonly name: string;
  /** What is wrong with its own options, by their paths; joins the problems of the module's options at start. */
  check?(): readonly OptionProblem[];
  create(context: BackingContext): Backing;
}
