import type { LogFollower } from '../../src/backing/message-log.interface.js';
import { OutgoingMessage } from '../../src/core/outgoing-message.js';

/** A node without connections. */
export const nobody: LogFollower = {
  deliver: ({ text, cursor, number, partition }) => ({
    matched: { users: 0, connections: 0 },
    message: new OutgoingMessage(text, cursor, number, partition),
  }),
  reaches: () => false,
  match: () => ({ users: 0, connections: 0 }),
  interrupted() {},
  recovered() {},
  missed() {},
};
