/**
 * Puts one message into the queues of all it is for, each once, and counts them. Synchronous: when it returns, every
 * recipient has the message at its place in its queue, so nothing that comes later can overtake it. What is for everyone
 * is put down once for all of them. The bytes leave afterwards, by the flush scheduler.
 */
import { CloseCode } from '../protocol/close-codes.js';
import type { Connection } from './connection.js';
import type { ConnectionRegistry } from './connection-registry.js';
import type { DeliveryObserver } from './delivery-observer.interface.js';
import type { Exclusion, MatchCount, Target, TargetSome } from './delivery-target.js';
import { Lane } from './flush-scheduler.js';
import type { FlushScheduler } from './flush-scheduler.js';
import type { OutgoingMessage } from './outgoing-message.js';
import { PushCounters } from './push-counters.js';

/** Up to so many recipients are flushed before larger fan-outs that are under way. */
const FEW_RECIPIENTS = 64;

/** Routes messages by the registry. */
export class FanOut {
  /** Hears of every message that is routed; set while somebody watches. */
  observer: DeliveryObserver | undefined;
  private round = 0;

  constructor(
    private readonly registry: ConnectionRegistry,
    private readonly scheduler: FlushScheduler,
    private readonly counters = new PushCounters(),
  ) {}

  /** Queues the message, which was sent `ageMs` ago, for everyone the target matches. */
  deliver(message: OutgoingMessage, target: Target, ageMs = 0): MatchCount {
    const { counters } = this;
    message.countIn(counters, ageMs);
    if (this.isForMany(target)) return this.broadcast(message);
    const recipients = this.recipientsOf(target);
    const offer = new Offer(message, recipients.count > FEW_RECIPIENTS ? Lane.Many : Lane.Few);
    const { connections } = recipients;
    // Two loops, so that each knows what it walks over; one for any kind of list would be slower for all.
    if (Array.isArray(connections)) for (const connection of connections as Connection[]) offer.to(connection);
    else for (const connection of connections) offer.to(connection);
    const { queued, skipped, expired, slow } = offer;
    message.recordQueued(queued);
    counters.messages++;
    counters.matched += recipients.count;
    if (slow.length > 0) counters.dropped.add('overflow', slow.length);
    if (skipped > 0) counters.dropped.add('skipped', skipped);
    if (expired > 0) counters.dropped.add('expired', expired);
    const gone = recipients.count - queued - skipped - expired - slow.length;
    if (gone > 0) counters.dropped.add('closed', gone);
    this.observer?.delivered(message, target, {
      matched: recipients.count,
      dropped: { overflow: slow.length, skipped, expired, closed: Math.max(0, gone) },
    });
    // Closing changes the registry, so it waits until the walk over it is done.
    for (const connection of slow) {
      connection.outbound.trace?.dropped(message, 'overflow');
      connection.close(CloseCode.SlowConsumer);
    }
    return { users: recipients.users, connections: recipients.count };
  }

  /** Whether there are recipients who leave with the message. */
  get hasPolls(): boolean {
    return this.registry.hasPolls;
  }

  /** Whether the target names anybody here, exceptions aside. */
  reaches(target: Target): boolean {
    const { registry } = this;
    if (target.all) return registry.size > 0;
    const { users, groups, connections } = target;
    if (users?.some((user) => registry.ofUser(user).length > 0)) return true;
    if (groups?.some((group) => registry.ofGroup(group).size > 0)) return true;
    return connections?.some((id) => registry.find(id) !== undefined) ?? false;
  }

  /** Who the target matches, without sending anything. */
  match(target: Target): MatchCount {
    const { users, count } = this.recipientsOf(target);
    return { users, connections: count };
  }

  /** The users of those the target matches; one of several connections comes several times. */
  *userIdsOf(target: Target): Generator<string> {
    for (const { userId } of this.recipientsOf(target).connections) yield userId;
  }

  /** The connections that the target matches, without sending anything. To be gone through at once. */
  recipients(target: Target): Iterable<Connection> {
    return this.recipientsOf(target).connections;
  }

  /** Whether it is for everyone, who are many, and nobody wants to hear of each. */
  private isForMany({ all, except }: Target): boolean {
    return all === true && !except && !this.observer && this.registry.size > FEW_RECIPIENTS;
  }

