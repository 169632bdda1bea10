/**
 * What a run leaves behind: who published what for whom and when, whose rights changed, and what each recipient saw in
 * the order in which it saw it. Plain data without a server in it, so that runs over several processes can be put
 * together into one history and judged later by {@link check} in history-checker.ts.
 *
 * Nothing happens at an instant: what is done takes from `startedAt` to `finishedAt`, and its effect lies somewhere
 * between. The checker counts as sure only what holds wherever it lies.
 */
import type { Target } from '../../src/core/delivery-target.js';
import type { TransportName } from '../../src/protocol/frames.js';

/** When something was done, in milliseconds of {@link historyNow}. */
export interface Span {
  readonly startedAt: number;
  /** Infinity where it never came to an end. */
  readonly finishedAt: number;
}

/** One message that was handed to the server. */
export interface Publication extends Span {
  /** The publisher's own name for it, carried in `data`; known also where no receipt came back. */
  readonly key: string;
  /** From the receipt. */
  readonly id?: string | undefined;
  /** `unknown`: no answer came; it may arrive once or not at all. */
  readonly outcome: 'accepted' | 'refused' | 'unknown';
  readonly target: Target;
  /** False for `store: 'none'`: nobody can count on it. */
  readonly isStored: boolean;
  readonly ttlMs?: number | undefined;
  readonly collapseKey?: string | undefined;
}

/**
 * A recipient, or all recipients of a user, came into a group or left it. Changes of one membership do not overlap, and
 * a group has one source: token and own wishes (`recipient`) or the server (`user`).
 */
export interface MembershipChange extends Span {
  readonly recipient?: string;
  readonly user?: string;
  readonly group: string;
  readonly type: 'join' | 'leave';
}

/** What a recipient noted, in order. A session lasts from `connecting` to `closed`. */
export type RecipientEvent =
  | {
      readonly type: 'connecting';
      readonly at: number;
      readonly transport: TransportName;
      readonly cursor: string | undefined;
    }
  /** The server has taken it in and given it a place; on poll the answer. */
  | {
      readonly type: 'welcome';
      readonly at: number;
      readonly connectionId?: string | undefined;
      readonly isResumed?: boolean | undefined;
      readonly cursor: string | undefined;
    }
  | {
      readonly type: 'message';
      readonly at: number;
      readonly key: string;
      readonly id: string;
      readonly cursor: string | undefined;
    }
  | { readonly type: 'gap'; readonly at: number; readonly reason: string; readonly cursor: string | undefined }
  /** Something arrived whole and cannot be read. */
  | { readonly type: 'garbled'; readonly at: number; readonly detail: string }
  | { readonly type: 'closed'; readonly at: number; readonly reason: string };

/** One client with one cursor, on whatever transports it was. */
export interface RecipientLog {
  readonly name: string;
  readonly userId: string;
  readonly events: readonly RecipientEvent[];
}

/** A whole run. */
export interface History {
  readonly publications: readonly Publication[];
  readonly memberships: readonly MembershipChange[];
  readonly recipients: readonly RecipientLog[];
  /** By then everyone had had all the time it needs to receive everything. */
  readonly endedAt: number;
}

/** The time of histories: steady within a process, and near enough between processes of one machine. */
export function historyNow(): number {
  return performance.timeOrigin + performance.now();
}
