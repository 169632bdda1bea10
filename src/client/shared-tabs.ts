/**
 * One connection for several tabs. Who holds the Web Lock leads: it has the connection and says everything that comes
 * out of it on a BroadcastChannel; the others ask through it.
 *
 * - Every tab keeps its place and the ids it has had, so whoever leads next goes on from its own place, and the others
 *   drop the repeats.
 * - Every tab knows the groups of all, so the next leader's first connection replays them too.
 * - A tab hands its requests over only while the leader is live, as to any other line. What the leader had when it went
 *   has an unknown outcome; what still waited in the tab waits for the next one.
 * - A tab that was put away has missed what was said: when it wakes it takes the lead, from its own place, and until
 *   then it takes nothing, for that would move its place past what it has missed.
 * - When the server wants no more of them all tabs are done, and a tab that is opened later begins anew.
 */
import type { ClientFrame, Envelope, WelcomeData } from '../protocol/frames.js';
import { errorFrom } from './client-errors.js';
import type { ErrorLike } from './client-errors.js';
import type { Deliver, PushStatus } from './client-events.js';
import { Connection } from './connection.js';
import type { ConnectionParts } from './connection.js';
import { GroupWishes } from './group-wishes.js';
import type { Line } from './line.interface.js';
import type { Link } from './link.interface.js';
import { followPage } from './page-life.js';
import type { PageListener } from './page-life.js';
import { platform } from './platform.js';
import type { BroadcastChannelLike, LockManagerLike } from './platform.js';

/** After so long a new leader leaves the groups that no tab has claimed. */
const CLAIM_MS = 3_000;

/** What tabs say to one another. `tab` is who leads, claims, asks or is answered. */
type Unsigned =
  | {
      readonly type: 'lead';
      readonly status: PushStatus;
      readonly cursor: string | undefined;
      readonly userId: string | undefined;
      readonly groups: readonly string[];
    }
  | { readonly type: 'claim'; readonly groups: readonly string[] }
  | { readonly type: 'out' | 'reply'; readonly envelope: Envelope }
  | { readonly type: 'ask'; readonly to: string; readonly frame: ClientFrame; readonly timeoutMs: number };
type Message = Unsigned & { readonly tab: string };

