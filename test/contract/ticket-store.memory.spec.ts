import { beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryTicketStore } from '../../src/backing/memory/memory-ticket-store.js';
import type { Principal } from '../../src/core/principal.js';
import { describeTicketStore } from './ticket-store.suite.js';

describeTicketStore('MemoryTicketStore', (limits) => {
  let nowMs = 1_700_000_000_000;
  return {
    store: new MemoryTicketStore(limits, { now: () => nowMs }),
    advance: (milliseconds) => void (nowMs += milliseconds),
    close: () => undefined,
  };
});

const principal: Principal = { userId: '7', groups: [], scopes: [], expiresAtMs: 1_800_000_000_000 };

describe('MemoryTicketStore when it is full', () => {
  let nowMs: number;
  let store: MemoryTicketStore;

  beforeEach(() => {
    nowMs = 1_700_000_000_000;
    store = new MemoryTicketStore({ ttlSeconds: 30, maxTickets: 2 }, { now: () => nowMs });
  });

  it('refuses to issue another and says when to come back', async () => {
    const kept = [await store.issue(principal), await store.issue(principal)];
    await expect(store.issue(principal)).rejects.toMatchObject({
      code: 'PUSH_ERR_UNAVAILABLE',
      retryAfterMs: expect.any(Number),
    });
    expect(await Promise.all(kept.map((ticket) => store.peek(ticket)))).toEqual([principal, principal]);
  });

  it('has room again for each that is redeemed', async () => {
    const [ticket] = [await store.issue(principal), await store.issue(principal)];
    await store.redeem(ticket);
    expect(await store.redeem(await store.issue(principal))).toEqual(principal);
  });

  it('has room again when tickets are over', async () => {
    await store.issue(principal);
    await store.issue(principal);
    nowMs += 30_000;
    expect(await store.redeem(await store.issue(principal))).toEqual(principal);
  });
});
