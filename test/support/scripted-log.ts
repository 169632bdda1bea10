import type {
  Audience,
  LoggedMessage,
  LogPage,
  MessageLog,
  ReplayRequest,
} from '../../src/backing/message-log.interface.js';
import type { AddresseeKind } from '../../src/core/connection-registry.js';
import type { Cursor } from '../../src/protocol/cursor.js';
import { encodeCursor } from '../../src/protocol/cursor.js';

const EPOCH = 'epoch';

/** The place after so many messages of a scripted log. */
export function at(number: number): Cursor {
  return [{ epoch: EPOCH, number }];
}

/** The same as text. */
export function cursorAt(number: number): string {
  return encodeCursor(at(number));
}

/** A log that answers each read when the test says so. Its messages are named m1, m2 and so on by their numbers. */
export class ScriptedLog implements MessageLog {
  position = at(0);
  isFollowing = true;
  /** What was asked for, oldest first. */
  readonly reads: ReplayRequest[] = [];
  private readonly answers: ((page: LogPage | Error) => void)[] = [];

  /** Users and groups that the node is about to hear for. */
  readonly unheard = new Set<string>();
  private readonly news: (() => void)[] = [];
  /** Whom this node attends, in the order in which that began. */
  readonly attended: string[] = [];

  follow(): void {}

  attend(kind: AddresseeKind, name: string): void {
    this.attended.push(`${kind} ${name}`);
  }

  leave(kind: AddresseeKind, name: string): void {
    this.attended.splice(this.attended.indexOf(`${kind} ${name}`), 1);
  }

  hears({ userId, groups }: Audience): boolean | Promise<void> {
    if (!this.isFollowing) return false;
    if (![userId, ...groups].some((name) => this.unheard.has(name))) return true;
    return new Promise((resolve) => this.news.push(resolve));
  }

  /** Has the node hear for this user or group, for which it was about to. */
  async hear(name: string): Promise<void> {
    this.unheard.delete(name);
    await this.tellNews();
  }

  /** Whoever waits to be heard for looks again. */
  async tellNews(): Promise<void> {
    for (const tell of this.news.splice(0)) tell();
    await turn();
  }

  joiningPlace(): Cursor {
    return this.position;
  }

  publish(): never {
    throw new Error('nothing is published here');
  }

  read(request: ReplayRequest): Promise<LogPage> {
    this.reads.push(request);
    return new Promise((resolve, reject) => {
      this.answers.push((page) => (page instanceof Error ? reject(page) : resolve(page)));
    });
  }

  /** Answers the oldest read that waits for it, and lets what follows from that happen. */
  async answer(numbers: readonly number[], page: Partial<LogPage> | Error = {}): Promise<void> {
    const through = at(numbers.at(-1) ?? 0);
    const whole = { resumedFrom: at(0), messages: numbers.map((number) => loggedAt(number)), through, hasMore: false };
    this.answers.shift()?.(page instanceof Error ? page : { ...whole, ...page });
    await turn();
  }
}

/** Lets happen what is due in the next turns of the event loop. */
export async function turn(): Promise<void> {
  for (let count = 0; count < 3; count++) await new Promise((resolve) => setImmediate(resolve));
}

/** The message of that number, as a read gives it; from `endsAtMs` on nobody is to get it. */
export function loggedAt(number: number, endsAtMs?: number): LoggedMessage {
  const cursor = cursorAt(number);
  return { text: JSON.stringify({ event: `m${number}`, data: '', cursor }), cursor, number, partition: 0, endsAtMs };
}
