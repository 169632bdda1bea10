import type { BackingFactory } from '../backing.interface.js';
import { MemoryIdempotencyStore } from './memory-idempotency-store.js';
import { MemoryMemberships } from './memory-memberships.js';
import { MemoryMessageLog } from './memory-message-log.js';
import { MemoryRevocationList } from './memory-revocation-list.js';

/** Keeps everything in this process: nothing to install, one node, gone with the process. The default. */
export function memory(): BackingFactory {
  return {
    name: 'memory',
    create: ({ clock, idempotency, revocations }) => ({
      log: new MemoryMessageLog(),
      memberships: new MemoryMemberships(),
      idempotency: new MemoryIdempotencyStore(idempotency, clock),
      revocations: new MemoryRevocationList(revocations, clock),
      close: async () => {},
    }),
  };
}
