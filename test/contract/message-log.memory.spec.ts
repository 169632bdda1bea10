import { MemoryMessageLog } from '../../src/backing/memory/memory-message-log.js';
import { describeMessageLog } from './message-log.suite.js';

describeMessageLog('MemoryMessageLog', () => ({ open: () => new MemoryMessageLog(), close: () => undefined }));
