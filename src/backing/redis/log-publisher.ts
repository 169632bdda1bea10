/**
 * Publishes: one script call, told again under the same id while nobody knows what became of it, and an end in time.
 *
 * A message is delivered on this node as on any other, when it comes over its channel; what it found here is matched to
 * the publish by its id. So a node delivers in the order of the log, its own messages too. Where this node does not
 * follow the channel there is nothing to wait for: nobody here is meant, or they are about to read it.
 *
 * Publishes end in the order in which they began to wait, so one timer does for all of them.
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cancel, Clock } from '../../core/clock.js';
import { OutgoingMessage } from '../../core/outgoing-message.js';
import type { PushError } from '../../core/push-error.js';
import type { MatchCount, Target } from '../../core/delivery-target.js';
import { identityOfExclusion } from '../../core/target-identity.js';
import { encodeMessage } from '../../protocol/frame-encoder.js';
import type { Delivery, MessageContent, MessageLogLimits, MessageRouting } from '../message-log.interface.js';
import { FleetingMap } from './fleeting-map.js';
import type { LogPartition } from './log-partition.js';
import { listsOf, routeOf } from './log-routes.js';
import type { LogSecret } from './log-secret.js';
import { NOT_COLLAPSED, sealMessage, sealedOf } from './log-wire.js';
import type { LogHeader, SealedMessage } from './log-wire.js';
import type { PartitionPosition } from './partition-position.js';
import { publishScript } from './publish-script.js';
import { RandomIds } from './random-ids.js';
import type { RedisConnections } from './redis-connections.js';
import { isRefusal, publishUnknown, unavailable } from './redis-failures.js';
import { RedisScript } from './redis-script.js';
import { RefusedPublishes } from './refused-publishes.js';
import type { FrameSeal } from './sealed-frame.js';
import type { ServerClock } from './server-clock.js';

/** A publish has ended by then: taken, refused, or unknown. */
const DEADLINE_MS = 2_000;

/** What is on its way or stuck in a server that stands still is not carried out later than this after its deadline. */
const GRACE_MS = 5_000;
const RETRY_MS = 25;

/** Most publishes that wait at a time; past it they are refused, so that a server that hangs does not fill the memory. */
const MAX_WAITING = 20_000;

const NO_LISTS: readonly string[] = [];

/** What the publisher is made with. */
export interface LogPublisherParts {
  readonly connections: RedisConnections;
  readonly clock: Clock;
  readonly serverClock: ServerClock;
  readonly secret: LogSecret;
  readonly limits: Required<Omit<MessageLogLimits, 'maxHistoryBytes'>>;
  /** How long it is remembered where targets lost messages. */
  readonly forgetMs: number;
  /** How long it is remembered that a message was taken which may be sent again. */
  readonly onceMs: number;
  readonly fixedNow: () => string;
  /** Whom a message for this target finds here now. */
  readonly match: (target: Target) => MatchCount;
}

/** A partition as the publisher sees it. */
export type PublishedPartition = Pick<LogPartition, 'root' | 'channel' | 'wireNameOf'> & {
  readonly position: Pick<PartitionPosition, 'hasReached'>;
};

/** A publish under way. */
interface Waiting {
  readonly id: string;
  readonly partition: PublishedPartition;
  readonly channel: string;
  /** The envelope with an empty cursor. */
  readonly text: string;
  readonly routing: MessageRouting;
  /** The lists that keep it; none where it is not kept. */
  readonly lists: readonly string[];
  readonly seal: FrameSeal;
  readonly traceparent: string | undefined;
  readonly endsAtMs: number;
  readonly resolve: (delivery: Delivery) => void;
  readonly reject: (failure: PushError) => void;
  /** Redis has said that it has the message. */
  isTaken: boolean;
  /** As it was sent last, by which it is known when it comes back. */
  sealed: string;
  sent: SealedMessage | undefined;
}

/** Publishes messages to the log in Redis. */
export class LogPublisher {
  private readonly script: RedisScript;
  private readonly waiting = new FleetingMap<Waiting>();
  private readonly ids = new RandomIds();
  private readonly refusals: RefusedPublishes<PublishedPartition>;
  private cancelSweep: Cancel | undefined;

  constructor(
    private readonly parts: LogPublisherParts,
    private readonly partitions: readonly PublishedPartition[],
  ) {
    const { limits, forgetMs, connections, clock } = parts;
    this.refusals = new RefusedPublishes(clock);
    this.script = new RedisScript(publishScript({ ...limits, forgetMs, publishCommand: connections.publishCommand }));
  }

