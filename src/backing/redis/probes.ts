import type { Cancel, Clock } from '../../core/clock.js';
import type { FollowedChannel } from './followed-channel.js';
import { unavailable } from './redis-failures.js';

const PROBE_TIMEOUT_MS = 2_500;

/** What a probe is sent for. */
export interface ProbeMatter {
  /** Are followed from where it comes back on. */
  readonly channels: readonly FollowedChannel[];
  /** It also asks where this one stands. */
  readonly doubted: FollowedChannel | undefined;
  /** The line has just come back: nothing is followed before. */
  readonly isFirst: boolean;
}

/** A probe that has come back. */
export interface Probe {
  readonly about: ProbeMatter;
  resolve(): void;
}

interface Waiting extends Probe {
  reject(cause: unknown): void;
  readonly cancel: Cancel;
}

/** The probes of one partition that are under way. */
export class Probes {
  private readonly waiting = new Map<string, Waiting>();

  constructor(private readonly clock: Clock) {}

  /** Resolves when the probe has come back, and rejects when it does not in time. */
  add(token: string, about: ProbeMatter): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.clock.after(PROBE_TIMEOUT_MS, () => this.fail(token, unavailable()));
      this.waiting.set(token, { about, resolve, reject, cancel });
    });
  }

  /** The probe has come back; undefined where it is none of this node's, or too late. */
  take(token: string): Probe | undefined {
    return this.end(token);
  }

  fail(token: string, cause: unknown): void {
    this.end(token)?.reject(cause);
  }

  failAll(): void {
    for (const token of [...this.waiting.keys()]) this.fail(token, unavailable());
  }

  private end(token: string): Waiting | undefined {
    const waiting = this.waiting.get(token);
    if (!waiting) return undefined;
    this.waiting.delete(token);
    waiting.cancel();
    return waiting;
  }
}
