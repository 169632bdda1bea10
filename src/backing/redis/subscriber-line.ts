/**
 * A line over whichever connection it is attached to. Attached it is ready, detached it is lost.
 *
 * A subscription takes a round trip, so those of one turn of the event loop go together, as a command for each batch.
 */
import type { Cancel } from '../../core/clock.js';
import { unavailable } from './redis-failures.js';
import type { ChannelHandler, LineOwner, RedisLine } from './redis-line.js';

/** What a line needs of a connection. */
export interface LineCarrier {
  /** Resolves when the server has confirmed all of them. */
  subscribe(channels: readonly string[]): Promise<void>;
  unsubscribe(channels: readonly string[]): void;
  /** Cuts the connection and connects anew. */
  renew(): void;
}

/** Channels that go in one command. */
const BATCH_CHANNELS = 512;

interface Waiting {
  resolve(): void;
  reject(cause: unknown): void;
}

/** A line and its channels. */
export class SubscriberLine implements RedisLine {
  private carrier: LineCarrier | undefined;
  private readonly owners = new Set<LineOwner>();
  private readonly handlers = new Map<string, ChannelHandler>();
  /** To be subscribed and to be unsubscribed at the end of this turn. No channel is in both. */
  private readonly wanted = new Map<string, Waiting[]>();
  private readonly unwanted = new Set<string>();
  private flush: NodeJS.Immediate | undefined;

  get isReady(): boolean {
    return this.carrier !== undefined;
  }

  /** Whether anybody has use for this line. */
  get isOwned(): boolean {
    return this.owners.size > 0;
  }

  follow(owner: LineOwner): Cancel {
    this.owners.add(owner);
    // Soon and not at once: the owner may still be in the making.
    queueMicrotask(() => this.isReady && this.owners.has(owner) && owner.onLineReady());
    return () => void this.owners.delete(owner);
  }

  subscribe(channel: string, handler: ChannelHandler): Promise<void> {
    if (!this.carrier) return Promise.reject(unavailable());
    this.handlers.set(channel, handler);
    this.unwanted.delete(channel);
    return new Promise((resolve, reject) => {
      const waiting = this.wanted.get(channel) ?? [];
      waiting.push({ resolve, reject });
      this.wanted.set(channel, waiting);
      this.flush ??= setImmediate(() => this.flushNow());
    });
  }

  unsubscribe(channel: string): void {
    if (!this.handlers.delete(channel)) return;
    for (const { reject } of this.wanted.get(channel) ?? []) reject(unavailable());
    this.wanted.delete(channel);
    this.unwanted.add(channel);
    this.flush ??= setImmediate(() => this.flushNow());
  }

  renew(): void {
    this.carrier?.renew();
  }

  /** A message came over the connection. */
  receive(channel: string, message: Buffer): void {
    this.handlers.get(channel)?.(message);
  }

  /** The line is carried by this connection from now on, on which it has no channels yet. */
  attach(carrier: LineCarrier): void {
    this.detach();
    this.carrier = carrier;
    for (const owner of [...this.owners]) owner.onLineReady();
  }

  /** Messages pass by. The channels on the connection are gone with it, or are its owner's to end. */
  detach(): void {
    if (!this.carrier) return;
    this.carrier = undefined;
    if (this.flush) clearImmediate(this.flush);
    this.flush = undefined;
    this.handlers.clear();
    this.unwanted.clear();
    for (const waiting of this.wanted.values()) for (const { reject } of waiting) reject(unavailable());
    this.wanted.clear();
    for (const owner of [...this.owners]) owner.onLineLost();
  }

  private flushNow(): void {
    this.flush = undefined;
    const { carrier } = this;
    if (!carrier) return;
    for (const channels of inBatches([...this.unwanted])) carrier.unsubscribe(channels);
    this.unwanted.clear();
    for (const batch of inBatches([...this.wanted])) {
      const waiting = batch.flatMap(([, each]) => each);
      carrier.subscribe(batch.map(([channel]) => channel)).then(
        () => {
          for (const { resolve } of waiting) resolve();
        },
        (cause: unknown) => {
          for (const { reject } of waiting) reject(unavailable(cause));
        },
      );
    }
    this.wanted.clear();
  }
}

function* inBatches<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let index = 0; index < items.length; index += BATCH_CHANNELS) yield items.slice(index, index + BATCH_CHANNELS);
}
