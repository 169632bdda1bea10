import { ENTRY_PATTERN, LOG_PRELUDE } from './log-scripts.js';
import type { PublishCommand } from './redis-connections.js';
import { FRAME_VERSION } from './sealed-frame.js';

/** How long a nonce holds: so close to each other two branches of the log can begin unnoticed. */
const NONCE_MS = 250;

/** Most nonces that are remembered: at least seven hours of them. */
const MAX_NONCES = 100_000;

/** Ids of what was published are remembered this long at least, and twice as long at most. */
export const REMEMBER_IDS_MS = 15_000;

/** What the script is made with: bounds that are the same for every message. */
export interface PublishScriptLimits {
  readonly historyCount: number;
  readonly historyAllCount: number;
  readonly historySeconds: number;
  readonly forgetMs: number;
  readonly publishCommand: PublishCommand;
}

/**
 * Publishes one message, in whole or not at all: its place, its copy for each target, and the word to the nodes that
 * listen to its channel. That word names the place of the message before it on that channel.
 *
 * ARGV: 2 a text at random, for an epoch or a nonce where one is due; 3 id; 4 the moment after which it is too late;
 * 5 `1` if it may have been published before, `once <ms>` to have its id known for so long; 6 `1` to keep it; 7 ms it
 * lives, 0 for good; 8 collapse id or `-`; 9 exceptions as JSON; 10 the frame; 11 bytes of the envelope at its end; 12
 * the channel; 13… targets.
 *
 * Answers `ok`, `known` (it was published before, and nothing was done) or `late`, and the time; with `ok` also its place as
 * number, nonce and epoch, that of the newest message where it is not kept.
 *
 * The first write is one that a full server refuses, so that nothing is half done.
 *
 * In a Cluster every message may have been published before: the driver follows a master that says, when it comes to
 * itself, that it is none any more, and tells the new one what was told again long ago.
 */
export function publishScript(limits: PublishScriptLimits): string {
  const { historyCount, historyAllCount, publishCommand } = limits;
  return `${LOG_PRELUDE}
local notAfter = tonumber(ARGV[4])
-- Far ahead is as wrong as too late: the clock of the server, or of the node, was set.
if now > notAfter or now < notAfter - ${2 * REMEMBER_IDS_MS} then return {'late', digits(now)} end
local epoch, number, nonce, since, previous = open()
local base = root .. ':' .. epoch
local id, window = ARGV[3], math.floor(now / ${REMEMBER_IDS_MS})
local ids = base .. ':ids:' .. digits(window)
local onceMs, once = string.match(ARGV[5], '^once (%d+)$'), root .. ':once:' .. id
if onceMs and redis.call('EXISTS', once) == 1 then return {'known', digits(now)} end
if ${publishCommand === 'SPUBLISH' ? 'true' : "ARGV[5] == '1'"} then
  if redis.call('SISMEMBER', ids, id) == 1
    or redis.call('SISMEMBER', base .. ':ids:' .. digits(window - 1), id) == 1
  then return {'known', digits(now)} end
end
redis.call('SADD', ids, id)
if onceMs then redis.call('SET', once, '', 'PX', onceMs) end
if redis.call('SCARD', ids) == 1 then redis.call('PEXPIRE', ids, ${3 * REMEMBER_IDS_MS}) end

local channel, frame, isKept = ARGV[12], ARGV[10], ARGV[6] == '1'
local ownLost, ownTop
if channel ~= 'a' then ownLost, ownTop, previous = readMark(base, channel) end
${nextPlace(limits)}

  local life, collapse = tonumber(ARGV[7]), ARGV[8]
  local place = digits(number) .. ' ' .. nonce
  local entry = table.concat({place, digits(now), life > 0 and digits(now + life) or '0', collapse}, ' ')
    .. '\\n' .. ARGV[9] .. '\\n' .. string.sub(frame, -tonumber(ARGV[11]))

${keepFunction(limits)}
  if channel == 'a' then
    redis.call('HSET', root, 'all', place)
    for index = 13, #ARGV do
      local target = ARGV[index]
      keep(target, target == 'a' and ${historyAllCount} or ${historyCount}, readMark(base, target))
    end
  else
    keep(channel, ${historyCount}, ownLost, ownTop, place)
  end
end

local header = table.concat({'${FRAME_VERSION}', epoch, digits(number), nonce, previous, ARGV[6], id}, ' ')
redis.call('${publishCommand}', root .. ':c:' .. channel, header .. '\\n' .. frame)
return {'ok', digits(now), digits(number), nonce, epoch}
`;
}

/** Takes the next number, and draws a nonce if one is due. Opens the block of messages that are kept. */
function nextPlace({ forgetMs }: PublishScriptLimits): string {
  return `if isKept then
  number = number + 1
  if math.abs(now - since) >= ${NONCE_MS} then
    nonce, since = ARGV[2], now
    local nonces = base .. ':nonces'
    redis.call('ZADD', nonces, number, nonce .. ' ' .. digits(now))
    redis.call('PEXPIRE', nonces, ${forgetMs})
    redis.call('ZREMRANGEBYRANK', nonces, 0, -${MAX_NONCES + 1})
  end
  redis.call('HSET', root, 'number', digits(number), 'nonce', nonce, 'since', digits(since))`;
}

/** Keeps the entry for one target, and marks what that one loses by it. */
function keepFunction({ historySeconds, forgetMs }: PublishScriptLimits): string {
  return `  local function keep(target, most, lost, top, chain)
    -- A target may be named twice.
    if top == number then return end
    local list = base .. ':h:' .. target
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
    redis.call('PEXPIRE', list, ${historySeconds * 1000})
    redis.call('SET', base .. ':m:' .. target, digits(lost) .. ' ' .. digits(number) .. ' ' .. chain, 'PX', ${forgetMs})
  end`;
}