  /** Why Redis takes no messages now, as it said; undefined where it does. */
  get refusal(): unknown {
    return this.refusals.cause;
  }

  /** Resolves with what became of the message here; where it was taken but does not come here, with whom it is for. */
  publish(content: MessageContent, routing: MessageRouting): Promise<Delivery> {
    const { connections, secret } = this.parts;
    const { seal } = secret;
    const route = routeOf(routing.target, this.partitions.length);
    const partition = this.partitions[route.partition];
    if (!connections.isReady || !seal || !partition || this.waiting.size >= MAX_WAITING) {
      // Without a seal it may be that Redis refuses what leads to it.
      return Promise.reject(unavailable(connections.refusal?.cause));
    }
    const id = routing.onceId ?? this.ids.next();
    // The same request is at it already; nobody knows yet what becomes of it.
    if (this.waiting.has(id)) return Promise.reject(unavailable());
    const { channel } = route;
    // Member by member, here and below: to copy an object costs more than all else that is done here.
    const { event, dataText, id: messageId, ts, from, traceparent } = content;
    const text = encodeMessage({ event, dataText, id: messageId, cursor: '', ts, from });
    const endsAtMs = performance.now() + DEADLINE_MS;
    return new Promise((resolve, reject) => {
      const lists = routing.store === 'none' ? NO_LISTS : listsOf(routing.target);
      const waiting: Waiting = {
        id,
        partition,
        channel,
        text,
        routing,
        lists,
        seal,
        traceparent,
        endsAtMs,
        resolve,
        reject,
        isTaken: false,
        sealed: '',
        sent: undefined,
      };
      this.waiting.set(id, waiting);
      this.cancelSweep ??= this.parts.clock.after(DEADLINE_MS, () => this.sweep());
      this.attempt(waiting, false);
    });
  }

  /** What this node has sealed itself and waits for. */
  recognise(header: LogHeader): SealedMessage | undefined {
    const waiting = this.waiting.get(header.id);
    return waiting && waiting.sealed === sealedOf(header) ? waiting.sent : undefined;
  }

  /** A message came over its channel and was delivered. */
  delivered(id: string, delivery: Delivery): void {
    const waiting = this.waiting.get(id);
    if (waiting) this.end(waiting).resolve(delivery);
  }

  /** The channels of this partition, or only the one, are not followed any more: nobody waits for messages on them. */
  stopWaiting(partition: PublishedPartition, channel?: string): void {
    for (const waiting of [...this.waiting.values()]) {
      const isMeant = waiting.partition === partition && (channel === undefined || waiting.channel === channel);
      if (isMeant && waiting.isTaken) this.giveUp(waiting);
    }
  }

  /** Ends what waits. */
  close(): void {
    this.cancelSweep?.();
    for (const waiting of [...this.waiting.values()]) this.giveUp(waiting);
  }

  /** `answer`: what the script said, the time, and the place of the message, or of the newest one where it is not kept. */
  private answered(waiting: Waiting, answer: readonly string[], askedAtMs: number, mayBeTaken: boolean): void {
    const [verdict, nowMs, number, nonce = '', epoch = ''] = answer;
    this.parts.serverClock.learn(Number(nowMs), askedAtMs);
    if (!this.isWaiting(waiting)) return;
    if (verdict === 'late') {
      // The clock of the server was set meanwhile: whether it still knows the id of an earlier attempt cannot be told.
      if (mayBeTaken) this.end(waiting).reject(publishUnknown());
      else void this.retry(waiting, false);
      return;
    }
    waiting.isTaken = true;
    this.refusals.taken(waiting.partition);
    const place = { epoch, nonce, number: Number(number) };
    if (verdict === 'ok') waiting.partition.position.hasReached(place);
    const followed = waiting.partition.channel(waiting.channel);
    // An earlier send of the same request was taken: the message came then, and comes no more.
    const isOver = verdict === 'known' && !mayBeTaken;
    // It is still to come only if the channel was followed before it was published.
    const isMissed = verdict === 'ok' && isBehind(waiting, place.number, followed?.firstNumber ?? 0);
    if (!followed?.isFollowed || isOver || isMissed) this.giveUp(waiting);
  }

