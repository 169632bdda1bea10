import { createHash, randomBytes } from 'node:crypto';
import type { Principal } from '../../core/principal.js';
import type { TicketLimits, TicketStore } from '../ticket-store.interface.js';
import type { RedisCommands } from './redis-connections.js';
import { unavailable } from './redis-failures.js';
import type { FrameSeal } from './sealed-frame.js';

/** Far past what can be guessed within the life of a ticket. */
const TICKET_BYTES = 32;
const TICKET = /^[A-Za-z0-9_-]{43}$/;

/**
 * Tickets in Redis, under the digest of each, so that who reads the keys can redeem none. They end by themselves, and
 * one is taken by the command that deletes it, so of any number of nodes one gets it. How many there may be is bounded
 * by the memory that Redis was given.
 *
 * What a ticket stands for is sealed under its key: who writes to Redis without the secret of the nodes makes nobody.
 */
export class RedisTicketStore implements TicketStore {
  private readonly ttlMs: number;

  /**
   * @param prefix Before the names of all keys. They need not lie together.
   * @param seal Of all nodes.
   */
  constructor(
    private readonly commands: RedisCommands,
    private readonly prefix: string,
    private readonly seal: () => Promise<FrameSeal>,
    { ttlSeconds = 30 }: TicketLimits = {},
  ) {
    this.ttlMs = ttlSeconds * 1000;
  }

  async issue(principal: Principal): Promise<string> {
    const ticket = randomBytes(TICKET_BYTES).toString('base64url');
    const key = this.keyOf(ticket);
    const seal = await reached(this.seal());
    await reached(this.commands.set(key, seal.seal(key, JSON.stringify(principal)), 'PX', this.ttlMs));
    return ticket;
  }

  async redeem(ticket: string): Promise<Principal | undefined> {
    return this.read(ticket, (key) => this.commands.getdel(key));
  }

  async peek(ticket: string): Promise<Principal | undefined> {
    return this.read(ticket, (key) => this.commands.get(key));
  }

  private async read(ticket: string, ask: (key: string) => Promise<string | null>): Promise<Principal | undefined> {
    if (!TICKET.test(ticket)) return undefined;
    const key = this.keyOf(ticket);
    const [seal, kept] = await reached(Promise.all([this.seal(), ask(key)]));
    const opened = kept === null ? undefined : seal.open(key, Buffer.from(kept));
    return opened && 'body' in opened ? (JSON.parse(opened.body) as Principal) : undefined;
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