  private broadcast(message: OutgoingMessage): MatchCount {
    const { counters, registry } = this;
    const { broadcasts, size: connections, userCount: users } = registry;
    message.recordQueued(connections);
    counters.messages++;
    counters.matched += connections;
    broadcasts.add(message);
    this.scheduler.schedule(broadcasts, Lane.Many);
    return { users, connections };
  }

  private recipientsOf(target: Target): Recipients {
    if (target.all) {
      if (!target.except) return everyone(this.registry);
      const round = this.beginRound(target.except);
      const isMeant = (connection: Connection) =>
        connection.visitedInRound !== round && !mayBeSpared(connection, target);
      return this.gathered([...this.registry.all()].filter(isMeant));
    }
    const only = onlyMember(target);
    if (only?.user !== undefined) return ofOneUser(this.registry.ofUser(only.user));
    if (only?.group !== undefined) {
      const members = this.registry.ofGroup(only.group);
      return { connections: members, count: members.size, users: this.countUsers(members) };
    }
    return this.gathered(this.union(target));
  }

  /** Begins a walk on which each connection is visited once, and visits the exceptions beforehand. */
  private beginRound(except: Exclusion | undefined): number {
    const round = ++this.round;
    if (except) this.visit(except, round, undefined);
    return round;
  }

  private union(target: TargetSome): Connection[] {
    const connections: Connection[] = [];
    this.visit(target, this.beginRound(target.except), connections);
    return target.except ? connections.filter((connection) => !mayBeSpared(connection, target)) : connections;
  }

  private visit({ users, groups, connections }: Exclusion, round: number, into: Connection[] | undefined): void {
    const visitOne = (connection: Connection | undefined) => {
      if (!connection || connection.visitedInRound === round) return;
      connection.visitedInRound = round;
      into?.push(connection);
    };
    for (const user of users ?? []) this.registry.ofUser(user).forEach(visitOne);
    for (const group of groups ?? []) this.registry.ofGroup(group).forEach(visitOne);
    for (const id of connections ?? []) visitOne(this.registry.find(id));
  }

  private gathered(connections: readonly Connection[]): Recipients {
    return { connections, count: connections.length, users: this.countUsers(connections) };
  }

  private countUsers(connections: Iterable<Connection>): number {
    const round = ++this.round;
    let users = 0;
    for (const { user } of connections) {
      if (!user || user.countedInRound === round) continue;
      user.countedInRound = round;
      users++;
    }
    return users;
  }
}

/** One message on its walk over its recipients. */
class Offer {
  queued = 0;
  skipped = 0;
  expired = 0;
  /** Those that are too slow for it. */
  readonly slow: Connection[] = [];

  constructor(
    private readonly message: OutgoingMessage,
    private readonly lane: Lane,
  ) {}

  to(connection: Connection): void {
    const verdict = connection.outbound.enqueue(this.message, this.lane);
    if (verdict === 'queued') this.queued++;
    else if (verdict === 'overflow') this.slow.push(connection);
    else if (verdict === 'skipped') this.skipped++;
    else if (verdict === 'expired') this.expired++;
  }
}

interface Recipients {
  readonly connections: Iterable<Connection>;
  readonly count: number;
  readonly users: number;
}

/** Whether it may be in a group that is an exception, which is not known yet. What is kept it reads when that is. */
function mayBeSpared({ areGroupsUnknown }: Connection, { except }: Target): boolean {
  return areGroupsUnknown && (except?.groups?.length ?? 0) > 0;
}

function everyone(registry: ConnectionRegistry): Recipients {
  return { connections: registry.all(), count: registry.size, users: registry.userCount };
}

function ofOneUser(connections: readonly Connection[]): Recipients {
  return { connections, count: connections.length, users: connections.length > 0 ? 1 : 0 };
}

/** The one user or group that the target names, if it names nothing else. */
function onlyMember({ users, groups, connections, except }: TargetSome): { user?: string; group?: string } | undefined {
  if (except || (connections && connections.length > 0)) return undefined;
  const [user, secondUser] = users ?? [];
  const [group, secondGroup] = groups ?? [];
  if (user !== undefined && secondUser === undefined && group === undefined) return { user };
  if (group !== undefined && secondGroup === undefined && user === undefined) return { group };
  return undefined;
}
