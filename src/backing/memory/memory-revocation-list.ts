import { systemClock } from '../../core/clock.js';
import type { Clock } from '../../core/clock.js';
import type { Principal } from '../../core/principal.js';
import { PushError } from '../../core/push-error.js';
import type { RevocationLimits, RevocationList, RevokedTokens } from '../revocation-list.interface.js';
import { RevocationRecords } from '../revocation-records.js';

/** Room comes with time, not at a known moment. */
const FULL_RETRY_AFTER_MS = 60_000;

/** Revocations that live as long as the process. All are remembered equally long. */
export class MemoryRevocationList implements RevocationList {
  private readonly records = new RevocationRecords();
  private readonly ttlMs: number;
  private readonly maxEntries: number;

  constructor(
    limits: RevocationLimits = {},
    private readonly clock: Pick<Clock, 'now'> = systemClock,
  ) {
    this.ttlMs = (limits.ttlSeconds ?? 2_592_000) * 1000;
    this.maxEntries = limits.maxEntries ?? 100_000;
  }

  /** Revocations that are remembered. */
  get size(): number {
    return this.records.size;
  }

  async revoke(tokens: RevokedTokens): Promise<void> {
    const nowMs = this.clock.now();
    this.records.forgetOver(nowMs);
    if (this.size >= this.maxEntries && !this.records.includes(tokens)) {
      throw new PushError('PUSH_ERR_UNAVAILABLE', 'too many revocations are remembered', {
        retryAfterMs: FULL_RETRY_AFTER_MS,
      });
    }
    this.records.add(tokens, nowMs + this.ttlMs);
  }

  isRevoked(principal: Principal): boolean {
    return this.records.isRevoked(principal, this.clock.now());
  }

  /** All revocations are made in this process. */
  async catchUp(): Promise<void> {}

  /** There are no other nodes to hear of. */
  onRevoked(_listener: () => void): void {}
}
