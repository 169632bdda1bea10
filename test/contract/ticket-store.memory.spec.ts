import { MemoryTicketStore } from '../../src/backing/memory/memory-ticket-store.js';
import { describeTicketStore } from './ticket-store.suite.js';

describeTicketStore('MemoryTicketStore', (limits) => {
  let nowMs = 1_700_000_000_000;
  return {
    store: new MemoryTicketStore(limits, { now: () => nowMs }),
    advance: (milliseconds) => void (nowMs += milliseconds),
    close: () => undefined,
  };
});
