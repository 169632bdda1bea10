import type {
  Audience,
  Delivery,
  LogFollower,
  LoggedMessage,
  LogPage,
  MessageContent,
  MessageLog,
  MessageLogLimits,
  MessageRouting,
  ReplayRequest,
} from '../../src/backing/message-log.interface.js';
import type { MatchCount, Target } from '../../src/core/delivery-target.js';
import { OutgoingMessage } from '../../src/core/outgoing-message.js';
import type { Cursor } from '../../src/protocol/cursor.js';
import { hearFor } from '../support/hear-for.js';

/** A log to be judged, and the means to let its time pass. */
export interface MessageLogSubject {
  readonly log: MessageLog;
  /** The present of the log, milliseconds since the Unix epoch. */
  readonly nowMs: number;
  /** Moves the log's time forward. */
  advance(milliseconds: number): Promise<void> | void;
  /** Ends what the subject started. */
  close(): Promise<void> | void;
}

/** Makes an empty log with these limits, which begins anew each time. */
export type CreateMessageLog = (limits: MessageLogLimits) => Promise<MessageLogSubject> | MessageLogSubject;

/** Everyone. */
export const ALL: Target = { all: true };

/** Users. */
export function users(...names: readonly string[]): Target {
  return { users: names };
}

/** Groups. */
export function groups(...names: readonly string[]): Target {
  return { groups: names };
}

/** A node without connections that keeps what it is told. */
export class RecordingFollower implements LogFollower {
  /** In the order in which they were delivered. */
  readonly delivered: { readonly message: LoggedMessage; readonly target: Target }[] = [];
  /** Where it stood at each break, until it was over: `recovered`. */
  readonly breaks: (Cursor | 'recovered')[] = [];
  /** Where it stood when something was lost. */
  readonly misses: Cursor[] = [];

  deliver(message: LoggedMessage, target: Target): Delivery {
    this.delivered.push({ message, target });
    return {
      matched: { users: 1, connections: 2 },
      message: new OutgoingMessage(message.text, message.cursor, message.number, message.partition),
    };
  }

  interrupted(place: Cursor): void {
    this.breaks.push(place);
  }

  recovered(): void {
    this.breaks.push('recovered');
  }

  reaches(): boolean {
    return true;
  }

  match(): MatchCount {
    return { users: 1, connections: 2 };
  }

  missed(place: Cursor): void {
    this.misses.push(place);
  }
}

/** A log under test: sends and reads with little to say each time. */
export class LogProbe {
  readonly follower = new RecordingFollower();
  private count = 0;
  private readonly heard = new Map<string, Promise<void>>();

  constructor(readonly subject: MessageLogSubject) {
    subject.log.follow(this.follower);
  }

  get log(): MessageLog {
    return this.subject.log;
  }

  get position(): Cursor {
    return this.log.position;
  }

  /**
   * Publishes a message whose data is its count: 1, 2, 3, … Resolves with it as it was delivered: the node has somebody of
   * all whom it names.
   */
  send(target: Target, routing: Partial<MessageRouting> = {}, padding = ''): Promise<LoggedMessage> {
    const id = `n-${++this.count}`;
    const dataText = JSON.stringify({ count: this.count, padding });
    const content = { event: 'e', dataText, id, ts: '2026-01-01T00:00:00.000Z' };
    return this.publish(content, { target, store: 'history', ...routing });
  }

  /** Resolves when the node hears for all whom the target names. */
  async hearFor(target: Target): Promise<void> {
    const { users: names = [], groups: groupNames = [] } = target.all ? {} : target;
    const audiences = [{ userId: '7', groups: [] as string[] }];
    for (const userId of names) audiences.push({ userId, groups: [] });
    for (const group of groupNames) audiences.push({ userId: '7', groups: [group] });
    for (const audience of audiences) {
      const key = JSON.stringify(audience);
      const hearing = this.heard.get(key) ?? hearFor(this.log, audience);
      this.heard.set(key, hearing);
      await hearing;
    }
  }

  /** Publishes a message and resolves with it as it was delivered. */
  async publish(content: MessageContent, routing: MessageRouting): Promise<LoggedMessage> {
    await this.hearFor(routing.target);
    const { message } = await this.log.publish(content, routing);
    const { text, cursor = '', number, partition } = message;
    return { text, cursor, number, partition };
  }

  /** Sends so many of the same kind. */
  async sendMany(count: number, target: Target): Promise<void> {
    for (let index = 0; index < count; index++) await this.send(target);
  }

  /** Reads as user 7, without groups and in one page, unless told otherwise. */
  read(after: Cursor, request: Partial<ReplayRequest> & Partial<Audience> = {}): Promise<LogPage> {
    const { userId = '7', groups: readerGroups = [], ...bounds } = request;
    const audience = { userId, groups: readerGroups };
    return this.log.read({ after, audience, maxMessages: 10_000, maxBytes: 100_000_000, ...bounds });
  }

  /** The data of what is read, by its count. */
  async countsAfter(
    after: Cursor,
    request: Partial<ReplayRequest> & Partial<Audience> = {},
  ): Promise<readonly number[]> {
    return countsOf(await this.read(after, request));
  }
}

/** Which messages of a {@link LogProbe} a page holds. */
export function countsOf({ messages }: LogPage): readonly number[] {
  return messages.map(({ text }) => (JSON.parse(text) as { readonly data: { readonly count: number } }).data.count);
}
