/**
 * Memberships in Redis: of each user a hash from group to `<end> <where it begins>`, of each group a sorted set of its
 * members in the order of their ids, one sorted set of all that end, and one revision that grows with each change. A
 * change is one script, so they always agree.
 *
 * Ends are judged by the clock of Redis, so a node whose clock is off neither hides a membership nor clears it away.
 * What has ended is not answered, and goes as it is come across and a few at a time with each change. User and group
 * names stay as they are in keys and members: a group has no space in it, so `<group> <user>` reads one way only.
 */
import { decodeCursor, encodeCursor } from '../../protocol/cursor.js';
import type { AddedMembership, HeldMembership, Memberships, UserMemberships } from '../memberships.interface.js';
import { COMMAND_TIMEOUT_MS } from './connection-settings.js';
import type { RedisCommands } from './redis-connections.js';
import { unavailable } from './redis-failures.js';
import { RedisScript } from './redis-script.js';
import { ServerClock } from './server-clock.js';

/** A change is carried out by then or never: before its caller, who waits for a command's time, has given up. */
const CHANGE_WITHIN_MS = COMMAND_TIMEOUT_MS - 100;

/** Opens every script: the present, how a membership is cleared away, and whether what is held of one has ended. */
const PRELUDE = `
local p, ends = KEYS[1], KEYS[1] .. ':ends'
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function forget(group, user)
  redis.call('HDEL', p .. ':user:' .. user, group)
  redis.call('ZREM', p .. ':group:' .. group, user)
  redis.call('ZREM', ends, group .. ' ' .. user)
end
local function revise() return tostring(redis.call('INCR', p .. ':revision')) end
local function isOver(held)
  local finish = tonumber(string.match(held, '^%d+'))
  return finish and finish <= now
end
`;

/** So many of those that have ended are cleared away with each change: more than come, so that they go. */
const FORGET_SOME = `
for _, ended in ipairs(redis.call('ZRANGEBYSCORE', ends, '-inf', now, 'LIMIT', 0, 8)) do
  local at = string.find(ended, ' ', 1, true)
  forget(string.sub(ended, 1, at - 1), string.sub(ended, at + 1))
end
`;

/**
 * Opens a change. ARGV[1] is the moment after which it is too late: what was stuck on its way until its caller had given
 * up must not undo what came meanwhile. Far ahead is as wrong: the clock of the server was set.
 */
const CHANGE = `${PRELUDE}
local notAfter = tonumber(ARGV[1])
if now > notAfter or now < notAfter - ${2 * CHANGE_WITHIN_MS} then return {'late', tostring(now)} end
${FORGET_SOME}`;

const ADD = new RedisScript(`${CHANGE}
local user, group, finish, since = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local known = redis.call('HGET', p .. ':user:' .. user, group)
if known and not isOver(known) then since = string.match(known, ' (.*)') or '' end
redis.call('HSET', p .. ':user:' .. user, group, finish .. ' ' .. since)
redis.call('ZADD', p .. ':group:' .. group, 0, user)
if finish == '' then redis.call('ZREM', ends, group .. ' ' .. user)
else redis.call('ZADD', ends, finish, group .. ' ' .. user) end
return {'done', tostring(now), revise(), since}
`);

const REMOVE = new RedisScript(`${CHANGE}
forget(ARGV[3], ARGV[2])
return {'done', tostring(now), revise()}
`);

const OF_USER = new RedisScript(`${PRELUDE}
local user, found = ARGV[1], {redis.call('GET', p .. ':revision') or '0'}
local held = redis.call('HGETALL', p .. ':user:' .. user)
for i = 1, #held, 2 do
  if isOver(held[i + 1]) then forget(held[i], user)
  else found[#found + 1] = held[i]; found[#found + 1] = held[i + 1] end
end
return found
`);

/** Reads on where some of a page have ended, until the page is full or nobody is left. */
const OF_GROUP = new RedisScript(`${PRELUDE}
local group, after, limit, found = ARGV[1], ARGV[2], tonumber(ARGV[3]), {}
local from = after == '' and '-' or '(' .. after
while #found < limit * 2 do
  local users = redis.call('ZRANGEBYLEX', p .. ':group:' .. group, from, '+', 'LIMIT', 0, limit - #found / 2)
  if #users == 0 then break end
  for _, user in ipairs(users) do
    local held = redis.call('HGET', p .. ':user:' .. user, group) or ''
    if isOver(held) then forget(group, user)
    else found[#found + 1] = user; found[#found + 1] = held end
  end
  from = '(' .. users[#users]
end
return found
`);

/** Memberships that outlive every node. */
export class RedisMemberships implements Memberships {
  private readonly serverClock = new ServerClock();

  /** @param key Before the names of all keys, with the hash tag that they have in common. */
  constructor(
    private readonly commands: RedisCommands,
    private readonly key: string,
  ) {}

  async add({ userId, group, expiresAtMs, since }: HeldMembership): Promise<AddedMembership> {
    const args = [userId, group, expiresAtMs ?? '', since ? encodeCursor(since) : ''];
    const [revision, begunAt = ''] = await this.change(ADD, args);
    return { revision: Number(revision), since: decodeCursor(begunAt) };
  }

  async remove(userId: string, group: string): Promise<number> {
    const [revision] = await this.change(REMOVE, [userId, group]);
    return Number(revision);
  }

  async ofUser(userId: string): Promise<UserMemberships> {
    const [revision, ...found] = await this.run(OF_USER, [userId]);
    const held = inPairs(found, (group, text) => ({ userId, group, ...readHeld(text) }));
    return { held, revision: Number(revision) };
  }

  async ofGroup(group: string, afterUserId: string | undefined, limit: number): Promise<readonly HeldMembership[]> {
    const found = await this.run(OF_GROUP, [group, afterUserId ?? '', limit]);
    return inPairs(found, (userId, held) => ({ userId, group, ...readHeld(held) }));
  }

  /** Answers what the script has to say. */
  private async change(script: RedisScript, args: readonly (string | number)[]): Promise<readonly string[]> {
    const giveUpAtMs = performance.now() + CHANGE_WITHIN_MS;
    while (performance.now() < giveUpAtMs) {
      const askedAtMs = performance.now();
      const notAfter = this.serverClock.now() + CHANGE_WITHIN_MS;
      const [verdict, nowMs, ...said] = await this.run(script, [notAfter, ...args]);
      this.serverClock.learn(Number(nowMs), askedAtMs);
      if (verdict === 'done') return said;
      // Its time was not known, or not any more.
    }
    throw unavailable();
  }

  private async run(script: RedisScript, args: readonly (string | number)[]): Promise<readonly string[]> {
    try {
      return (await script.run(this.commands, this.key, args)) as readonly string[];
    } catch (cause) {
      throw unavailable(cause);
    }
  }
}

function inPairs(texts: readonly string[], read: (name: string, held: string) => HeldMembership): HeldMembership[] {
  const memberships: HeldMembership[] = [];
  for (let index = 0; index + 1 < texts.length; index += 2) {
    memberships.push(read(texts[index] ?? '', texts[index + 1] ?? ''));
  }
  return memberships;
}

function readHeld(text: string): Pick<HeldMembership, 'expiresAtMs' | 'since'> {
  const [end = '', since = ''] = text.split(' ');
  return { expiresAtMs: end === '' ? undefined : Number(end), since: decodeCursor(since) };
}