  private failed(waiting: Waiting, cause: unknown, mayBeTaken: boolean): void {
    if (!this.isWaiting(waiting)) return;
    // An answer to the first attempt says that nothing was done; to a later one it says nothing of the first.
    if (isRefusal(cause)) this.refusals.refused(waiting.partition, cause);
    if (isRefusal(cause) && !mayBeTaken) this.end(waiting).reject(unavailable(cause));
    else void this.retry(waiting, mayBeTaken || !isRefusal(cause));
  }

  /** Tries again, as one that may have been taken where that is so, as long as somebody waits for it. */
  private async retry(waiting: Waiting, mayBeTaken: boolean): Promise<void> {
    // A line that has just ended fails at once, and its end is not heard before the event loop has turned.
    do await sleep(RETRY_MS, undefined, { ref: false });
    while (this.isWaiting(waiting) && !this.parts.connections.isReady);
    if (this.isWaiting(waiting)) this.attempt(waiting, mayBeTaken);
  }

  /** Calls the script once: `ok`, `known` where it was taken before, or `late`. */
  private attempt(waiting: Waiting, mayBeTaken: boolean): void {
    const { connections, serverClock, clock, fixedNow } = this.parts;
    const { id, partition, channel, text, routing, lists, seal, traceparent } = waiting;
    const { target, expiresAtMs } = routing;
    const askedAtMs = performance.now();
    const atMs = serverClock.now();
    const lifeMs = expiresAtMs === undefined ? undefined : Math.max(1, Math.ceil(expiresAtMs - clock.now()));
    const collapseId = collapseIdOf(routing);
    const head = { id, atMs, lifeMs, target, collapseId, traceparent };
    const sealed = sealMessage(seal, partition.wireNameOf(channel), head, text);
    waiting.sealed = sealed;
    waiting.sent = { head, text };
    const args = [
      fixedNow(),
      id.slice(0, 8),
      id,
      atMs + DEADLINE_MS + GRACE_MS,
      routing.onceId === undefined ? (mayBeTaken ? '1' : '0') : `once ${this.parts.onceMs}`,
      lists.length > 0 ? '1' : '0',
      lifeMs ?? 0,
      collapseId,
      target.except === undefined ? '' : JSON.stringify(target.except),
      sealed,
      Buffer.byteLength(text),
      channel,
      ...lists,
    ];
    const answered = (answer: unknown) => this.answered(waiting, answer as string[], askedAtMs, mayBeTaken);
    const failed = (cause: unknown) => this.failed(waiting, cause, mayBeTaken);
    this.script.call(connections.commands, partition.root, args, answered, failed);
  }

  private isWaiting({ id }: Waiting): boolean {
    return this.waiting.has(id);
  }

  private end(waiting: Waiting): Waiting {
    this.waiting.delete(waiting.id);
    return waiting;
  }

  private giveUp(waiting: Waiting): void {
    const { isTaken, text, routing, resolve, reject } = this.end(waiting);
    if (isTaken) resolve(passedBy(text, this.parts.match(routing.target)));
    else reject(publishUnknown());
  }

  /** Gives up those whose time is over. They are the oldest. */
  private sweep(): void {
    this.cancelSweep = undefined;
    const nowMs = performance.now();
    for (const waiting of this.waiting.values()) {
      if (waiting.endsAtMs > nowMs) {
        this.cancelSweep = this.parts.clock.after(Math.ceil(waiting.endsAtMs - nowMs), () => this.sweep());
        return;
      }
      this.giveUp(waiting);
    }
  }
}

/** Whether the message was published before this node followed its channel. */
function isBehind({ lists }: Waiting, number: number, firstNumber: number): boolean {
  return lists.length > 0 && number <= firstNumber;
}

/** Messages with other exceptions are for other readers: the newer one would not make up for the older. */
function collapseIdOf({ collapseKey, target: { except } }: MessageRouting): string {
  if (collapseKey === undefined) return NOT_COLLAPSED;
  const names = JSON.stringify([collapseKey, identityOfExclusion(except)]);
  return createHash('sha256').update(names).digest('base64url').slice(0, 22);
}

/** Whoever is here and is to have it has it read, or has had it. */
function passedBy(text: string, matched: MatchCount): Delivery {
  const message = new OutgoingMessage(text);
  if (matched.connections === 0) return { matched, message };
  message.recordQueued(matched.connections);
  return { matched, message, comesByReading: true };
}
