import type { Envelope, TransportName, WelcomeData } from '../protocol/frames.js';
import type { LineEnd } from './line-end.js';
import type { Line, OpenLine } from './line.interface.js';
import { LineWatch } from './line-watch.js';
import { openPollLine } from './poll-line.js';
import { openSseLine } from './sse-line.js';
import type { PushServer, Query } from './push-server.js';
import { openWsLine } from './ws-line.js';

const OPENERS: Readonly<Record<TransportName, OpenLine>> = { ws: openWsLine, sse: openSseLine, poll: openPollLine };
/** A poll is answered after so long at the latest; it has no welcome that could say otherwise. */
const POLL_HEARTBEAT_MS = 25_000;

/** What an attempt tells. */
export interface AttemptListener {
  opened(attempt: Attempt, welcome?: WelcomeData): void;
  framed(attempt: Attempt, envelope: Envelope): void;
  /** Once, and nothing after it. */
  ended(attempt: Attempt, end: LineEnd): void;
}

/** One line with its clocks: how long it may take to open, and how long it may be silent then. */
export class Attempt {
  readonly line: Line;
  /** The groups that went along with it. */
  readonly groups: string;
  /** Since when it is live, in milliseconds since the Unix epoch; 0 before. */
  liveSince = 0;
  /** A draining server has said when to come back. */
  pauseMs: number | undefined;
  readonly #listener: AttemptListener;
  #openTimer: ReturnType<typeof setTimeout> | undefined;
  #watch: LineWatch | undefined;
  #isOver = false;

  constructor(
    readonly level: number,
    readonly transport: TransportName,
    server: PushServer,
    query: () => Query,
    openTimeoutMs: number,
    listener: AttemptListener,
  ) {
    this.#listener = listener;
    this.groups = query()['groups'] ?? '';
    // Something in between swallows this transport, or holds its bytes back. The token takes a time of its own.
    const startClock = (): void => {
      if (!this.#isOver) this.#openTimer = setTimeout(() => this.#end({ isBlocked: true }), openTimeoutMs);
    };
    server.tokens.get().then(startClock, () => {});
    this.line = OPENERS[transport](server, query, {
      opened: () => this.open(),
      heard: () => this.#watch?.heard(),
      framed: (envelope) => listener.framed(this, envelope),
      ended: (end) => this.#end(end),
    });
  }

  /** It works. */
  open(welcome?: WelcomeData): void {
    if (this.liveSince) return;
    this.liveSince = Date.now();
    clearTimeout(this.#openTimer);
    this.#watch = new LineWatch(
      welcome?.heartbeatMs ?? POLL_HEARTBEAT_MS,
      () => this.#end({ reason: 'no sign of life' }),
      this.transport === 'ws' ? () => this.#ping() : undefined,
    );
    this.#listener.opened(this, welcome);
  }

  /** The page has woken. */
  check(): void {
    this.#watch?.check();
  }

  /** Ends it without a word. */
  drop(): void {
    this.#isOver = true;
    clearTimeout(this.#openTimer);
    this.#watch?.stop();
    this.line.close();
  }

  #ping(): void {
    const event = 'push:ping';
    void this.line.send({ event, data: undefined, ref: undefined }, JSON.stringify({ event }), 0);
  }

  #end(end: LineEnd): void {
    if (this.#isOver) return;
    this.drop();
    this.#listener.ended(this, end);
  }
}
