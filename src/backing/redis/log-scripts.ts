/**
 * What the scripts of the log have in common. Each gets one key, the root of a partition, and derives all others from it,
 * so a hash tag in the root holds the whole partition together:
 *
 *   <root>                       hash: epoch, number and nonce of the newest message, since when the nonce holds, the place
 *                                of the newest message on the channel of everyone, and up to which number messages were
 *                                lost with the end of the log
 *   <root>:secret                what frames are signed with where the option is not set
 *   <root>:once:<id>             that a message was taken which may be sent again, as long as idempotency keys are kept
 *   <root>:<epoch>:nonces        sorted set: `<nonce> <since>` by the first number for which it holds
 *   <root>:<epoch>:ids:<n>       set: ids of what was published in a quarter of a minute
 *   <root>:<epoch>:h:<target>    list: the kept messages of a target
 *   <root>:<epoch>:m:<target>    its mark: up to which number it lost messages, the number of its newest, and the place of
 *                                the newest on its own channel
 *
 * Keys of another epoch are never met again and go by themselves. What is published goes to `<root>:c:<channel>`: the
 * target's own for one user or group, `a` for everyone and for whatever names more.
 */
import { FIRST_NONCE } from './log-place.js';

/** The place before the first message of a channel: nothing is known of one. */
export const NO_PREVIOUS = `0 ${FIRST_NONCE}`;

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
  local held = redis.call('HMGET', root, 'epoch', 'number', 'nonce', 'since', 'all', 'lost')
  if held[1] then
    return held[1], tonumber(held[2]), held[3], tonumber(held[4]), held[5] or '${NO_PREVIOUS}', tonumber(held[6] or 0)
  end
  redis.call('HSET', root, 'epoch', ARGV[2], 'number', 0, 'nonce', '${FIRST_NONCE}', 'since', 0)
  return ARGV[2], 0, '${FIRST_NONCE}', 0, '${NO_PREVIOUS}', 0
end
local function readMark(base, target)
  local held = redis.call('GET', base .. ':m:' .. target)
  if not held then return 0, 0, '${NO_PREVIOUS}' end
  local lost, top, chain = string.match(held, '^(%d+) (%d+) (.+)$')
  return tonumber(lost), tonumber(top), chain
end
`;

/** Follows the prelude in scripts that look at places: whether the log has been at one of its epoch. */
export const IS_HELD = `
local function nonceAt(base, place)
  local found = redis.call('ZREVRANGEBYSCORE', base .. ':nonces', digits(place), '-inf', 'LIMIT', 0, 1)[1]
  if found then return string.match(found, '(%S+) (%d+)') end
end
local function isHeld(base, number, nonce, itsNonce, place)
  if place > number then return false end
  if place == 0 or (place == number and itsNonce == nonce) then return true end
  local held = nonceAt(base, place)
  return not held or held == itsNonce
end
`;

/** What is kept of a message in the list of a target: a line of fields, a line of exceptions, the envelope. */
export const ENTRY_PATTERN = '^(%d+) (%S+) (%d+) (%d+) (%S+)';
