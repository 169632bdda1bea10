import { randomBytes } from 'node:crypto';
import { systemClock } from '../../core/clock.js';
import type { Clock } from '../../core/clock.js';
import type { Principal } from '../../core/principal.js';
import { PushError } from '../../core/push-error.js';
import type { TicketLimits, TicketStore } from '../ticket-store.interface.js';

interface Ticket {
  readonly principal: Principal;
  readonly endsAtMs: number;
}

/** Far past what can be guessed within the life of a ticket. */
const TICKET_BYTES = 32;

/**
 * Tickets that live as long as the process. All last equally long, so those that are over are at the front, and each
 * new one clears them away; there is no timer.
 */
export class MemoryTicketStore implements TicketStore {
  private readonly tickets = new Map<string, Ticket>();
  private readonly ttlMs: number;
  private readonly maxTickets: number;

  constructor(
    { ttlSeconds = 30, maxTickets = 100_000 }: TicketLimits = {},
    private readonly clock: Pick<Clock, 'now'> = systemClock,
  ) {
    this.ttlMs = ttlSeconds * 1000;
    this.maxTickets = maxTickets;
  }

  /** Tickets that are held, those that are over but not cleared away yet among them. */
  get size(): number {
    return this.tickets.size;
  }

  async issue(principal: Principal): Promise<string> {
    const nowMs = this.clock.now();
    this.forgetOver(nowMs);
    if (this.tickets.size >= this.maxTickets) {
      // Room comes at the latest when a ticket of this moment ends.
      throw new PushError('PUSH_ERR_UNAVAILABLE', 'too many tickets wait to be redeemed', { retryAfterMs: this.ttlMs });
    }
    const ticket = randomBytes(TICKET_BYTES).toString('base64url');
    this.tickets.set(ticket, { principal, endsAtMs: nowMs + this.ttlMs });
    return ticket;
  }

  async redeem(ticket: string): Promise<Principal | undefined> {
    const principal = this.find(ticket);
    this.tickets.delete(ticket);
    return principal;
  }

  async peek(ticket: string): Promise<Principal | undefined> {
    return this.find(ticket);
  }

  private find(ticket: string): Principal | undefined {
    const found = this.tickets.get(ticket);
    return found && found.endsAtMs > this.clock.now() ? found.principal : undefined;
  }

  private forgetOver(nowMs: number): void {
    for (const [ticket, { endsAtMs }] of this.tickets) {
      if (endsAtMs > nowMs) return;
      this.tickets.delete(ticket);
    }
  }
}
