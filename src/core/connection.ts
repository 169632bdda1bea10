import { CLOSE_CODES, CloseCode } from '../protocol/close-codes.js';
import type { FlushScheduler } from './flush-scheduler.js';
import { Lane } from './flush-scheduler.js';
import { OutboundQueue } from './outbound-queue.js';
import type { QueueOwner } from './queue-owner.interface.js';
import { OutgoingMessage } from './outgoing-message.js';
import type { Principal } from './principal.js';
import type { Goodbye, Transport } from './transport.interface.js';

/** The connections of one user. */
export class UserConnections {
  /** The round of the fan-out that last counted this user; belongs to FanOut. */
  countedInRound = 0;
  private list: Connection[];

  constructor(first: Connection) {
    this.list = [first];
  }

  /** A list that is being walked over keeps those who leave meanwhile: nobody behind them is passed by. */
  get connections(): readonly Connection[] {
    return this.list;
  }

  add(connection: Connection): void {
    this.list.push(connection);
  }

  remove(connection: Connection): void {
    const index = this.list.indexOf(connection);
    if (index !== -1) this.list = this.list.toSpliced(index, 1);
  }
}

/** What a connection is made of. */
export interface ConnectionInit {
  readonly id: string;
  readonly principal: Principal;
  readonly transport: Transport;
  /** The peer's address, behind trusted proxies the client's. */
  readonly address: string;
  /** Grows from connection to connection of a process. */
  readonly serial: number;
  readonly nowMs: number;
  /** What the request that became the connection is known by; absent where it has no name. */
  readonly requestId?: string | undefined;
  /** Hears that the connection was closed from this side; its pipe may live on until the peer has answered. */
  readonly onClosed: (connection: Connection) => void;
}

/**
 * One live channel of a principal: who it is, its pipe, its queue and when the peer was last heard of. Ten thousands
 * of these idle in a process, so it holds no timer, no closure and no request.
 */
export class Connection implements QueueOwner {
  readonly id: string;
  readonly transport: Transport;
  readonly outbound: OutboundQueue;
  readonly address: string;
  readonly serial: number;
  readonly requestId: string | undefined;
  readonly connectedAtMs: number;
  /** When the peer was last heard of, milliseconds since the Unix epoch. */
  lastHeardAtMs: number;
  /** Whether what the peer sends is read at the moment; while it is not, its silence means nothing. */
  isRead = true;
  /** When the peer was asked for a sign of life that has not come yet, by the time of the sweep; 0 when none is awaited. */
  probedAtMs = 0;
  /** Whether the peer was told that its token is about to end. */
  isExpiryAnnounced = false;
  /** The user's other connections and this one; set while the connection is registered. */
  user: UserConnections | undefined;
  /** The round of the fan-out that last visited this connection; belongs to FanOut. */
  visitedInRound = 0;
  /** Revision of the memberships that were read for it, infinite where they were not yet; belongs to GroupService. */
  membershipsRevision = 0;
  private readonly onClosed: (connection: Connection) => void;
  private currentPrincipal: Principal;
  private closedWith: number | undefined;

  constructor(init: ConnectionInit, scheduler: FlushScheduler) {
    this.id = init.id;
    this.currentPrincipal = init.principal;
    this.transport = init.transport;
    this.outbound = new OutboundQueue(init.transport, scheduler, this);
    this.address = init.address;
    this.serial = init.serial;
    this.requestId = init.requestId;
    this.connectedAtMs = init.nowMs;
    this.lastHeardAtMs = init.nowMs;
    this.onClosed = init.onClosed;
  }

  get principal(): Principal {
    return this.currentPrincipal;
  }

  get userId(): string {
    return this.currentPrincipal.userId;
  }

  get isOpen(): boolean {
    return this.closedWith === undefined;
  }

  /** Whether it is yet to be read which groups the server holds its user in. */
  get areGroupsUnknown(): boolean {
    return this.membershipsRevision === Number.POSITIVE_INFINITY;
  }

  /** Why the connection was closed from this side; undefined while it is open. */
  get closeCode(): number | undefined {
    return this.closedWith;
  }

  /** A fresh token of the same user takes the place of the old one. */
  renew(principal: Principal): void {
    // One that ends no later was announced with the old one: to say it again would have the peer renew for ever.
    if (principal.expiresAtMs !== this.currentPrincipal.expiresAtMs) this.isExpiryAnnounced = false;
    this.currentPrincipal = principal;
  }

  /** The peer gave a sign of life. */
  heard(nowMs: number): void {
    this.lastHeardAtMs = nowMs;
    this.probedAtMs = 0;
  }

  /** Writes the first frame of the connection at once. Nothing can wait before it, so it needs no queue. */
  greet(text: string, cursor: string): void {
    const welcome = { text, byteLength: Buffer.byteLength(text), cursor, number: 0, partition: 0 };
    this.transport.write(this.transport.format.encode(welcome));
    this.outbound.releaseReplies();
  }

  /** Queues a frame for this connection alone; it does not wait for a flush window. */
  reply(text: string, cursor?: string): void {
    const message = new OutgoingMessage(text, cursor);
    message.recordQueued(1);
    if (this.outbound.enqueue(message, Lane.Reply) === 'overflow') this.close(CloseCode.SlowConsumer);
  }

  /**
   * Ends the connection from this side, once. What was queued before arrives before the close, except at a reader
   * that is too slow for it or no longer answers.
   */
  close(code: CloseCode): void;
  close(code: number, reason: string, goodbye?: Goodbye): void;
  close(code: number, reason: string = CLOSE_CODES[code as CloseCode].reason, goodbye?: Goodbye): void {
    // What it is due until now may be more than it had room for, which is an end of its own.
    this.outbound.catchUp();
    if (!this.isOpen) return;
    if (this.outbound.isTooSlow && code !== CloseCode.SlowConsumer) {
      this.tooSlow();
      return;
    }
    this.closedWith = code;
    const isPeerGone = code === CloseCode.SlowConsumer || code === CloseCode.HeartbeatMissed;
    this.outbound.close(isPeerGone ? 'drop' : 'deliver');
    this.transport.close(code, reason, goodbye);
    this.onClosed(this);
  }

  /** The queue has no room for a message for everyone. */
  tooSlow(): void {
    this.close(CloseCode.SlowConsumer);
  }

  /** The pipe is gone, whoever ended it. */
  ended(): void {
    this.closedWith ??= CloseCode.GoingAway;
    this.outbound.close('drop');
  }
}