/** See the head of this file. */
export class SharedTabs implements Link, PageListener {
  status: PushStatus = { state: 'connecting' };
  readonly #locks: LockManagerLike;
  /** Of the lock and of the channel. */
  readonly #name: string;
  readonly #parts: ConnectionParts;
  readonly #wishes: GroupWishes;
  readonly #deliver: Deliver;
  /** Undefined while the page is away, for a word on it would drop the page from the back/forward cache; and at the end. */
  #channel: BroadcastChannelLike | undefined;
  readonly #tab = Math.random().toString(36).slice(2);
  readonly #unfollowPage: () => void;
  /** The way to the leader, to the outbox a line like any other. */
  readonly #line: Line = {
    send: (frame, _text, timeoutMs) => this.#say({ type: 'ask', to: this.#leader, frame, timeoutMs }),
    close: () => {},
  };
  /** Which tab wants which groups; kept by the leader. */
  #claims = new Map<string, readonly string[]>();
  /** The groups of all tabs. */
  #groups = new GroupWishes();
  #leader = '';
  #isAway = false;
  /** From its falling asleep until it leads. */
  #isBehind = false;
  /** Only the leader has one. */
  #connection: Connection | undefined;
  #claimTimer: ReturnType<typeof setTimeout> | undefined;
  /** Gives the lock away, or the place in the queue for it. */
  #leaveLock: () => void = () => {};

  constructor(locks: LockManagerLike, name: string, parts: ConnectionParts, wishes: GroupWishes, deliver: Deliver) {
    this.#locks = locks;
    this.#name = name;
    this.#parts = parts;
    this.#wishes = wishes;
    this.#deliver = deliver;
    this.#listen();
    this.#unfollowPage = followPage(this);
    this.#queue();
    this.wished();
  }

  slept(isPutAway: boolean): void {
    if (!isPutAway) return;
    this.#isAway = this.#isBehind = true;
    this.#stepDown();
    this.#hangUp();
  }

  woke(): void {
    if (!this.#isAway) return;
    this.#isAway = false;
    this.#listen();
    this.#queue(true);
  }

  /** Says which groups this tab wants; a leader that has not heard it yet learns that there is such a tab. */
  wished(): void {
    const groups = [...this.#wishes];
    this.#say({ type: 'claim', groups });
    this.#claimed(this.#tab, groups);
  }

  /** The leader leaves the group if no other tab wants it. */
  async unwished(): Promise<void> {
    this.wished();
  }

  close(): void {
    this.#wishes.clear();
    this.wished();
    this.#tell({ state: 'closed' });
  }

  #listen(): void {
    const { BroadcastChannel } = platform;
    if (!BroadcastChannel) return;
    this.#channel = new BroadcastChannel(this.#name);
    this.#channel.onmessage = ({ data }: { readonly data: string }) => this.#hear(JSON.parse(data) as Message);
  }

  #hangUp(): void {
    this.#channel?.close();
    this.#channel = undefined;
  }

  #queue(steal?: boolean): void {
    const aborter = new AbortController();
    const { signal } = aborter;
    let isHeld = false;
    this.#leaveLock = () => aborter.abort();
    const hold = (): Promise<void> =>
      new Promise((release) => {
        if (signal.aborted) return release();
        isHeld = true;
        this.#leaveLock = release;
        this.#lead();
      });
    this.#locks.request(this.#name, steal ? { steal } : { signal }, hold).catch(() => {
      // Left before its turn came; or a tab that woke has taken it.
      if (!isHeld) return;
      this.#stepDown();
      this.#queue();
    });
  }

  #lead(): void {
    this.#parts.outbox.detach(this.#line);
    this.#leader = this.#tab;
    this.#isBehind = false;
    // Groups of which no tab is known to want them, until each has had time to say so.
    this.#claims = new Map([['', [...this.#groups]]]);
    this.#claimTimer = setTimeout(() => this.#claimed('', []), CLAIM_MS);
    const connection = new Connection(this.#parts, this.#groups, (envelope) => {
      if (connection !== this.#connection) return;
      if (envelope.event === 'push:status') return this.#sayLead();
      this.#say({ type: 'out', envelope });
      this.#deliver(envelope);
    });
    this.#connection = connection;
    this.wished();
  }

  #stepDown(): void {
    this.#connection?.stop();
    this.#connection = undefined;
    clearTimeout(this.#claimTimer);
    this.#leaveLock();
  }

  #say(message: Unsigned, tab = this.#tab): void {
    this.#channel?.postMessage(JSON.stringify({ ...message, tab }));
  }

  #sayLead(): void {
    if (!this.#connection) return;
    const { status } = this.#connection;
    const { inbox, server } = this.#parts;
    const groups = [...this.#groups];
    this.#say({ type: 'lead', status, cursor: inbox.cursor, userId: server.tokens.userId, groups });
    this.#tell(status);
  }

  #hear(message: Message): void {
    const { type, tab } = message;
    if (type === 'lead') this.#follow(message);
    else if (type === 'claim') this.#claimed(tab, message.groups);
    else if (type === 'out') this.#receive(message.envelope);
    else if (type === 'ask') this.#serve(message);
    else if (tab === this.#tab) this.#parts.outbox.settle(message.envelope);
  }

  #follow({ tab, status, cursor, userId, groups }: Message & { readonly type: 'lead' }): void {
    const { outbox, inbox, server } = this.#parts;
    // The lock has passed to another tab; the news of it may come later than its first words. Or the other one gave it
    // away because there is nothing to lead any more.
    if (this.#connection && status.state !== 'closed') return;
    this.#groups = new GroupWishes(groups);
    inbox.cursor ??= cursor;
    server.tokens.userId ??= userId;
    if (tab !== this.#leader) {
      this.#leader = tab;
      outbox.detach(this.#line);
      this.wished();
    }
    outbox.attach(status.state === 'live' ? this.#line : undefined);
    this.#tell(status.error ? { ...status, error: errorFrom(status.error) } : status);
  }

  #tell(status: PushStatus): void {
    if (this.status.state === 'closed' || JSON.stringify(status) === JSON.stringify(this.status)) return;
    this.status = status;
    if (status.state === 'closed') this.#end();
    this.#deliver({ event: 'push:status', data: status });
  }

  #end(): void {
    this.#stepDown();
    this.#unfollowPage();
    this.#hangUp();
    this.#parts.outbox.close();
  }

  #receive(envelope: Envelope): void {
    // Its own line brings it, or will.
    if (this.#isBehind || this.#connection) return;
    const { event, data } = envelope;
    const { inbox } = this.#parts;
    if (!inbox.take(envelope)) return;
    if (event === 'push:welcome') inbox.cursor ??= (data as WelcomeData).cursor;
    this.#deliver(event === 'push:error' ? { event, data: errorFrom(data as ErrorLike) } : envelope);
  }

  #claimed(tab: string, groups: readonly string[]): void {
    if (!this.#connection) return;
    this.#claims.set(tab, groups);
    const wanted = new Set([...this.#claims.values()].flat());
    for (const group of wanted) this.#groups.add(group);
    for (const group of [...this.#groups]) {
      if (wanted.has(group)) continue;
      this.#groups.delete(group);
      this.#connection.unwished(group).catch(() => {});
    }
    this.#sayLead();
  }

  #serve({ tab, to, frame, timeoutMs }: Message & { readonly type: 'ask' }): void {
    const { outbox } = this.#parts;
    const connection = this.#connection;
    // While the lock passes there may be two that lead.
    if (!connection || to !== this.#tab) return;
    const { event, data, ref = '' } = frame;
    const answer = (outcome: Pick<Envelope, 'event' | 'data'>): void => {
      if (connection === this.#connection) this.#say({ type: 'reply', envelope: { ...outcome, ref } }, tab);
    };
    outbox.request(event, data, timeoutMs).then(
      (result) => answer({ event: 'push:ok', data: result }),
      (error: unknown) => answer({ event: 'push:error', data: error }),
    );
  }
}
