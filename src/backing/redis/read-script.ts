import { ENTRY_PATTERN, IS_HELD, LOG_PRELUDE } from './log-scripts.js';

/** Marks that are read in one go: a script cannot hand over any number. */
const MARKS_AT_ONCE = 1_000;

/**
 * Reads the messages of some targets after a place and up to the position of the node, in the order of the partition,
 * each once. Those past their own time are left out; exceptions are the caller's to judge.
 *
 * A target may have a beginning of its own, where the reader came into its group. What lies between that and the place
 * comes first, unless another of the targets holds it too: that the reader has had.
 *
 * ARGV: 3–5 epoch, nonce and number of the place; 6–8 those of the position; 9 most messages; 10 most bytes, but two
 * messages at least; 11 history in ms; 12 ms until marks go; 13… targets, each followed by its beginning or nothing.
 *
 * Answers `ok` or `astray` (the position is none of this log), the time, the number read from, `1` if that is not the
 * place, up to which number something was lost, `1` if some of that lies behind the place, `1` if there is more, and the
 * entries.
 */
export const READ_SCRIPT = `${LOG_PRELUDE}${IS_HELD}
local epoch, number, nonce, _, _, lostEnd = open()
local base = root .. ':' .. epoch
local start, through, isReset = tonumber(ARGV[5]), tonumber(ARGV[8]), false
if ARGV[6] ~= epoch or not isHeld(base, number, nonce, ARGV[7], through) then return {'astray', digits(now)} end
if ARGV[3] ~= epoch then
  start, isReset = 0, true
elseif not isHeld(base, number, nonce, ARGV[4], start) or start > through then
  start, isReset = through, true
end

local lost, lostBehind, sources, lists, out, isMore = 0, false, {}, {}, {}, false
local maxAge = tonumber(ARGV[11])
local function isLost(storedAt) return math.abs(now - tonumber(storedAt)) >= maxAge end
local function firstAfter(list, length, after)
  local low, high = 0, length
  while low < high do
    local middle = math.floor((low + high) / 2)
    if tonumber(string.match(redis.call('LINDEX', list, middle), '^%d+')) <= after then low = middle + 1
    else high = middle end
  end
  return low
end
local function holds(list, wanted)
  local entry = redis.call('LINDEX', list, firstAfter(list, redis.call('LLEN', list), wanted - 1))
  return entry and tonumber(string.match(entry, '^%d+')) == wanted
end
local function hasBeenHad(wanted)
  for _, list in ipairs(lists) do if holds(list, wanted) then return true end end
  return false
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
local function beginningOf(index)
  if ARGV[index + 1] == '' or isReset then return start, false end
  return math.min(tonumber(ARGV[index + 1]), through), true
end
local function noteLost(its, beginning)
  if its <= beginning then return end
  if beginning < start and its <= start then lostBehind = true end
  lost = math.max(lost, its)
end
-- What the mark of a target says of it, which is false where there is none.
local function lookAt(index, mark)
  local beginning, isJoined = beginningOf(index)
  local list = base .. ':h:' .. ARGV[index]
  local its, top = string.match(mark or '0 0', '^(%d+) (%d+)')
  noteLost(tonumber(its), beginning)
  if not isJoined then lists[#lists + 1] = list end
  if tonumber(top) > beginning then
    local length = redis.call('LLEN', list)
    if length == 0 then
      noteLost(tonumber(top), beginning)
    else
      local from = beginning == 0 and 0 or firstAfter(list, length, beginning)
      local source = {list = list, from = from, at = 0, page = {}}
      advance(source)
      sources[#sources + 1] = source
    end
  end
end

local first = start
for index = 13, #ARGV, 2 do first = math.min(first, (beginningOf(index))) end
noteLost(lostEnd, first)
if first < through then
  -- Marks go in the end. What came before that, to whomever, may be forgotten.
  local _, since = nonceAt(base, first + 1)
  if not since or now - tonumber(since) >= tonumber(ARGV[12]) then lost = through end
  for from = 13, #ARGV, ${2 * MARKS_AT_ONCE} do
    local marks = {}
    for index = from, math.min(from + ${2 * MARKS_AT_ONCE - 2}, #ARGV), 2 do marks[#marks + 1] = base .. ':m:' .. ARGV[index] end
    for order, mark in ipairs(redis.call('MGET', unpack(marks))) do lookAt(from - 2 + 2 * order, mark) end
  end
  local last, bytes, behind = first, 0, 0
  while true do
    local next
    for _, source in ipairs(sources) do
      while source.number <= last do advance(source) end
      if not next or source.number < next.number then next = source end
    end
    if not next or next.number > through then break end
    last = next.number
    local _, _, storedAt, ends = string.match(next.entry, '${ENTRY_PATTERN}')
    local isOver = ends ~= '0' and tonumber(ends) <= now
    if isOver or (last <= start and hasBeenHad(last)) then -- nobody misses it
    elseif isLost(storedAt) then noteLost(last, first)
    elseif last > start and (#out - behind >= tonumber(ARGV[9]) or (#out - behind >= 2 and bytes > tonumber(ARGV[10]))) then
      isMore = true
      break
    else
      out[#out + 1] = next.entry
      if last > start then bytes = bytes + #next.entry else behind = behind + 1 end
    end
  end
end
return {'ok', digits(now), digits(start), isReset and '1' or '0', digits(lost), lostBehind and '1' or '0',
  isMore and '1' or '0', unpack(out)}
`;
