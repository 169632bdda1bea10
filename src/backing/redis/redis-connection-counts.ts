/**
 * Connections by subject in Redis: of each subject a hash from node to how many it has and until when that holds, by
 * the clock of Redis. A node always writes the whole of what it has, so that a write which is lost, late or repeated is
 * put right by the next.
 *
 * A count of a node without a lease is nobody's: whoever finds the limit reached looks who is alive, strikes out the
 * others and asks again. So the common way is one call and needs no list of nodes. A node that comes back, whose counts
 * may have been struck out, writes all of them anew; one that forgets to is put right when they are renewed.
 */
import type { Cancel, Clock } from '../../core/clock.js';
import type { ConnectionCounts } from '../shared-limits.interface.js';
import { limitKeyOf } from './limits-line.js';
import type { LimitsLine } from './limits-line.js';
import type { RedisCommands } from './redis-connections.js';
import { RedisScript } from './redis-script.js';

/** How long a count holds that nobody renews. */
const VALID_MS = 600_000;
/** After so long a count is written again. */
const RENEW_MS = VALID_MS / 2;
const TICK_MS = 1_000;
/** What falls is written a little later: a poll that is followed by the next changes nothing then. */
const SETTLE_MS = 50;
const WRITES_AT_A_TIME = 500;
/** Subjects whose count could not be written; those past it are put right when their time is over. */
const MAX_UNWRITTEN = 100_000;
/** How long a refusal holds without asking again, so that a crowd at a closed door costs nothing. */
const REFUSAL_MS = 1_000;
const MAX_REFUSALS = 10_000;

const PRELUDE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function keep(node, count, valid)
  if tonumber(count) > 0 then redis.call('HSET', KEYS[1], node, count .. ':' .. string.format('%.0f', now + valid))
  else redis.call('HDEL', KEYS[1], node) end
  redis.call('PEXPIRE', KEYS[1], valid)
