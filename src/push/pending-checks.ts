/**
 * The handshakes that are being checked. All of them may take equally long, so the oldest is always the next to be
 * overdue, and one timer does for all.
 */
import type { Cancel, Clock } from '../core/clock.js';
import type { Principal } from '../core/principal.js';
import { refused } from './admission.js';
import type { Handshake, HandshakePurpose, HandshakeRequest, Verdict } from './admission.js';
import type { HandshakePlace } from './handshake-places.js';
import type { Refusal } from './refusal.js';

/** Whose handshake is checked. */
export interface Knock {
  readonly request: HandshakeRequest;
  readonly address: string;
  readonly purpose: HandshakePurpose;
  /** Who it is, once the token has said so. */
  bearer: Principal | undefined;
}

/** One check under way. Its first verdict counts. */
export class PendingCheck implements Handshake {
  readonly verdict: Promise<Verdict>;
  private resolve: (verdict: Verdict) => void = () => {};

  constructor(
    /** Takes part in the limits; the check says whose place it is once that is known. */
    readonly place: HandshakePlace,
    readonly dueMs: number,
    readonly knock: Knock,
  ) {
    this.verdict = new Promise((resolve) => (this.resolve = resolve));
  }

  /** Says what became of it; only for {@link PendingChecks}. */
  settle(verdict: Verdict): void {
    this.resolve(verdict);
  }

  release(): void {
    this.place.release();
  }
}

/** One that needed no waiting. */
export class DecidedCheck implements Handshake {
  constructor(
    readonly verdict: Verdict,
    private readonly place: HandshakePlace | undefined,
  ) {}

  release(): void {
    this.place?.release();
  }
}

/** All checks under way, oldest first. */
export class PendingChecks {
  private readonly checks = new Set<PendingCheck>();
  private cancel: Cancel | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly timeoutMs: number,
    private readonly overdue: () => Refusal,
    /** Hears of every verdict, once. */
    private readonly onVerdict: (knock: Knock, verdict: Verdict) => void,
  ) {}

  /** Begins a check, which is refused when it takes longer than `timeoutMs`. */
  begin(place: HandshakePlace, knock: Knock): PendingCheck {
    const check = new PendingCheck(place, this.clock.now() + this.timeoutMs, knock);
    this.checks.add(check);
    this.cancel ??= this.clock.after(this.timeoutMs, this.sweep);
    return check;
  }

  /** Ends a check with its verdict. False where it had ended before. */
  settle(check: PendingCheck, verdict: Verdict): boolean {
    if (!this.checks.delete(check)) return false;
    this.onVerdict(check.knock, verdict);
    check.settle(verdict);
    return true;
  }

  /** Ends all checks, each with its refusal. */
  refuseAll(refusalOf: (knock: Knock) => Refusal): void {
    this.cancel?.();
    this.cancel = undefined;
    for (const check of this.checks) this.settle(check, refused(refusalOf(check.knock)));
  }

  /** The timer was set for a check that has most likely ended since: it moves on to the oldest that has not. */
  private readonly sweep = (): void => {
    this.cancel = undefined;
    const nowMs = this.clock.now();
    for (const check of this.checks) {
      if (check.dueMs > nowMs) {
        this.cancel = this.clock.after(check.dueMs - nowMs, this.sweep);
        return;
      }
      this.settle(check, refused(this.overdue()));
    }
  };
}
