/**
 * A client that is written on the wire and notes everything: it keeps one cursor, hands it back at each reconnect on
 * whichever transport is next, and comes back for ever. It drops nothing and mends nothing, so whatever the server does
 * wrong stays in its log.
 *
 * A cursor is taken over in the same step in which the message is noted. Whatever comes again after that is a repeat.
 */
import type { Envelope, TransportName, WelcomeData } from '../../src/protocol/frames.js';
import { historyNow } from './history.js';
import type { MembershipChange, RecipientEvent, RecipientLog } from './history.js';
import type { OpenPipe, Pipe } from './pipe.js';
import { openPollPipe } from './poll-pipe.js';
import type { SeededRandom } from './seeded-random.js';
import { openSsePipe } from './sse-pipe.js';
import { openWebSocketPipe } from './ws-pipe.js';

const OPENERS: Readonly<Record<TransportName, OpenPipe>> = {
  ws: openWebSocketPipe,
  sse: openSsePipe,
  poll: openPollPipe,
};

/** Polls in a row before a recipient that changes transports takes the next one. */
const POLLS_PER_TURN = 3;

/** The `ref` of frames that hand in a fresh token. */
const RENEWAL = 'renewal';

/** What a recipient is. */
export interface RecipientOptions {
  readonly name: string;
  readonly userId: string;
  /** Where to connect; asked at each reconnect. */
  readonly port: () => number;
  /** A fresh token; asked at each reconnect and when the old one is about to end. */
  readonly token: () => string;
  /** Taken in turn, the next one at each reconnect. */
  readonly transports: readonly TransportName[];
  readonly random: SeededRandom;
  /** Longest wait before a reconnect, in milliseconds. @default 15 */
  readonly backoffMs?: number;
  /** Whether it hands in a fresh token when the old one is about to end. @default true */
  readonly renews?: boolean;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Connects, reads, notes, and comes back. */
export class Recipient {
  readonly events: RecipientEvent[] = [];
  readonly memberships: MembershipChange[] = [];
  readonly keys = new Set<string>();
  private cursor: string | undefined;
  private readonly wanted = new Set<string>();
  /** Changes whose effect is not sure yet, by group. */
  private readonly pending = new Map<string, Mutable<MembershipChange>>();
  private pipe: Pipe | undefined;
  private timer: NodeJS.Timeout | undefined;
  private renewed = 0;
  private turn = 0;
  private pollsInTurn = 0;
  private isRunning = false;
  private isAsleep = false;
  private whenStopped: () => void = () => {};

  constructor(private readonly options: RecipientOptions) {}

  get log(): RecipientLog {
    return { name: this.options.name, userId: this.options.userId, events: this.events };
  }

  get isPlaced(): boolean {
    return this.cursor !== undefined;
  }

  /** Fresh tokens that the server took in place. */
  get renewals(): number {
    return this.renewed;
  }

  /** Whether the session under way has begun in earnest. */
  get isUp(): boolean {
    return this.events.findLast(({ type }) => type !== 'message' && type !== 'gap')?.type === 'welcome';
  }

  start(): void {
    this.isRunning = true;
    this.connect();
  }

  /** Goes for good. */
  async stop(): Promise<void> {
    this.isRunning = false;
    clearTimeout(this.timer);
    if (!this.pipe) return;
    await new Promise<void>((resolve) => {
      this.whenStopped = resolve;
      this.pipe?.wake();
      this.pipe?.cut();
    });
  }

  /** Breaks off, as by a change of network, and comes back at once. */
  cut(): void {
    this.pipe?.cut();
  }

  /** Neither reads nor answers nor comes back until `wake`. */
  sleep(): void {
    this.isAsleep = true;
    this.pipe?.sleep();
  }

  wake(): void {
    if (!this.isAsleep) return;
    this.isAsleep = false;
    clearTimeout(this.timer);
    if (this.pipe) this.pipe.wake();
    else if (this.isRunning) this.connect();
  }

