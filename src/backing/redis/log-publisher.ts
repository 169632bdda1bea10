/**
 * Publishes: one script call, told again under the same id while nobody knows what became of it, and an end in time.
 *
 * A message is delivered on this node as on any other, when it comes over the channel; what it found here is matched to
 * the publish by its id. So a node delivers in the order of the log, its own messages too.
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../core/clock.js';
import type { Target } from '../../core/delivery-target.js';
import { OutgoingMessage } from '../../core/outgoing-message.js';
import type { PushError } from '../../core/push-error.js';
import { encodeMessage } from '../../protocol/frame-encoder.js';
import type { Delivery, MessageContent, MessageLogLimits, MessageRouting } from '../message-log.interface.js';
import type { LogSecret } from './log-secret.js';
import { sealMessage } from './log-wire.js';
import type { SealedMessage } from './log-wire.js';
import { publishScript } from './publish-script.js';
import { RandomIds } from './random-ids.js';
import type { RedisConnections } from './redis-connections.js';
import { isRefusal, publishUnknown, unavailable } from './redis-failures.js';
import { RedisScript } from './redis-script.js';
import type { FrameSeal } from './sealed-frame.js';
import type { ServerClock } from './server-clock.js';

/** A publish has ended by then: taken, refused, or unknown. */
const DEADLINE_MS = 2_000;

/** What is on its way or stuck in a server that stands still is not carried out later than this after its deadline. */
const GRACE_MS = 5_000;
const RETRY_MS = 25;

/** Most publishes that wait at a time; past it they are refused, so that a server that hangs does not fill the memory. */
const MAX_WAITING = 20_000;

/** What the publisher is made with. */
export interface LogPublisherParts {
  readonly connections: RedisConnections;
  readonly clock: Clock;
  readonly serverClock: ServerClock;
  readonly root: string;
  readonly channel: string;
  readonly secret: LogSecret;
  readonly limits: Required<Omit<MessageLogLimits, 'maxHistoryBytes'>>;
  /** How long it is remembered where targets lost messages. */
  readonly forgetMs: number;
  readonly fixedNow: () => string;
}

interface Waiting {
  /** Redis has said that it has the message. */
  isTaken: boolean;
  readonly deliver: (delivery: Delivery) => void;
  readonly giveUp: () => void;
  /** As it was sent last, by which it is known when it comes back. */
  sent: { readonly sealed: string; readonly message: SealedMessage } | undefined;
}

interface Draft {
  readonly id: string;
  /** The envelope with an empty cursor. */
  readonly text: string;
  readonly routing: MessageRouting;
  readonly seal: FrameSeal;
}

/** Publishes messages to the log in Redis. */
export class LogPublisher {
  private readonly script: RedisScript;
  private readonly waiting = new Map<string, Waiting>();
  private readonly ids = new RandomIds();
  private isFollowing = false;

  constructor(private readonly parts: LogPublisherParts) {
    const { limits, forgetMs, connections } = parts;
    this.script = new RedisScript(publishScript({ ...limits, forgetMs, publishCommand: connections.publishCommand }));
  }

