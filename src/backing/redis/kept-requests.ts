import type { PublishCommand, RedisConnections } from './redis-connections.js';
import { RedisScript } from './redis-script.js';

/** Most requests that are kept; past it the oldest go. */
const MAX_KEPT = 10_000;
const PAGE = 500;

/**
 * KEYS[1] kept frames by when they were said; ARGV[1] channel, ARGV[2] frame, ARGV[3] how long it is kept, ARGV[4] most.
 * Scores grow from frame to frame, also within a millisecond, so that they are read in the order in which they were
 * said. Connections can be closed also when Redis is full.
 */
const keepAndSay = (publishCommand: PublishCommand) => `
local time = redis.call('TIME')
local score = time[1] * 1000 + math.floor(time[2] / 1000)
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2]
if last and score <= tonumber(last) then score = tonumber(last) + 0.001 end
redis.call('ZADD', KEYS[1], score, ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', score - ARGV[3])
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return redis.call('${publishCommand}', ARGV[1], ARGV[2])`;

/** What was said to all nodes and is to be met by those that were cut off when it was said. */
export class KeptRequests {
  private readonly keepAndSay: RedisScript;

  constructor(
    private readonly connections: RedisConnections,
    private readonly key: string,
  ) {
    this.keepAndSay = new RedisScript(keepAndSay(connections.publishCommand), { runsWhenFull: true });
  }

  /** Says the frame on the channel and keeps it, in one step. Resolves to how many listen. */
  async say(channel: string, frame: string, keepMs: number): Promise<number> {
    return (await this.keepAndSay.run(this.connections.commands, this.key, [
      channel,
      frame,
      keepMs,
      MAX_KEPT,
    ])) as number;
  }

  /** The frames that were said from this moment on, by the clock of Redis, in order. */
  async *since(fromMs: number): AsyncGenerator<string> {
    for (let from = `${fromMs}`; ;) {
      const page = await this.connections.commands.zrangebyscore(
        this.key,
        from,
        '+inf',
        'WITHSCORES',
        'LIMIT',
        0,
        PAGE,
      );
      for (let index = 0; index < page.length; index += 2) yield page[index] ?? '';
      const last = page.at(-1);
      if (last === undefined) return;
      from = `(${last}`;
    }
  }
}
