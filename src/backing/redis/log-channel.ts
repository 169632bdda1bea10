/**
 * The channel of the log, as one node follows it: hands messages to the follower in the order of the log, and knows
 * when one has passed by.
 *
 * A node asks where the log stands by a probe, which comes back over the subscription. There it has its place among the
 * messages: all before it are behind, all after it go on from it. So a node is up to date the moment its probe is back,
 * and between connecting and then it listens to nothing. A message that is not the next one is a break in the middle:
 * the follower is told where it stood, goes on from before that message, and reads what lies between.
 */
import { randomBytes } from 'node:crypto';
import type { Cancel, Clock } from '../../core/clock.js';
import { encodeCursor } from '../../protocol/cursor.js';
import type { Cursor } from '../../protocol/cursor.js';
import { withCursor } from '../../protocol/frame-encoder.js';
import type { Delivery, LogFollower } from '../message-log.interface.js';
import { FIRST_NONCE, isSamePlace, toPlace } from './log-place.js';
import type { LogPlace } from './log-place.js';
import type { LogSecret } from './log-secret.js';
import { openFrame } from './log-wire.js';
import type { LogFrame, LogFrameProblem, SealedMessage } from './log-wire.js';
import { probeScript } from './probe-script.js';
import { RecentIds } from './recent-ids.js';
import type { RedisConnections } from './redis-connections.js';
import { unavailable } from './redis-failures.js';
import type { LineOwner, RedisLine } from './redis-line.js';
import { RedisScript } from './redis-script.js';
import type { ServerClock } from './server-clock.js';

/** Frames older than this are somebody's recording, or come from a node whose clock is of no use. */
const MAX_FRAME_AGE_MS = 10_000;

/** Even a line that looks well is asked so often whether messages still come over it. */
const PROBE_INTERVAL_MS = 10_000;
const PROBE_TIMEOUT_MS = 2_500;
const RETRY_MS = 100;

/** What the channel is made with. */
export interface LogChannelParts {
  readonly connections: RedisConnections;
  readonly clock: Clock;
  readonly serverClock: ServerClock;
  /** The one key that the others are derived from. */
  readonly root: string;
  readonly nodeId: string;
  readonly secret: LogSecret;
  /** The time for scripts as text; empty for the server's own. */
  readonly fixedNow: () => string;
  /** Finds what this node has sealed itself. */
  readonly recognise: (id: string, sealed: string) => SealedMessage | undefined;
  /** A message that this or another node published was delivered here. */
  readonly onDelivered: (id: string, delivery: Delivery) => void;
  /** Messages come from now on, or pass this node by. */
  readonly onFollowing: (isFollowing: boolean) => void;
}

interface Probe {
  resolve(): void;
  reject(cause: unknown): void;
  readonly cancel: Cancel;
}

const EVERYONE = (): boolean => true;

/** Why frames were dropped. */
export type DroppedFrames = Record<LogFrameProblem | 'stale' | 'replayed', number>;

/** Follows the log for one node. */
export class LogChannel implements LineOwner {
  /** Frames that were not listened to, by reason. */
  readonly dropped: DroppedFrames = { version: 0, forged: 0, truncated: 0, stale: 0, replayed: 0 };
  readonly channel: string;
  private readonly ownChannel: string;
  private readonly script: RedisScript;
  private readonly line: RedisLine;
  private readonly leaveLine: Cancel;
  private readonly probes = new Map<string, Probe>();
  private readonly recent = new RecentIds(2 * MAX_FRAME_AGE_MS);
  private readonly cancelProbes: Cancel;
  private place: LogPlace = { epoch: randomText(), nonce: FIRST_NONCE, number: 0 };
  private follower: LogFollower | undefined;
  private follows = false;
  private isClosed = false;
  private isDoubtful = false;

  constructor(private readonly parts: LogChannelParts) {
    const { connections, clock, root } = parts;
    this.channel = `${root}:channel`;
    this.ownChannel = `${root}:node:${parts.nodeId}`;
    this.script = new RedisScript(probeScript(connections.publishCommand));
    this.line = connections.lineOf(root);
    this.leaveLine = this.line.follow(this);
    this.cancelProbes = clock.every(PROBE_INTERVAL_MS, () => this.doubt());
  }

  /** Where this node stands; a place of no log before the first contact. */
  get position(): LogPlace {
    return this.place;
  }

  get isFollowing(): boolean {
    return this.follows;
  }

  follow(follower: LogFollower): void {
    this.follower = follower;
    if (!this.follows) follower.interrupted(this.cursor(), EVERYONE);
  }

  /** Resolves when this node has heard everything that was published before the call; rejects where it cannot be. */
  probe(isFirst = false): Promise<void> {
    const { connections, clock, serverClock, root, fixedNow } = this.parts;
    if (!connections.isReady || (!isFirst && !this.follows)) return Promise.reject(unavailable());
    const token = randomText();
    const { promise, resolve, reject } = withResolvers();
    const cancel = clock.after(PROBE_TIMEOUT_MS, () => this.settle(token, unavailable()));
    this.probes.set(token, { resolve, reject, cancel });
    const args = [fixedNow(), randomText(), this.ownChannel, token, isFirst ? '1' : '0'];
    this.script.run(connections.commands, root, args).then(
      (now) => serverClock.set(Number(now)),
      (cause: unknown) => this.settle(token, unavailable(cause)),
    );
    return promise;
  }

