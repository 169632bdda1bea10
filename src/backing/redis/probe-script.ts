import type { LogParts } from './log-parts.js';
import type { LogPlace } from './log-place.js';
import { IS_HELD, LOG_PRELUDE } from './log-scripts.js';
import { unavailable } from './redis-failures.js';
import type { PublishCommand } from './redis-connections.js';
import { randomText } from './random-ids.js';
import { RedisScript } from './redis-script.js';

/** What a node wants to know of a partition. */
export interface ProbeQuestion {
  /** Comes back over the channel of the node; empty where only the answer is wanted. */
  readonly token: string;
  /** The channel of messages of which it is also said where it stands. */
  readonly doubted: string | undefined;
  /** The next message draws a new nonce. */
  readonly isFirst: boolean;
  /** The furthest place that the node knows the partition to have been at. */
  readonly known: LogPlace;
}

/** What a probe says when it comes back. */
export interface ProbeReply {
  readonly token: string;
  readonly place: LogPlace;
  /** Up to which number the partition has lost messages with its end. */
  readonly lostThrough: number;
  /** Where the doubted channel stands. */
  readonly previousNumber: number;
  readonly previousNonce: string;
}

/**
 * Says where a partition stands, in its order, to the channel of one node. ARGV: 3 the channel; 4 the token of the probe;
 * 5 `1` to have the next message draw a new nonce; 6 a channel of messages, or nothing: it is said also where that one
 * stands; 7–9 epoch, nonce and number of a place that the partition has been at. Answers the time and the place.
 *
 * Where the partition knows nothing of that last place, it has lost its end, and with it messages that nobody may have
 * had who is away now. So it takes a number that no message has, and notes that up to there something is lost: whoever
 * comes back to a place before it is told.
 */
function probeScript(publishCommand: PublishCommand): string {
  return `${LOG_PRELUDE}${IS_HELD}
local epoch, number, nonce, _, all, lost = open()
if ARGV[7] == epoch and not isHeld(root .. ':' .. epoch, number, nonce, ARGV[8], tonumber(ARGV[9])) then
  number = number + 1
  lost = number
  redis.call('HSET', root, 'number', digits(number), 'lost', digits(lost), 'since', 0)
  redis.call('${publishCommand}', root .. ':lost', digits(lost))
end
if ARGV[5] == '1' then redis.call('HSET', root, 'since', 0) end
local said = {ARGV[4], epoch, digits(number), nonce, digits(lost)}
if ARGV[6] == 'a' then said[6] = all
elseif ARGV[6] ~= '' then
  local _, _, chain = readMark(root .. ':' .. epoch, ARGV[6])
  said[6] = chain
end
redis.call('${publishCommand}', ARGV[3], table.concat(said, ' '))
return {digits(now), epoch, digits(number), nonce}
`;
}

/** The channel on which nodes hear that a partition has lost its end. */
export function lossChannelOf(root: string): string {
  return `${root}:lost`;
}

/** Sends probes for one node to one partition. */
export class ProbeScript {
  private readonly script: RedisScript;

  constructor(
    private readonly parts: LogParts,
    private readonly root: string,
    private readonly channel: string,
  ) {
    this.script = new RedisScript(probeScript(parts.connections.publishCommand), { runsWhenFull: true });
  }

  /** Resolves with the place of the partition. Rejects where it is out of reach. */
  async ask({ token, doubted = '', isFirst, known }: ProbeQuestion): Promise<LogPlace> {
    const { connections, serverClock, fixedNow } = this.parts;
    const begin = isFirst ? '1' : '0';
    const place = [known.epoch, known.nonce, known.number];
    const args = [fixedNow(), randomText(), this.channel, token, begin, doubted, ...place];
    const askedAtMs = performance.now();
    const answer = await this.script.run(connections.commands, this.root, args).catch((cause: unknown) => {
      throw unavailable(cause);
    });
    const [now, epoch = '', number, nonce = ''] = answer as string[];
    serverClock.learn(Number(now), askedAtMs);
    return { epoch, nonce, number: Number(number) };
  }
}

/** Reads what a probe says. Whoever can write to Redis can say something else: then it has no token that is waited for. */
export function readProbe(said: string): ProbeReply {
  const [token = '', epoch = '', number, nonce = '', lost, previous, previousNonce = ''] = said.split(' ');
  return {
    token,
    place: { epoch, nonce, number: Number(number) },
    lostThrough: Number(lost),
    previousNumber: Number(previous),
    previousNonce,
  };
}
