import type { BackingFactory } from '../backing.interface.js';
import { LoneNode } from './lone-node.js';
import { MemoryIdempotencyStore } from './memory-idempotency-store.js';
import { MemoryLimits } from './memory-limits.js';
import { MemoryRevocationList } from './memory-revocation-list.js';
import { MemoryTenants } from './memory-tenants.js';
import { MemoryTicketStore } from './memory-ticket-store.js';

/** Keeps everything in this process: nothing to install, one node, gone with the process. The default. */
export function memory(): BackingFactory {
  return {
    name: 'memory',
    create: ({ nodeId, clock, history, idempotency, revocations, tickets }) => {
      const tenants = new MemoryTenants(history, new MemoryIdempotencyStore(idempotency, clock), clock);
      return {
        ...tenants.home,
        of: (tenant) => tenants.of(tenant),
        state: { status: 'up' },
        revocations: new MemoryRevocationList(revocations, clock),
        tickets: new MemoryTicketStore(tickets, clock),
        limits: new MemoryLimits(clock),
        nodes: new LoneNode(nodeId),
        whenStarted: async () => {},
        close: async () => {},
      };
    },
  };
}
