import { MemoryRevocationList } from '../../src/backing/memory/memory-revocation-list.js';
import { describeRevocationList } from './revocation-list.suite.js';

describeRevocationList('MemoryRevocationList', (limits) => {
  let nowMs = 1_700_000_000_000;
  return {
    list: new MemoryRevocationList(limits, { now: () => nowMs }),
    get nowMs() {
      return nowMs;
    },
    advance: (milliseconds) => void (nowMs += milliseconds),
    close: () => undefined,
  };
});
