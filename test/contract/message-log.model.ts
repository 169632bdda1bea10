/**
 * A log as naive as can be, to hold real ones against: one array of all messages, nothing indexed, everything worked out
 * anew at each question. It knows no limit of bytes; a log that has one may hold less than this and must say so.
 */
import type { Audience, MessageRouting, ReplayRequest } from '../../src/backing/message-log.interface.js';
import type { Target } from '../../src/core/delivery-target.js';

/** A message as the model remembers it. */
export interface ModelMessage {
  readonly number: number;
  readonly text: string;
  readonly storedAtMs: number;
  readonly routing: MessageRouting;
}

/** What the model keeps. */
export interface ModelLimits {
  readonly historyCount: number;
  readonly historyAllCount: number;
  readonly historySeconds: number;
}

/** What the model says of one read. */
export interface ModelAnswer {
  /** What is held after the place and may be seen, as many as there are. */
  readonly held: readonly ModelMessage[];
  /** What a reader that knows of no gap must have been given, held or not. */
  readonly owed: readonly ModelMessage[];
  /** Up to where something was lost by count or age to one of the reader's targets, seen or not. */
  readonly lostThrough: number;
}

/** Remembers every message for good. */
export class MessageLogModel {
  private readonly messages: ModelMessage[] = [];

  constructor(private readonly limits: ModelLimits) {}

  add(message: ModelMessage): void {
    this.messages.push(message);
  }

  /** What a reader should find after a number. */
  answer({ userId, groups }: Audience, after: number, nowMs: number): ModelAnswer {
    const held = new Set<ModelMessage>();
    const current = new Set<ModelMessage>();
    let lostThrough = 0;
    for (const key of ['all', `user ${userId}`, ...[...groups].map((group) => `group ${group}`)]) {
      const list = this.messages.filter((message) => keysOf(message.routing.target).has(key));
      const kept = this.keptOf(list, key === 'all' ? this.limits.historyAllCount : this.limits.historyCount, nowMs);
      for (const message of kept.messages) held.add(message);
      for (const message of list) if (!isReplaced(message, list)) current.add(message);
      lostThrough = Math.max(lostThrough, kept.lostThrough);
    }
    const isOwed = (message: ModelMessage) =>
      message.number > after && mayBeSeen(message, userId, new Set(groups), nowMs);
    return { held: inOrder(held).filter(isOwed), owed: inOrder(current).filter(isOwed), lostThrough };
  }

  /** The list as it is after each of its messages has come in its turn. */
  private keptOf(list: readonly ModelMessage[], maxCount: number, nowMs: number) {
    let messages: readonly ModelMessage[] = [];
    let lostThrough = 0;
    const lose = (isLost: (message: ModelMessage, index: number) => boolean) => {
      lostThrough = Math.max(lostThrough, ...messages.filter(isLost).map(({ number }) => number));
      messages = messages.filter((message, index) => !isLost(message, index));
    };
    for (const message of list) {
      lose((older) => this.isOld(older, message.storedAtMs));
      messages = [...messages.filter((older) => !replaces(message, older)), message];
      lose((_, index) => index < messages.length - maxCount);
    }
    lose((older) => this.isOld(older, nowMs));
    return { messages, lostThrough };
  }

  private isOld({ storedAtMs }: ModelMessage, nowMs: number): boolean {
    return storedAtMs + this.limits.historySeconds * 1000 <= nowMs;
  }
}

/** What fits one page of these messages. */
export function pageOf(
  held: readonly ModelMessage[],
  { maxMessages, maxBytes }: ReplayRequest,
): readonly ModelMessage[] {
  let bytes = 0;
  const end = held.findIndex(({ text }, index) => {
    bytes += Buffer.byteLength(text);
    return index > 0 && (index >= maxMessages || bytes > maxBytes);
  });
  return end === -1 ? held : held.slice(0, end);
}

function keysOf(target: Target): ReadonlySet<string> {
  if (target.all) return new Set(['all']);
  const { users = [], groups = [] } = target;
  return new Set([...users.map((name) => `user ${name}`), ...groups.map((name) => `group ${name}`)]);
}

function replaces(newer: ModelMessage, older: ModelMessage): boolean {
  const { collapseKey, target } = newer.routing;
  return (
    collapseKey !== undefined &&
    collapseKey === older.routing.collapseKey &&
    sparedBy(target) === sparedBy(older.routing.target)
  );
}

/** An exception of nobody is none, and order says nothing. */
function sparedBy({ except }: Target): string {
  return JSON.stringify(
    [except?.users, except?.groups, except?.connections].map((names) => [...(names ?? [])].toSorted()),
  );
}

function isReplaced(message: ModelMessage, list: readonly ModelMessage[]): boolean {
  return list.some((newer) => newer.number > message.number && replaces(newer, message));
}

function mayBeSeen({ routing }: ModelMessage, userId: string, groups: ReadonlySet<string>, nowMs: number): boolean {
  const { target, expiresAtMs } = routing;
  if (expiresAtMs !== undefined && expiresAtMs <= nowMs) return false;
  if (target.except?.users?.includes(userId)) return false;
  return !target.except?.groups?.some((group) => groups.has(group));
}

function inOrder(messages: Iterable<ModelMessage>): ModelMessage[] {
  return [...messages].toSorted((one, other) => one.number - other.number);
}
