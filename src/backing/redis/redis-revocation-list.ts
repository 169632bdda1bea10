/**
 * Revocations in Redis, and a copy on each node that answers at once.
 *
 * A revocation gets the next version of the list. Who makes one has the other nodes {@link RedisRevocationList.catchUp},
 * so that it works at once. A node that is cut off just then misses that, so each asks by itself too, twice a second, for
 * what came after the version that it has: one small command, and nothing has to be right but that it is asked again.
 *
 * A node that Redis is away from goes on with what it knows. When Redis has lost its data, which its epoch shows, nodes
 * read anew and forget nothing.
 */
import { randomBytes } from 'node:crypto';
import type { Cancel, Clock } from '../../core/clock.js';
import type { Principal } from '../../core/principal.js';
import { PushError } from '../../core/push-error.js';
import type { RevocationLimits, RevocationList, RevokedTokens } from '../revocation-list.interface.js';
import { RevocationRecords } from '../revocation-records.js';
import type { RedisCommands } from './redis-connections.js';
import { unavailable } from './redis-failures.js';
import { RedisScript } from './redis-script.js';
import { escapeTenant, unescapeTenant } from './tenant-names.js';

/**
 * Each revocation is a key that ends by itself; the log orders them by version, which is the order in which they end.
 * A moment never takes the place of a later one. Answers the epoch and the version, or nothing where there are too many. A
 * token can be ended also when Redis is full.
 */
const REVOKE = new RedisScript(
  `
local p, name, moment, ttlMs, most = KEYS[1], ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local oldest = redis.call('ZRANGE', p .. ':log', 0, 0)[1]
while oldest and redis.call('EXISTS', p .. ':of:' .. oldest) == 0 do
  redis.call('ZREM', p .. ':log', oldest)
  oldest = redis.call('ZRANGE', p .. ':log', 0, 0)[1]
end
if redis.call('ZCARD', p .. ':log') >= most and not redis.call('ZSCORE', p .. ':log', name) then return {} end
local known = redis.call('GET', p .. ':of:' .. name)
if known and known ~= '' and tonumber(known) > tonumber(moment) then moment = known end
redis.call('SET', p .. ':of:' .. name, moment, 'PX', ttlMs)
redis.call('SET', p .. ':epoch', ARGV[5], 'NX')
local version = redis.call('INCR', p .. ':version')
redis.call('ZADD', p .. ':log', version, name)
return {redis.call('GET', p .. ':epoch'), tostring(version)}
`,
  { runsWhenFull: true },
);

/** Answers the epoch, the version that is reached with this page, and name, moment and time left of each revocation. */
const READ = new RedisScript(`
local p, most = KEYS[1], tonumber(ARGV[3])
local epoch = redis.call('GET', p .. ':epoch') or ''
local after = epoch == ARGV[1] and ARGV[2] or '0'
local names = redis.call('ZRANGEBYSCORE', p .. ':log', '(' .. after, '+inf', 'WITHSCORES', 'LIMIT', 0, most)
local found = {epoch, names[#names] or after}
for i = 1, #names, 2 do
  local moment = redis.call('GET', p .. ':of:' .. names[i])
  if moment then
    found[#found + 1] = names[i]
    found[#found + 1] = moment
    found[#found + 1] = tostring(redis.call('PTTL', p .. ':of:' .. names[i]))
  end
end
return found
`);

/** Twice within the second in which a revocation is to work everywhere. */
const READ_INTERVAL_MS = 500;
const PAGE_ENTRIES = 1_000;
/** Room comes with time, not at a known moment. */
const FULL_RETRY_AFTER_MS = 60_000;

/** Revocations that hold on all nodes. */
export class RedisRevocationList implements RevocationList {
  private readonly records = new RevocationRecords();
  private readonly ttlMs: number;
  private readonly maxEntries: number;
  private readonly cancel: Cancel;
  private epoch = '';
  private version = '0';
  private listener: () => void = () => {};
  private reading: Promise<void> | undefined;

