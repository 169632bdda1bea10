import { ENTRY_PATTERN, LOG_PRELUDE } from './log-scripts.js';

/**
 * Reads the messages of some targets after a place and up to the position of the node, in the order of the log, each
 * once. Those past their own time are left out; exceptions are the caller's to judge.
 *
 * ARGV: 3–5 epoch, nonce and number of the place; 6–8 those of the position; 9 most messages; 10 most bytes, but two
 * messages at least; 11 history in ms; 12 ms until marks go; 13… targets.
 *
 * Answers `ok` or `astray` (the position is none of this log), the time, the number read from, `1` if that is not the
 * place, up to which number something was lost, `1` if there is more, and the entries.
 */
export const READ_SCRIPT = `${LOG_PRELUDE}
local epoch, number, nonce = open()
local base = root .. ':' .. epoch
local nonces = base .. ':nonces'
local function nonceAt(place)
  local found = redis.call('ZREVRANGEBYSCORE', nonces, digits(place), '-inf', 'LIMIT', 0, 1)[1]
  if found then return string.match(found, '(%S+) (%d+)') end
end
local function isHeld(itsEpoch, itsNonce, place)
  if itsEpoch ~= epoch or place > number then return false end
  if place == 0 or (place == number and itsNonce == nonce) then return true end
  local held = nonceAt(place)
  return not held or held == itsNonce
end
local start, through, isReset = tonumber(ARGV[5]), tonumber(ARGV[8]), false
if not isHeld(ARGV[6], ARGV[7], through) then return {'astray', digits(now)} end
if ARGV[3] ~= epoch then
  start, isReset = 0, true
elseif not isHeld(ARGV[3], ARGV[4], start) or start > through then
  start, isReset = through, true
end

local lost, sources, out, isMore = 0, {}, {}, false
local maxAge = tonumber(ARGV[11])
local function isLost(storedAt) return math.abs(now - tonumber(storedAt)) >= maxAge end
local function firstAfter(list, length)
  local low, high = 0, length
  while low < high do
    local middle = math.floor((low + high) / 2)
    if tonumber(string.match(redis.call('LINDEX', list, middle), '^%d+')) <= start then low = middle + 1
    else high = middle end
  end
  return low
end
local function advance(source)
  source.at = source.at + 1
  if source.at > #source.page then
    source.page = redis.call('LRANGE', source.list, source.from, source.from + 15)
    source.from, source.at = source.from + 16, 1
  end
  source.entry = source.page[source.at]
  source.number = source.entry and tonumber(string.match(source.entry, '^%d+')) or math.huge
end

if start < through then
  -- Marks go in the end. What came before that, to whomever, may be forgotten.
  local _, since = nonceAt(start + 1)
  if not since or now - tonumber(since) >= tonumber(ARGV[12]) then lost = through end
  local marks = {}
  for index = 13, #ARGV do marks[#marks + 1] = base .. ':m:' .. ARGV[index] end
  for index, held in ipairs(redis.call('MGET', unpack(marks))) do
    local its, top = string.match(held or '0 0', '(%d+) (%d+)')
    lost = math.max(lost, tonumber(its))
    if tonumber(top) > start then
      local list = base .. ':h:' .. ARGV[index + 12]
      local length = redis.call('LLEN', list)
      if length == 0 then
        lost = math.max(lost, tonumber(top))
      else
        local source = {list = list, from = start == 0 and 0 or firstAfter(list, length), at = 0, page = {}}
        advance(source)
        sources[#sources + 1] = source
      end
    end
  end
  local last, bytes = start, 0
  while true do
    local first
    for _, source in ipairs(sources) do
      while source.number <= last do advance(source) end
      if not first or source.number < first.number then first = source end
    end
    if not first or first.number > through then break end
    last = first.number
    local _, _, storedAt, ends = string.match(first.entry, '${ENTRY_PATTERN}')
    local isOver = ends ~= '0' and tonumber(ends) <= now
    if isOver then -- nobody misses it
    elseif isLost(storedAt) then lost = math.max(lost, last)
    elseif #out >= tonumber(ARGV[9]) or (#out >= 2 and bytes > tonumber(ARGV[10])) then
      isMore = true
      break
    else
      out[#out + 1] = first.entry
      bytes = bytes + #first.entry
    end
  end
end
return {'ok', digits(now), digits(start), isReset and '1' or '0', digits(lost), isMore and '1' or '0', unpack(out)}
`;
