/**
 * What the scripts of the log have in common. Each gets one key, the root, and derives all others from it, so a hash tag
 * in the root holds the whole log together:
 *
 *   <root>                       hash: epoch, number and nonce of the newest message, since when the nonce holds
 *   <root>:secret                what frames are signed with where the option is not set
 *   <root>:<epoch>:nonces        sorted set: `<nonce> <since>` by the first number for which it holds
 *   <root>:<epoch>:ids:<n>       set: ids of what was published in a quarter of a minute
 *   <root>:<epoch>:h:<target>    list: the kept messages of a target
 *   <root>:<epoch>:m:<target>    its mark: up to which number it lost messages, and the number of its newest
 *
 * Keys of another epoch are never met again and go by themselves.
 */
import { FIRST_NONCE } from './log-place.js';

/** Begins every script of the log. ARGV[1] is the time, empty for the server's; ARGV[2] an epoch for a new log. */
export const LOG_PRELUDE = `
local root = KEYS[1]
local function digits(value) return string.format('%.0f', value) end
local now
if ARGV[1] == '' then
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
else
  now = tonumber(ARGV[1])
end
local function open()
  local held = redis.call('HMGET', root, 'epoch', 'number', 'nonce', 'since')
  if held[1] then return held[1], tonumber(held[2]), held[3], tonumber(held[4]) end
  redis.call('HSET', root, 'epoch', ARGV[2], 'number', 0, 'nonce', '${FIRST_NONCE}', 'since', 0)
  return ARGV[2], 0, '${FIRST_NONCE}', 0
end
`;

/** What is kept of a message in the list of a target: a line of fields, a line of exceptions, the envelope. */
export const ENTRY_PATTERN = '^(%d+) (%S+) (%d+) (%d+) (%S+)';
