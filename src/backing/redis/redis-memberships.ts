/**
 * Memberships in Redis: of each user a hash from group to end, of each group a sorted set of its members in the order
 * of their ids, and one sorted set of all that end. A change is one script, so the three always agree.
 *
 * Ends are judged by the clock of Redis, so a node whose clock is off neither hides a membership nor clears it away.
 * What has ended is not answered, and goes as it is come across and a few at a time with each change. User and group
 * names stay as they are in keys and members: a group has no space in it, so `<group> <user>` reads one way only.
 */
import type { HeldMembership, Memberships } from '../memberships.interface.js';
import { COMMAND_TIMEOUT_MS } from './connection-settings.js';
import type { RedisCommands } from './redis-connections.js';
import { unavailable } from './redis-failures.js';
import { RedisScript } from './redis-script.js';
import { ServerClock } from './server-clock.js';

/** A change is carried out by then or never: before its caller, who waits for a command's time, has given up. */
const CHANGE_WITHIN_MS = COMMAND_TIMEOUT_MS - 100;

/** Opens every script: the present, and how a membership is cleared away. */
const PRELUDE = `
local p, ends = KEYS[1], KEYS[1] .. ':ends'
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function forget(group, user)
  redis.call('HDEL', p .. ':user:' .. user, group)
  redis.call('ZREM', p .. ':group:' .. group, user)
  redis.call('ZREM', ends, group .. ' ' .. user)
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
local user, group, finish = ARGV[2], ARGV[3], ARGV[4]
redis.call('HSET', p .. ':user:' .. user, group, finish)
redis.call('ZADD', p .. ':group:' .. group, 0, user)
if finish == '' then redis.call('ZREM', ends, group .. ' ' .. user)
else redis.call('ZADD', ends, finish, group .. ' ' .. user) end
return {'done', tostring(now)}
`);

const REMOVE = new RedisScript(`${CHANGE}
forget(ARGV[3], ARGV[2])
return {'done', tostring(now)}
`);

const OF_USER = new RedisScript(`${PRELUDE}
local user, found = ARGV[1], {}
local held = redis.call('HGETALL', p .. ':user:' .. user)
for i = 1, #held, 2 do
  if held[i + 1] ~= '' and tonumber(held[i + 1]) <= now then forget(held[i], user)
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
    local finish = redis.call('HGET', p .. ':user:' .. user, group) or ''
    if finish ~= '' and tonumber(finish) <= now then forget(group, user)
    else found[#found + 1] = user; found[#found + 1] = finish end
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

  async add({ userId, group, expiresAtMs }: HeldMembership): Promise<void> {
    await this.change(ADD, [userId, group, expiresAtMs ?? '']);
  }

  async remove(userId: string, group: string): Promise<void> {
    await this.change(REMOVE, [userId, group]);
  }

  async ofUser(userId: string): Promise<readonly HeldMembership[]> {
    const found = await this.run(OF_USER, [userId]);
    return inPairs(found, (group, end) => ({ userId, group, expiresAtMs: endOf(end) }));
  }

  async ofGroup(group: string, afterUserId: string | undefined, limit: number): Promise<readonly HeldMembership[]> {
    const found = await this.run(OF_GROUP, [group, afterUserId ?? '', limit]);
    return inPairs(found, (userId, end) => ({ userId, group, expiresAtMs: endOf(end) }));
  }

  private async change(script: RedisScript, args: readonly (string | number)[]): Promise<void> {
    const giveUpAtMs = performance.now() + CHANGE_WITHIN_MS;
    while (performance.now() < giveUpAtMs) {
      const askedAtMs = performance.now();
      const notAfter = this.serverClock.now() + CHANGE_WITHIN_MS;
      const [verdict, nowMs] = (await this.run(script, [notAfter, ...args])) as [string, string];
      this.serverClock.learn(Number(nowMs), askedAtMs);
      if (verdict === 'done') return;
      // Its time was not known, or not any more.
    }
    throw unavailable();
  }

  private async run(script: RedisScript, args: readonly (string | number)[]): Promise<unknown> {
    try {
      return await script.run(this.commands, this.key, args);
    } catch (cause) {
      throw unavailable(cause);
    }
  }
}

function inPairs(found: unknown, read: (name: string, end: string) => HeldMembership): HeldMembership[] {
  const texts = found as readonly string[];
  const memberships: HeldMembership[] = [];
  for (let index = 0; index + 1 < texts.length; index += 2) {
    memberships.push(read(texts[index] ?? '', texts[index + 1] ?? ''));
  }
  return memberships;
}

function endOf(text: string): number | undefined {
  return text === '' ? undefined : Number(text);
}
