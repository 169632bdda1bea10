/**
 * Buckets of tokens in Redis, filled by its clock. One script call takes what is asked for or says when to come back.
 * What is taken often is taken in chunks, so that it costs a call for each chunk and not for each token.
 */
import type { Clock } from '../../core/clock.js';
import { MemoryRateBuckets } from '../memory/memory-rate-buckets.js';
import type { RateBuckets, TokenVerdict } from '../shared-limits.interface.js';
import { limitKeyOf } from './limits-line.js';
import type { LimitsLine } from './limits-line.js';
import type { RedisCommands } from './redis-connections.js';
import { RedisScript } from './redis-script.js';
import { TokenChunks } from './token-chunks.js';

/**
 * ARGV: tokens a second, the cost, how many must be there. Answers how many tokens there are now and whether the cost
 * was taken. Times are in microseconds; a bucket that is full again is forgotten.
 */
const SPEND = new RedisScript(`
local time = redis.call('TIME')
local now, rate, cost = time[1] * 1000000 + time[2], tonumber(ARGV[1]), tonumber(ARGV[2])
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = rate
if kept[1] then tokens = math.min(rate, kept[1] + math.max(0, now - kept[2]) * rate / 1000000) end
local granted = tokens >= tonumber(ARGV[3])
if granted then
  tokens = tokens - cost
  redis.call('HSET', KEYS[1], 'tokens', string.format('%.6f', tokens), 'at', string.format('%.0f', now))
  redis.call('PEXPIRE', KEYS[1], math.ceil((rate - tokens) * 1000 / rate) + 1)
end
return {granted and 1 or 0, string.format('%.6f', tokens)}`);

/** Buckets that all nodes of one Redis take from. */
export class RedisRateBuckets implements RateBuckets {
  /** This node's share, while the others are out of reach. */
  private readonly alone: MemoryRateBuckets;
  private readonly chunks: TokenChunks;

  constructor(
    private readonly commands: RedisCommands,
    private readonly prefix: string,
    private readonly line: LimitsLine,
    clock: Clock,
  ) {
    this.alone = new MemoryRateBuckets(clock);
    this.chunks = new TokenChunks((subject, tokensPerSecond, size) => this.spend(subject, tokensPerSecond, size));
  }

  /** Buckets that this node holds by itself: of the time when Redis was out of reach, not forgotten yet. */
  get localSize(): number {
    return this.alone.size;
  }

  spend(subject: string, tokensPerSecond: number, cost: number): TokenVerdict | Promise<TokenVerdict> {
    const locally = () => this.alone.spend(subject, this.line.shareOf(tokensPerSecond), cost);
    if (!this.line.isOpen) return locally();
    this.alone.forgetFull();
    return this.line.ask(this.askFor(subject, tokensPerSecond, cost), locally);
  }

  take(subject: string, tokensPerSecond: number): TokenVerdict | Promise<TokenVerdict> {
    return this.chunks.take(subject, tokensPerSecond);
  }

  private async askFor(subject: string, tokensPerSecond: number, cost: number): Promise<TokenVerdict> {
    const needed = Math.min(cost, tokensPerSecond);
    const key = limitKeyOf(this.prefix, subject);
    const [granted, left] = (await SPEND.run(this.commands, key, [tokensPerSecond, cost, needed])) as [number, string];
    const tokens = Number(left);
    const isGranted = granted === 1;
    const retryAfterMs = isGranted ? 0 : Math.ceil(((needed - tokens) * 1000) / tokensPerSecond);
    return { isGranted, remaining: Math.max(0, Math.floor(tokens)), retryAfterMs };
  }
}