  /** @param key Before the names of all keys, with the hash tag that they have in common. */
  constructor(
    private readonly commands: RedisCommands,
    private readonly key: string,
    private readonly clock: Clock,
    limits: RevocationLimits = {},
  ) {
    this.ttlMs = (limits.ttlSeconds ?? 2_592_000) * 1000;
    this.maxEntries = limits.maxEntries ?? 100_000;
    // Out of reach: the next one may get through.
    this.cancel = clock.every(READ_INTERVAL_MS, () => void this.catchUp().catch(() => {}));
  }

  async revoke(tokens: RevokedTokens): Promise<void> {
    const args = [...written(tokens), this.ttlMs, this.maxEntries, randomBytes(9).toString('base64url')];
    const [epoch, version] = await this.run(REVOKE, args);
    if (epoch === undefined || version === undefined) {
      throw new PushError('PUSH_ERR_UNAVAILABLE', 'too many revocations are remembered', {
        retryAfterMs: FULL_RETRY_AFTER_MS,
      });
    }
    this.remember(tokens, this.ttlMs);
    this.follow(epoch, version);
  }

  isRevoked(principal: Principal): boolean {
    return this.records.isRevoked(principal, this.clock.now());
  }

  onRevoked(listener: () => void): void {
    this.listener = listener;
  }

  async catchUp(): Promise<void> {
    // One that is under way may have read before the revocation that this is about.
    await this.reading?.catch(() => {});
    this.reading ??= this.readAll().finally(() => (this.reading = undefined));
    await this.reading;
  }

  /** Stops following the others. */
  close(): void {
    this.cancel();
  }

  /** Where nothing of others came before this node's own revocation, there is nothing to read. */
  private follow(epoch: string, version: string): void {
    const isNext = Number(version) === Number(this.version) + 1;
    if (!isNext || (epoch !== this.epoch && this.version !== '0')) return;
    this.epoch = epoch;
    this.version = version;
  }

  private async readAll(): Promise<void> {
    let hasMore = true;
    let hasNews = false;
    while (hasMore) {
      const [epoch = '', version = '0', ...entries] = await this.run(READ, [this.epoch, this.version, PAGE_ENTRIES]);
      hasMore = version !== this.version || epoch !== this.epoch;
      this.epoch = epoch;
      this.version = version;
      for (let index = 0; index + 2 < entries.length; index += 3) {
        const [name = '', moment = '', leftMs = ''] = entries.slice(index, index + 3);
        this.remember(read(name, moment), Number(leftMs));
        hasNews = true;
      }
    }
    if (hasNews) this.listener();
  }

  private remember(tokens: RevokedTokens, leftMs: number): void {
    const nowMs = this.clock.now();
    this.records.forgetOver(nowMs);
    this.records.add(tokens, nowMs + leftMs);
  }

  private async run(script: RedisScript, args: readonly (string | number)[]): Promise<readonly string[]> {
    try {
      return (await script.run(this.commands, this.key, args)) as string[];
    } catch (cause) {
      throw unavailable(cause);
    }
  }
}

/** What stands before the name of a revocation of a named tenant, which follows escaped and with a colon. */
const OF_TENANT = 'tenant:';

/** Name and moment of a revocation. */
function written(tokens: RevokedTokens): [string, string] {
  const { type, tenant } = tokens;
  const whose = tenant === undefined ? '' : `${OF_TENANT}${escapeTenant(tenant)}:`;
  if (type === 'user') return [`${whose}user:${tokens.userId}`, String(tokens.untilMs)];
  if (type === 'token') return [`${whose}token:${tokens.tokenId}`, ''];
  return [`${whose}all`, String(tokens.beforeMs)];
}

function read(name: string, moment: string): RevokedTokens {
  if (name.startsWith(OF_TENANT)) {
    const end = name.indexOf(':', OF_TENANT.length);
    const tenant = unescapeTenant(name.slice(OF_TENANT.length, end));
    return { ...readChoice(name.slice(end + 1), moment), tenant };
  }
  return readChoice(name, moment);
}

function readChoice(name: string, moment: string): RevokedTokens {
  if (name === 'all') return { type: 'issuedBefore', beforeMs: Number(moment) };
  const at = name.indexOf(':');
  const subject = name.slice(at + 1);
  if (name.startsWith('user:')) return { type: 'user', userId: subject, untilMs: Number(moment) };
  return { type: 'token', tokenId: subject };
}
