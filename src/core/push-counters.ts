/**
 * What happened on this node since it started, in plain fields. Whoever counts adds to a number and knows nothing of who
 * reads it; `src/ops` reads the fields when it is asked for metrics. Nothing here is done per recipient: a fan-out and a
 * flush count all their connections at once.
 *
 * Labels are words from a list that the code knows. A user, a group or an event name is never one.
 */
import { CLOSE_CODES } from '../protocol/close-codes.js';

/** Where a count goes whose word is on no list. */
export const OTHER = 'other';

/** How often something happened, by word. All words are there from the start, so that a reader sees a zero, not a hole. */
export class Tally {
  private readonly counts: Map<string, number>;

  constructor(words: readonly string[]) {
    this.counts = new Map([...words, OTHER].map((word) => [word, 0]));
  }

  /** Counts under the word; under {@link OTHER} where the list does not have it. */
  add(word: string, times = 1): void {
    const count = this.counts.get(word);
    if (count !== undefined) this.counts.set(word, count + times);
    else this.counts.set(OTHER, this.of(OTHER) + times);
  }

  of(word: string): number {
    return this.counts.get(word) ?? 0;
  }

  /** Words with their counts, in the order of the list. */
  entries(): Iterable<readonly [string, number]> {
    return this.counts.entries();
  }
}

/** How values are spread, as counts between bounds. */
export class Distribution {
  /** Values up to each bound and above the one before; the last place is for those above all bounds. */
  readonly counts: number[];
  /** The sum of all values. */
  sum = 0;

  /** @param bounds Ascending. */
  constructor(readonly bounds: readonly number[]) {
    this.counts = [...bounds.map(() => 0), 0];
  }

  /** Counts a value that was met so many times. */
  add(value: number, times = 1): void {
    let place = 0;
    while (place < this.bounds.length && value > (this.bounds[place] ?? 0)) place++;
    this.counts[place] = (this.counts[place] ?? 0) + times;
    this.sum += value * times;
  }

  get total(): number {
    return this.counts.reduce((sum, count) => sum + count, 0);
  }
}

/**
 * Why a connection that a message matched did not get it from this fan-out. `overflow`: its queue was full, so it was
 * closed as too slow. `closed`: it ended with the message waiting, or was on its way out. `replayed`: no loss, a replay
 * had brought it before. `expired`: the time that its sender gave it was over. The others are by the policy of the
 * event for slow readers: a newer one took its place (`coalesced`), it made room (`skipped_oldest`), found none
 * (`skipped`), or waited for too long (`too_old`).
 */
export const DROP_REASONS = [
  'overflow',
  'closed',
  'replayed',
  'expired',
  'coalesced',
  'skipped_oldest',
  'skipped',
  'too_old',
] as const;

/** One of {@link DROP_REASONS}. */
export type DropReason = (typeof DROP_REASONS)[number];

/** What the handshake of a connection may come to: `admitted`, or the code of its refusal. */
const HANDSHAKE_VERDICTS = [
  'admitted',
  'draining',
  'malformed',
  'unsupported_version',
  'upgrade_required',
  'origin_not_allowed',
  'server_full',
  'address_limit',
  'unauthorized',
  'user_limit',
  'rate_limited',
  'unavailable',
];

/**
 * What a call to send came to. `accepted`: it is in the log. `duplicate`: its key was used before, so nothing was sent.
 * `refused`: it was not well formed, or its key was used for something else; what a client may not send is not counted.
 * `unavailable`: the backing was out of reach, nothing was sent. `unknown`: the backing did not answer; it may have been sent.
 */
export const SEND_OUTCOMES = ['accepted', 'duplicate', 'refused', 'unavailable', 'unknown'] as const;

/** One of {@link SEND_OUTCOMES}. */
export type SendOutcome = (typeof SEND_OUTCOMES)[number];

/** Ends of connections without a close code of ours: the client left, or broke RFC 6455; a poll had its answer. */
const ENDS_WITHOUT_CODE = ['left', 'broken', 'answered'];

const GAP_REASONS = ['expired', 'reset', 'invalid_cursor', 'skipped'];

const REST_STATUSES = [200, 202, 204, 400, 401, 403, 404, 409, 413, 415, 422, 429, 500, 503, 504].map(String);

/** Seconds, from what one turn of the event loop takes to what a stalled reader does. */
const WRITE_DELAY_BOUNDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

const REPLAY_SIZE_BOUNDS = [0, 1, 5, 10, 50, 100, 500, 1_000, 10_000];

/** The counts of one node. */
export class PushCounters {
  /** Messages of the application that came to this node to be delivered. */
  messages = 0;
  /** Connections that those messages were for, once for each message. */
  matched = 0;
  /** Connections whose transport took such a message. */
  written = 0;
  /** Bytes of all envelopes that transports took, replies and replays too, without their framing. */
  writtenBytes = 0;
  /** Seconds from a message's being sent to its being taken by a transport, once for each connection. */
  readonly writeDelay = new Distribution(WRITE_DELAY_BOUNDS);
  readonly dropped = new Tally(DROP_REASONS);
  readonly sends = new Tally(SEND_OUTCOMES);
  /** Accepted sends by event, of a list that the application named; none where it named no list. */
  events: Tally | undefined;
  readonly handshakes = new Tally(HANDSHAKE_VERDICTS);
  /** Ends of connections, by close code or by one of {@link ENDS_WITHOUT_CODE}. */
  readonly closes = new Tally([...Object.keys(CLOSE_CODES), ...ENDS_WITHOUT_CODE]);
  readonly gaps = new Tally(GAP_REASONS);
  /** Messages of each replay that came to its end. */
  readonly replaySizes = new Distribution(REPLAY_SIZE_BOUNDS);
  /** Answers of REST, by status. */
  readonly restAnswers = new Tally(REST_STATUSES);
  /** Frames that clients sent and that were carried out. */
  frames = 0;
  /** Failures of this module or of the host's providers that were logged or left out of the log. */
  failures = 0;
  /** Lifecycle events that were not handed to the application, because its handlers did not keep up. */
  lifecycleEventsDropped = 0;

  /** Transports of so many connections took a message that was sent then, by the clock of `performance.now()`. */
  recordWritten(connections: number, sentAtMs: number): void {
    this.written += connections;
    this.writeDelay.add(Math.max(0, performance.now() - sentAtMs) / 1000, connections);
  }
}
