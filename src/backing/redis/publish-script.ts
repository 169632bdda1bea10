import { ENTRY_PATTERN, LOG_PRELUDE } from './log-scripts.js';

/** How long a nonce holds: so close to each other two branches of the log can begin unnoticed. */
const NONCE_MS = 250;

/** Most nonces that are remembered: at least seven hours of them. */
const MAX_NONCES = 100_000;

/** Ids of what was published are remembered this long at least, and twice as long at most. */
export const REMEMBER_IDS_MS = 15_000;

/**
 * Publishes one message, in whole or not at all: its place, its copy for each target, and the word to all nodes.
 *
 * ARGV: 3 id; 4 the moment after which it is too late; 5 `1` if it may have been published before; 6 a nonce, in case
 * one is due; 7 `1` to keep it; 8 most messages of a target; 9 of everyone; 10 history in ms; 11 ms until marks go;
 * 12 ms it lives, 0 for good; 13 collapse id or `-`; 14 exceptions as JSON; 15 the frame; 16 bytes of the envelope at
 * its end; 17… targets.
 *
 * Answers `ok`, `known` (it was published before, and nothing was done) or `late`, the time, epoch and number.
 *
 * The first write is one that a full server refuses, so that nothing is half done.
 */
export const PUBLISH_SCRIPT = `${LOG_PRELUDE}
local notAfter = tonumber(ARGV[4])
-- Far ahead is as wrong as too late: the clock of the server, or of the node, was set.
if now > notAfter or now < notAfter - ${2 * REMEMBER_IDS_MS} then return {'late', digits(now), '', '0'} end
local epoch, number, nonce, since = open()
local base = root .. ':' .. epoch
local id, window = ARGV[3], math.floor(now / ${REMEMBER_IDS_MS})
local ids = base .. ':ids:' .. digits(window)
if ARGV[5] == '1' then
  if redis.call('SISMEMBER', ids, id) == 1
    or redis.call('SISMEMBER', base .. ':ids:' .. digits(window - 1), id) == 1
  then return {'known', digits(now), epoch, digits(number)} end
end
if redis.call('SADD', ids, id) == 1 then redis.call('PEXPIRE', ids, ${3 * REMEMBER_IDS_MS}, 'NX') end

local previous, frame, isKept = nonce, ARGV[15], ARGV[7] == '1'
if isKept then
  number = number + 1
  if math.abs(now - since) >= ${NONCE_MS} then
    nonce, since = ARGV[6], now
    local nonces = base .. ':nonces'
    redis.call('ZADD', nonces, number, nonce .. ' ' .. digits(now))
    redis.call('PEXPIRE', nonces, ARGV[11])
    redis.call('ZREMRANGEBYRANK', nonces, 0, -${MAX_NONCES + 1})
  end
  redis.call('HSET', root, 'number', digits(number), 'nonce', nonce, 'since', digits(since))

  local life, collapse = tonumber(ARGV[12]), ARGV[13]
  local entry = table.concat({digits(number), nonce, digits(now), life > 0 and digits(now + life) or '0', collapse}, ' ')
    .. '\\n' .. ARGV[14] .. '\\n' .. string.sub(frame, -tonumber(ARGV[16]))

  local function keep(target, most)
    local list, mark = base .. ':h:' .. target, base .. ':m:' .. target
    local lost, top = string.match(redis.call('GET', mark) or '0 0', '(%d+) (%d+)')
    lost, top = tonumber(lost), tonumber(top)
    -- A target may be named twice.
    if top == number then return end
    local length = redis.call('RPUSH', list, entry)
    -- The list went with its time, and what was in it is lost.
    if length == 1 then lost = math.max(lost, top) end
    if collapse ~= '-' then
      local older = redis.call('LRANGE', list, 0, -2)
      for index = #older, 1, -1 do
        local _, _, _, _, held = string.match(older[index], '${ENTRY_PATTERN}')
        if held == collapse then
          redis.call('LREM', list, 1, older[index])
          length = length - 1
          break
        end
      end
    end
    while length > most do
      local oldest, _, _, ends = string.match(redis.call('LPOP', list), '${ENTRY_PATTERN}')
      if ends == '0' or tonumber(ends) > now then lost = tonumber(oldest) end
      length = length - 1
    end
    redis.call('PEXPIRE', list, ARGV[10])
    redis.call('SET', mark, digits(lost) .. ' ' .. digits(number), 'PX', ARGV[11])
  end
  for index = 17, #ARGV do keep(ARGV[index], tonumber(ARGV[index] == 'a' and ARGV[9] or ARGV[8])) end
end

local header = table.concat({'1', epoch, digits(number), nonce, previous, ARGV[7]}, ' ')
redis.call('PUBLISH', root .. ':channel', header .. '\\n' .. frame)
return {'ok', digits(now), epoch, digits(number)}
`;
