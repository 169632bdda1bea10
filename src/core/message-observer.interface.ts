import type { DropReason } from './push-counters.js';

/** Hears what becomes of a message after its fan-out. Does not throw. */
export interface MessageObserver {
  /** Transports of so many connections took it. */
  written(connections: number): void;
  /** So many connections lost it. */
  dropped(connections: number, reason: DropReason): void;
}
