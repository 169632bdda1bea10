import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { TicketLimits, TicketStore } from '../../src/backing/ticket-store.interface.js';
import type { Principal } from '../../src/core/principal.js';

/** A store to be judged, and the means to let its time pass. */
export interface TicketStoreSubject {
  readonly store: TicketStore;
  /** Moves the store's time forward. */
  advance(milliseconds: number): Promise<void> | void;
  /** Ends what the subject started. */
  close(): Promise<void> | void;
}

/** What every store of tickets must keep to. `create` makes an empty one with these limits. */
export function describeTicketStore(
  name: string,
  create: (limits: TicketLimits) => Promise<TicketStoreSubject> | TicketStoreSubject,
): void {
  describe(`${name} as a TicketStore`, () => {
    const principal: Principal = {
      userId: 'ü 7',
      groups: ['g'],
      scopes: ['push:send'],
      expiresAtMs: 1_800_000_000_000,
      issuedAtMs: 1_700_000_000_000,
      tokenId: 'j-1',
    };
    let subject: TicketStoreSubject;
    let store: TicketStore;

    const open = async (limits: TicketLimits = {}): Promise<void> => {
      subject = await create(limits);
      store = subject.store;
    };

    beforeEach(() => open());
    afterEach(() => subject.close());

    it('gives the principal for a ticket', async () => {
      expect(await store.redeem(await store.issue(principal))).toEqual(principal);
    });

    it('gives it once', async () => {
      const ticket = await store.issue(principal);
      const answers = await Promise.all([store.redeem(ticket), store.redeem(ticket), store.redeem(ticket)]);
      expect(answers.filter(Boolean)).toHaveLength(1);
      expect(await store.redeem(ticket)).toBeUndefined();
    });

    it('spends no ticket that is only looked at', async () => {
      const ticket = await store.issue(principal);
      expect([await store.peek(ticket), await store.peek(ticket)]).toEqual([principal, principal]);
      expect(await store.redeem(ticket)).toEqual(principal);
    });

    it('shows nothing of a ticket that is spent', async () => {
      const ticket = await store.issue(principal);
      await store.redeem(ticket);
      expect(await store.peek(ticket)).toBeUndefined();
    });

    it.each(['', 'a', '__proto__', '☃', 'x'.repeat(10_000)])('knows no ticket %p', async (text) => {
      await store.issue(principal);
      expect([await store.peek(text), await store.redeem(text)]).toEqual([undefined, undefined]);
    });

    it('keeps tickets of several principals apart', async () => {
      const other = { ...principal, userId: '8' };
      const tickets = [await store.issue(principal), await store.issue(other)] as const;
      expect([await store.redeem(tickets[1]), await store.redeem(tickets[0])]).toEqual([other, principal]);
    });

    it('issues tickets that fit a URL, none of them twice, at least 24 random bytes long', async () => {
      const tickets = await Promise.all(Array.from({ length: 200 }, () => store.issue(principal)));
      expect(new Set(tickets).size).toBe(200);
      expect(tickets.filter((ticket) => !/^[A-Za-z0-9_-]{32,128}$/.test(ticket))).toEqual([]);
      // A part that many tickets share would not be random.
      expect(new Set(tickets.map((ticket) => ticket.slice(0, 8))).size).toBeGreaterThan(190);
    });

    it('takes a ticket until its time is over', async () => {
      await open({ ttlSeconds: 30 });
      const tickets = [await store.issue(principal), await store.issue(principal)] as const;
      await subject.advance(29_000);
      expect(await store.redeem(tickets[0])).toEqual(principal);
      await subject.advance(1_000);
      expect([await store.peek(tickets[1]), await store.redeem(tickets[1])]).toEqual([undefined, undefined]);
    });
  });
}
