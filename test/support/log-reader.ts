import type {
  Delivery,
  LogFollower,
  LoggedMessage,
  LogGap,
  MessageLog,
} from '../../src/backing/message-log.interface.js';
import type { MatchCount, Target } from '../../src/core/delivery-target.js';
import { OutgoingMessage } from '../../src/core/outgoing-message.js';
import type { Cursor } from '../../src/protocol/cursor.js';

/**
 * A node with one connection, of user 7: what comes live is taken as it comes, and what passed the node by in a break is
 * read before it goes on, as sessions do.
 */
export class LogReader implements LogFollower {
  /** Ids of the messages in the order in which the client has them. */
  readonly ids: string[] = [];
  readonly gaps: LogGap[] = [];
  breaks = 0;
  private held: OutgoingMessage[] = [];
  private after: Cursor | undefined;
  private isCatchingUp = false;

  constructor(private readonly log: MessageLog) {
    log.follow(this);
  }

  get isLive(): boolean {
    return this.after === undefined;
  }

  deliver(message: LoggedMessage): Delivery {
    const outgoing = new OutgoingMessage(message.text, message.cursor, message.number, message.partition);
    if (this.isLive) this.take(message);
    else this.held.push(outgoing);
    return { matched: { users: 1, connections: 1 }, message: outgoing };
  }

  interrupted(place: Cursor): void {
    this.breaks++;
    this.after ??= place;
  }

  recovered(): void {
    if (this.isCatchingUp) return;
    this.isCatchingUp = true;
    void this.catchUp().finally(() => (this.isCatchingUp = false));
  }

  match(target: Target): MatchCount {
    const count = target.all || target.users?.includes('7') || target.groups ? 1 : 0;
    return { users: count, connections: count };
  }

  reaches(): boolean {
    return true;
  }

  missed(): void {
    this.gaps.push('expired');
  }

  private async catchUp(): Promise<void> {
    while (this.after && this.log.isFollowing) {
      const { breaks } = this;
      const audience = { userId: '7', groups: ['g'] };
      const request = { audience, maxMessages: 10, maxBytes: 100_000 };
      try {
        const hears = this.log.hears(audience);
        if (hears === false) return;
        if (hears !== true) {
          await hears;
          continue;
        }
        const page = await this.log.read({ ...request, after: this.after });
        if (page.gap) this.gaps.push(page.gap);
        for (const message of page.messages) this.take(message);
        this.after = page.through;
        if (page.hasMore || breaks !== this.breaks || !this.log.isFollowing) continue;
        this.goLive(page.through);
      } catch {
        // Out of reach again, or the log is not the one that the node knows: the next read tells.
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
  }

  private goLive(through: Cursor): void {
    const { held } = this;
    this.held = [];
    this.after = undefined;
    for (const message of held) if (!message.isReadBy(through)) this.take(message);
  }

  private take({ text }: Pick<LoggedMessage, 'text'>): void {
    this.ids.push((JSON.parse(text) as { readonly id: string }).id);
  }
}
