import { LOG_PRELUDE } from './log-scripts.js';
import type { PublishCommand } from './redis-connections.js';

/**
 * Says where the log stands, in the order of the log, to the channel of one node. ARGV: 3 the channel; 4 the token of
 * the probe; 5 `1` to have the next message draw a new nonce. Answers the time.
 */
export function probeScript(publishCommand: PublishCommand): string {
  return `${LOG_PRELUDE}
local epoch, number, nonce = open()
if ARGV[5] == '1' then redis.call('HSET', root, 'since', 0) end
redis.call('${publishCommand}', ARGV[3], table.concat({ARGV[4], epoch, digits(number), nonce}, ' '))
return digits(now)
`;
}