  onLineReady(): void {
    void this.begin();
  }

  onLineLost(): void {
    this.lose();
  }

  close(): void {
    this.isClosed = true;
    this.cancelProbes();
    this.leaveLine();
    for (const channel of [this.channel, this.ownChannel]) this.line.unsubscribe(channel);
    this.lose();
  }

  /** Subscribes, and asks where the log stands. What fails is tried again until the line is gone. */
  private async begin(): Promise<void> {
    const { connections, secret } = this.parts;
    try {
      await Promise.all([
        this.line.subscribe(this.channel, (message) => this.receiveMessage(message)),
        this.line.subscribe(this.ownChannel, (message) => this.receiveProbe(message)),
      ]);
      await secret.learn(connections.commands);
      return await this.probe(true);
    } catch {
      // The next attempt says whether it was for good.
    }
    this.parts.clock.after(RETRY_MS, () => {
      if (!this.isClosed && !this.follows && this.line.isReady) void this.begin();
    });
  }

  /** Asks whether messages still come; where the answer does not come over the line, neither do they. */
  private doubt(): void {
    if (!this.follows || this.isDoubtful || !this.parts.connections.isReady) return;
    const { connections, secret } = this.parts;
    this.isDoubtful = true;
    secret
      .learn(connections.commands)
      .then(() => this.probe())
      // Where commands fail too it is the server that is away, and the line is cut for that.
      .catch(() => connections.isReady && this.line.renew())
      .finally(() => (this.isDoubtful = false));
  }

  private lose(): void {
    for (const token of [...this.probes.keys()]) this.settle(token, unavailable());
    if (!this.follows) return;
    this.follows = false;
    this.follower?.interrupted(this.cursor(), EVERYONE);
    this.parts.onFollowing(false);
  }

  private settle(token: string, cause?: unknown): void {
    const probe = this.probes.get(token);
    if (!probe) return;
    this.probes.delete(token);
    probe.cancel();
    if (cause === undefined) probe.resolve();
    else probe.reject(cause);
  }

  private receiveProbe(message: string): void {
    const [token = '', epoch = '', number = '', nonce = ''] = message.split(' ');
    if (!this.probes.has(token)) return;
    const place = { epoch, nonce, number: Number(number) };
    if (!this.follows) this.goOnFrom(place);
    else if (!isSamePlace(place, this.place)) this.break(place);
    this.settle(token);
  }

  private receiveMessage(message: string): void {
    const { seal } = this.parts.secret;
    if (!this.follows || !seal) return;
    const frame = openFrame(seal, this.channel, message, this.parts.recognise);
    if (typeof frame === 'string') return this.drop(frame);
    const nowMs = this.parts.serverClock.now();
    if (Math.abs(nowMs - frame.atMs) > MAX_FRAME_AGE_MS) return this.drop('stale');
    if (!this.recent.add(frame.id, nowMs)) return this.drop('replayed');
    const { before, after } = stepOf(frame);
    if (!isSamePlace(before, this.place)) this.break(before);
    this.place = after;
    this.deliver(frame, Math.max(0, nowMs - frame.atMs));
  }

  private deliver({ id, text, target, isKept }: LogFrame, ageMs: number): void {
    if (!this.follower) return;
    const cursor = encodeCursor(this.cursor());
    const number = isKept ? this.place.number : 0;
    const logged = { text: withCursor(text, '', cursor), cursor, number, partition: 0, ageMs };
    this.parts.onDelivered(id, this.follower.deliver(logged, target));
  }

  /** A frame that is not listened to may have stood where a message was due, or the clocks have moved. */
  private drop(problem: keyof DroppedFrames): void {
    this.dropped[problem]++;
    if (problem !== 'replayed') this.doubt();
  }

  /** Something has passed by. The line is well, so it goes on from here at once. */
  private break(place: LogPlace): void {
    this.follows = false;
    this.follower?.interrupted(this.cursor(), EVERYONE);
    this.goOnFrom(place);
  }

  private goOnFrom(place: LogPlace): void {
    this.place = place;
    this.follows = true;
    this.parts.onFollowing(true);
    this.follower?.recovered();
  }

  private cursor(): Cursor {
    return [toPlace(this.place)];
  }
}

/** Where a node has to stand for the message to be the next one, and where it stands after it. */
function stepOf({ place, previousNonce, isKept }: LogFrame): { readonly before: LogPlace; readonly after: LogPlace } {
  if (!isKept) return { before: place, after: place };
  return { before: { ...place, nonce: previousNonce, number: place.number - 1 }, after: place };
}

/** Eight characters at random, 48 bits. */
function randomText(): string {
  return randomBytes(6).toString('base64url');
}

function withResolvers() {
  let resolve = (): void => {};
  let reject = (_cause: unknown): void => {};
  const promise = new Promise<void>((fulfil, refuse) => {
    resolve = fulfil;
    reject = refuse;
  });
  return { promise, resolve, reject };
}