end
`;

/**
 * ARGV: this node, how many it has then, the limit, how long that holds (0: only look), nodes to strike out. Answers 1,
 * or the other nodes that have some.
 */
const ENTER = new RedisScript(`${PRELUDE}
for i = 5, #ARGV do redis.call('HDEL', KEYS[1], ARGV[i]) end
local held, others, sum = redis.call('HGETALL', KEYS[1]), {}, tonumber(ARGV[2])
for i = 1, #held, 2 do
  local count, finish = string.match(held[i + 1], '^(%d+):(%d+)$')
  if held[i] ~= ARGV[1] then
    if not count or tonumber(finish) <= now then redis.call('HDEL', KEYS[1], held[i])
    else
      sum = sum + count
      others[#others + 1] = held[i]
    end
  end
end
if sum > tonumber(ARGV[3]) then return others end
if ARGV[4] ~= '0' then keep(ARGV[1], ARGV[2], ARGV[4]) end
return 1`);

/** ARGV: this node, how many it has, how long that holds. */
const SETTLE = new RedisScript(`${PRELUDE}
keep(ARGV[1], ARGV[2], ARGV[3])`);

interface OwnCount {
  readonly count: number;
  readonly writtenAtMs: number;
}

/** Somebody wants in. */
interface Wish {
  readonly subject: string;
  /** How many this node has, with the one that wants in. */
  readonly here: number;
  readonly limit: number;
  /** How long the count is to hold; 0: nothing is changed. */
  readonly validMs: number;
  /** Redis has said that the others leave no room; whether all of them are alive is being asked. */
  isFull: boolean;
}

interface Refusal {
  readonly untilMs: number;
  /** How many this node would have had. */
  readonly here: number;
}

/** Counts that all nodes of one Redis add to. */
export class RedisConnectionCounts implements ConnectionCounts {
  readonly isShared = true;
  /** How many this node has, those that were written longest ago first. */
  private readonly own = new Map<string, OwnCount>();
  /** Subjects whose count in Redis may be another. */
  private readonly unwritten = new Set<string>();
  /** Subjects that were full, the oldest refusal first. */
  private readonly refusals = new Map<string, Refusal>();
  private isWriting = false;
  private cancelWrite: Cancel | undefined;
  private readonly cancelTick: Cancel;

  constructor(
    private readonly commands: RedisCommands,
    private readonly prefix: string,
    private readonly line: LimitsLine,
    private readonly clock: Clock,
  ) {
    this.cancelTick = clock.every(TICK_MS, () => this.tick());
  }

  enter(subject: string, here: number, limit: number): boolean | Promise<boolean> {
    if (this.isRefused(subject, here)) return false;
    if (!this.line.isOpen) return this.enterAlone(subject, here, limit);
    this.keep(subject, here);
    this.unwritten.delete(subject);
    const wish: Wish = { subject, here, limit, validMs: VALID_MS, isFull: false };
    return this.line.ask(this.ask(wish), () => {
      // What was kept above may have been settled since: who wanted in may have left by now.
      this.writeSoon(subject);
      return !wish.isFull && this.hasShare(here, limit);
    });
  }

  hasRoom(subject: string, here: number, limit: number): boolean | Promise<boolean> {
    if (this.isRefused(subject, here)) return false;
    const wish: Wish = { subject, here, limit, validMs: 0, isFull: false };
    const locally = () => !wish.isFull && this.hasShare(here, limit);
    return this.line.isOpen ? this.line.ask(this.ask(wish), locally) : locally();
  }

  settle(subject: string, here: number): void {
    if (this.countOf(subject) === here && !this.unwritten.has(subject)) return;
    this.keep(subject, here);
    this.writeSoon(subject);
  }

  /** The others may have struck out what this node has: writes all of it anew. */
  rewrite(): void {
    for (const subject of this.own.keys()) this.unwritten.add(subject);
    void this.write();
  }

  close(): void {
    this.cancelTick();
    this.cancelWrite?.();
    this.own.clear();
    this.unwritten.clear();
  }

  private async ask(wish: Wish): Promise<boolean> {
    const { subject, here, limit, validMs } = wish;
    const { nodes } = this.line;
    const args = [nodes.nodeId, here, limit, validMs];
    const others = await this.run(ENTER, subject, args);
    if (others === 1) return true;
    wish.isFull = true;
    const alive = await nodes.listAlive();
    const dead = (others as readonly string[]).filter((node) => !alive.has(node));
    if (dead.length > 0 && (await this.run(ENTER, subject, [...args, ...dead])) === 1) {
      // It has written `here` after what was settled in the meantime.
      if (validMs > 0 && this.countOf(subject) !== here) this.writeSoon(subject);
      return true;
    }
    this.rememberRefusal(subject, here);
    // Redis has what this node had before; whoever asked is about to settle.
    if (validMs > 0) this.unwritten.add(subject);
    return false;
  }

  private enterAlone(subject: string, here: number, limit: number): boolean {
    const hasRoom = this.hasShare(here, limit);
    if (hasRoom) this.keep(subject, here);
    this.writeSoon(subject);
    return hasRoom;
  }

  private hasShare(here: number, limit: number): boolean {
    return here <= this.line.shareOf(limit);
  }

  private countOf(subject: string): number {
    return this.own.get(subject)?.count ?? 0;
  }

  private keep(subject: string, count: number): void {
    this.own.delete(subject);
    if (count > 0) this.own.set(subject, { count, writtenAtMs: performance.now() });
    // One of those that were here when it was full has left.
    const refusal = this.refusals.get(subject);
    if (refusal && count < refusal.here - 1) this.refusals.delete(subject);
  }

  private writeSoon(subject: string): void {
    if (this.unwritten.size >= MAX_UNWRITTEN) return;
    this.unwritten.add(subject);
    this.cancelWrite ??= this.clock.after(SETTLE_MS, () => void this.write());
  }

  private async write(): Promise<void> {
    this.cancelWrite?.();
    this.cancelWrite = undefined;
    if (this.isWriting) return;
    this.isWriting = true;
    try {
      while (this.unwritten.size > 0 && this.line.isOpen) await this.writeSome();
    } catch {
      // Out of reach: the tick, or the return of this node, tries again.
    } finally {
      this.isWriting = false;
    }
  }

  private async writeSome(): Promise<void> {
    const writes: Promise<void>[] = [];
    for (const subject of this.unwritten) {
      this.unwritten.delete(subject);
      if (writes.push(this.writeOne(subject)) >= WRITES_AT_A_TIME) break;
    }
    await Promise.all(writes);
  }

  private async writeOne(subject: string): Promise<void> {
    try {
      await this.run(SETTLE, subject, [this.line.nodes.nodeId, this.countOf(subject), VALID_MS]);
    } catch (cause) {
      this.unwritten.add(subject);
      throw cause;
    }
  }

  private tick(): void {
    const nowMs = performance.now();
    for (const [subject, { untilMs }] of this.refusals) {
      if (untilMs > nowMs) break;
      this.refusals.delete(subject);
    }
    for (const [subject, { count, writtenAtMs }] of this.own) {
      if (nowMs - writtenAtMs < RENEW_MS) break;
      this.keep(subject, count);
      this.unwritten.add(subject);
    }
    if (this.unwritten.size > 0) void this.write();
  }

  private isRefused(subject: string, here: number): boolean {
    const refusal = this.refusals.get(subject);
    return refusal !== undefined && refusal.untilMs > performance.now() && here >= refusal.here;
  }

  private rememberRefusal(subject: string, here: number): void {
    const known = this.refusals.get(subject);
    if (this.refusals.size >= MAX_REFUSALS || (known && known.here <= here)) return;
    this.refusals.set(subject, { untilMs: performance.now() + REFUSAL_MS, here });
  }

  private run(script: RedisScript, subject: string, args: readonly (string | number)[]): Promise<unknown> {
    return script.run(this.commands, limitKeyOf(this.prefix, subject), args);
  }
}