  /** Joins the group, or leaves it if it is in; does nothing while the last change is under way. */
  toggle(group: string): void {
    if (this.pending.has(group)) return;
    const { name: recipient } = this.options;
    const type = this.wanted.has(group) ? 'leave' : 'join';
    const change = { recipient, group, type, startedAt: historyNow(), finishedAt: Infinity } as const;
    this.memberships.push(change);
    this.pending.set(group, change);
    if (type === 'join') this.wanted.add(group);
    else this.wanted.delete(group);
    this.pipe?.send({ event: `push:${type}`, data: { group }, ref: `${type} ${group}` });
  }

  private connect(): void {
    const { options } = this;
    const transport = options.transports[this.turn % options.transports.length] ?? 'ws';
    const request = { port: options.port(), token: options.token(), cursor: this.cursor, groups: [...this.wanted] };
    const asked = [...this.pending.values()];
    this.events.push({ type: 'connecting', at: historyNow(), transport, cursor: this.cursor });
    this.pipe = OPENERS[transport](request, {
      frame: (envelope, cursor) => this.take(envelope, cursor, asked),
      placed: (cursor) => this.place({ cursor }, asked),
      garbled: (detail) => this.events.push({ type: 'garbled', at: historyNow(), detail }),
      closed: (reason) => this.closed(reason, transport),
    });
  }

  private take(envelope: Envelope, cursor: string | undefined, asked: readonly Mutable<MembershipChange>[]): void {
    const at = historyNow();
    const { event, data, id, ref } = envelope;
    const place = cursor ?? envelope.cursor;
    if (event === 'push:welcome') {
      const { cursor: before, connectionId, resumed } = data as WelcomeData;
      this.place({ cursor: before, connectionId, isResumed: resumed }, asked);
    } else if (event === 'push:gap') {
      this.events.push({ type: 'gap', at, reason: (data as { reason: string }).reason, cursor: place });
      this.cursor = place ?? this.cursor;
    } else if (event === 'push:expiring') {
      this.renew();
    } else if (event === 'push:ok' && ref !== undefined) {
      this.settle(ref);
    } else if (!event.startsWith('push:')) {
      const { key } = data as { key: string };
      this.keys.add(key);
      this.events.push({ type: 'message', at, key, id: id ?? '', cursor: place });
      this.cursor = place ?? this.cursor;
    }
  }

  /** The server knows the recipient and what it asked for when it connected. */
  private place(welcome: Welcome, asked: readonly Mutable<MembershipChange>[]): void {
    this.events.push({ type: 'welcome', at: historyNow(), ...welcome });
    this.cursor = welcome.cursor;
    for (const change of asked) this.finish(change);
  }

  private renew(): void {
    if (this.options.renews === false) return;
    this.pipe?.send({ event: 'push:auth', data: { token: this.options.token() }, ref: RENEWAL });
  }

  private settle(ref: string): void {
    if (ref === RENEWAL) this.renewed++;
    const [type, group = ''] = ref.split(' ');
    const change = this.pending.get(group);
    if (change && change.type === type) this.finish(change);
  }

  private finish(change: Mutable<MembershipChange>): void {
    if (this.pending.get(change.group) !== change) return;
    change.finishedAt = historyNow();
    this.pending.delete(change.group);
  }

  private closed(reason: string, transport: TransportName): void {
    this.events.push({ type: 'closed', at: historyNow(), reason });
    this.pipe = undefined;
    // Nothing comes through a pipe that is gone, and the next one will not ask for the group.
    for (const change of this.pending.values()) if (change.type === 'leave') this.finish(change);
    if (!this.isRunning) return this.whenStopped();
    this.pollsInTurn = transport === 'poll' ? this.pollsInTurn + 1 : 0;
    if (transport !== 'poll' || this.pollsInTurn >= POLLS_PER_TURN || reason !== 'answered') {
      this.turn++;
      this.pollsInTurn = 0;
    }
    const waitMs = reason === 'answered' ? 0 : this.options.random.between(0, this.options.backoffMs ?? 15);
    this.timer = setTimeout(() => {
      if (!this.isAsleep && this.isRunning) this.connect();
    }, waitMs);
  }
}

type Welcome = Pick<Extract<RecipientEvent, { type: 'welcome' }>, 'connectionId' | 'isResumed'> & {
  readonly cursor: string;
};