  /** Resolves with what became of the message here; with nothing where it was taken but does not come here. */
  publish(content: MessageContent, routing: MessageRouting): Promise<Delivery> {
    const { connections, secret, clock } = this.parts;
    const { seal } = secret;
    if (!connections.isReady || !seal || this.waiting.size >= MAX_WAITING) return Promise.reject(unavailable());
    const id = this.ids.next();
    const text = encodeMessage({ ...content, cursor: '' });
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        cancel();
        this.waiting.delete(id);
        settle();
      };
      const deliver = (delivery: Delivery) => end(() => resolve(delivery));
      const giveUp = () => end(() => (waiting.isTaken ? resolve(nowhere(text)) : reject(publishUnknown())));
      const waiting: Waiting = { isTaken: false, deliver, giveUp, sent: undefined };
      const cancel = clock.after(DEADLINE_MS, giveUp);
      this.waiting.set(id, waiting);
      void this.send({ id, text, routing, seal }).then((failure) => {
        if (failure) return end(() => reject(failure));
        waiting.isTaken = true;
        if (!this.isFollowing) giveUp();
      });
    });
  }

  /** What this node has sealed itself and waits for. */
  recognise(id: string, sealed: string): SealedMessage | undefined {
    const sent = this.waiting.get(id)?.sent;
    return sent?.sealed === sealed ? sent.message : undefined;
  }

  /** A message came over the channel and was delivered. */
  delivered(id: string, delivery: Delivery): void {
    this.waiting.get(id)?.deliver(delivery);
  }

  /** Whether messages come over the channel. Where they do not, nobody waits for them to. */
  setFollowing(isFollowing: boolean): void {
    this.isFollowing = isFollowing;
    if (isFollowing) return;
    for (const { isTaken, giveUp } of [...this.waiting.values()]) if (isTaken) giveUp();
  }

  /** Ends what waits. */
  close(): void {
    for (const { giveUp } of [...this.waiting.values()]) giveUp();
  }

  /**
   * Has the message taken, or answers why not. Tries again, as one that may have been taken, as long as somebody waits
   * for it.
   */
  private async send(message: Draft): Promise<PushError | undefined> {
    const { connections } = this.parts;
    let mayBeTaken = false;
    let failure: unknown;
    while (this.waiting.has(message.id)) {
      if (!connections.isReady) {
        await sleep(RETRY_MS, undefined, { ref: false });
        continue;
      }
      try {
        if ((await this.attempt(message, mayBeTaken)) !== 'late') return undefined;
      } catch (cause) {
        // An answer to the first attempt says that nothing was done; to a later one it says nothing of the first.
        if (!isRefusal(cause)) mayBeTaken = true;
        else if (!mayBeTaken) return unavailable(cause);
        failure = cause;
        // A line that has just ended fails at once, and its end is not heard before the event loop has turned.
        await sleep(RETRY_MS, undefined, { ref: false });
        continue;
      }
      // The clock of the server was set meanwhile: whether it still knows the id cannot be told.
      if (mayBeTaken) break;
    }
    return publishUnknown(failure);
  }

  /** Calls the script once: `ok`, `known` where it was taken before, or `late`. */
  private async attempt({ id, text, routing, seal }: Draft, mayBeTaken: boolean): Promise<string> {
    const { connections, serverClock, root, channel, clock, fixedNow } = this.parts;
    const { target, expiresAtMs } = routing;
    const atMs = serverClock.now();
    const head = { id, atMs, target };
    const sealed = sealMessage(seal, channel, head, text);
    const waiting = this.waiting.get(id);
    if (waiting) waiting.sent = { sealed, message: { head, text } };
    const targets = routing.store === 'none' ? [] : targetsOf(target);
    const answer = await this.script.run(connections.commands, root, [
      fixedNow(),
      id.slice(0, 8),
      id,
      atMs + DEADLINE_MS + GRACE_MS,
      mayBeTaken ? '1' : '0',
      targets.length > 0 ? '1' : '0',
      expiresAtMs === undefined ? 0 : Math.max(1, Math.ceil(expiresAtMs - clock.now())),
      collapseIdOf(routing),
      target.except === undefined ? '' : JSON.stringify(target.except),
      sealed,
      Buffer.byteLength(text),
      ...targets,
    ]);
    const [verdict, nowMs] = answer as [string, string];
    serverClock.set(Number(nowMs));
    return verdict;
  }
}

/** Names of the lists that hold a message for its targets; none for one that names connections only. */
function targetsOf(target: Target): readonly string[] {
  if (target.all) return ['a'];
  const users = (target.users ?? []).map((name) => `u:${name}`);
  return users.concat((target.groups ?? []).map((name) => `g:${name}`));
}

/** Messages with other exceptions are for other readers: the newer one would not make up for the older. */
function collapseIdOf({ collapseKey, target: { except } }: MessageRouting): string {
  if (collapseKey === undefined) return '-';
  const names = JSON.stringify([collapseKey, except ?? null]);
  return createHash('sha256').update(names).digest('base64url').slice(0, 22);
}

function nowhere(text: string): Delivery {
  return { matched: { users: 0, connections: 0 }, message: new OutgoingMessage(text) };
}
