import { LOG_PRELUDE } from './log-scripts.js';
import type { PublishCommand } from './redis-connections.js';

/**
 * Says where a partition stands, in its order, to the channel of one node. ARGV: 3 the channel; 4 the token of the probe;
 * 5 `1` to have the next message draw a new nonce; 6 a channel of messages, or nothing: it is said also where that one
 * stands. Answers the time and the place.
 */
export function probeScript(publishCommand: PublishCommand): string {
  return `${LOG_PRELUDE}
local epoch, number, nonce, _, all = open()
if ARGV[5] == '1' then redis.call('HSET', root, 'since', 0) end
local said = {ARGV[4], epoch, digits(number), nonce}
if ARGV[6] == 'a' then said[5] = all
elseif ARGV[6] ~= '' then
  local _, _, chain = readMark(root .. ':' .. epoch, ARGV[6])
  said[5] = chain
end
redis.call('${publishCommand}', ARGV[3], table.concat(said, ' '))
return {digits(now), epoch, digits(number), nonce}
`;
}
