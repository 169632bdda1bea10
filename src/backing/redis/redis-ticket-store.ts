import { createHash, randomBytes } from 'node:crypto';
import type { Principal } from '../../core/principal.js';
import type { TicketLimits, TicketStore } from '../ticket-store.interface.js';
import type { RedisCommands } from './redis-connections.js';
import { unavailable } from './redis-failures.js';

/** Far past what can be guessed within the life of a ticket. */
const TICKET_BYTES = 32;
const TICKET = /^[A-Za-z0-9_-]{43}$/;

/**
 * Tickets in Redis, under the digest of each, so that who reads the keys can redeem none. They end by themselves, and
 * one is taken by the command that deletes it, so of any number of nodes one gets it. How many there may be is bounded
 * by the memory that Redis was given.
 */
export class RedisTicketStore implements TicketStore {
  private readonly ttlMs: number;

  /** @param prefix Before the names of all keys. They need not lie together. */
  constructor(
    private readonly commands: RedisCommands,
    private readonly prefix: string,
    { ttlSeconds = 30 }: TicketLimits = {},
  ) {
    this.ttlMs = ttlSeconds * 1000;
  }

  async issue(principal: Principal): Promise<string> {
    const ticket = randomBytes(TICKET_BYTES).toString('base64url');
    await reached(this.commands.set(this.keyOf(ticket), JSON.stringify(principal), 'PX', this.ttlMs));
    return ticket;
  }

  async redeem(ticket: string): Promise<Principal | undefined> {
    return TICKET.test(ticket) ? read(await reached(this.commands.getdel(this.keyOf(ticket)))) : undefined;
  }

  async peek(ticket: string): Promise<Principal | undefined> {
    return TICKET.test(ticket) ? read(await reached(this.commands.get(this.keyOf(ticket)))) : undefined;
  }

  private keyOf(ticket: string): string {
    return `${this.prefix}:${createHash('sha256').update(ticket).digest('base64url')}`;
  }
}

async function reached<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (cause) {
    throw unavailable(cause);
  }
}

function read(text: string | null): Principal | undefined {
  return text === null ? undefined : (JSON.parse(text) as Principal);
}
