import { MemoryMessageLog } from '../../src/backing/memory/memory-message-log.js';
import { describeMessageLog } from './message-log.suite.js';

describeMessageLog('MemoryMessageLog', (limits) => {
  let nowMs = 1_700_000_000_000;
  return {
    log: new MemoryMessageLog(limits, { now: () => nowMs }),
    get nowMs() {
      return nowMs;
    },
    advance: (milliseconds) => void (nowMs += milliseconds),
    close: () => undefined,
  };
});
