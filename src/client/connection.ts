/**
 * The connection that does not end: it opens a line, and when that breaks, another one, on the best transport that works,
 * from the place that the last message left.
 *
 * - At most one attempt is current. A second one, the candidate, is opened on a higher transport beside it and takes its
 *   place with its welcome; what both bring is a repeat and is dropped by its id.
 * - Every wait has a jitter, except the one that a draining server has drawn already.
 * - `#turn` tells a late answer from a present one: it changes whenever the course does.
 */
import type { DrainingData, Envelope, ErrorData, WelcomeData } from '../protocol/frames.js';
import { Attempt } from './attempt.js';
import type { AttemptListener } from './attempt.js';
import { PushClientError, PushReplyError } from './client-errors.js';
import type { Deliver, PushStatus } from './client-events.js';
import type { ClientSettings } from './client-options.js';
import type { GroupWishes } from './group-wishes.js';
import type { Inbox } from './inbox.js';
import type { LineEnd } from './line-end.js';
import type { Link } from './link.interface.js';
import type { Outbox } from './outbox.js';
import { followPage } from './page-life.js';
import type { PageListener } from './page-life.js';
import { platform } from './platform.js';
import { explainEnd } from './push-server.js';
import type { PushServer } from './push-server.js';
import { OTHER_USER, TOKEN_EXPIRED, verdictOf } from './verdict.js';

/** A line that lived so long was a good one: the waits begin anew. */
const GOOD_LIFE_MS = 10_000;
/** The wait before the next try of a higher transport grows to 2^4 times the first one. */
const MAX_CLIMBS = 5;

/** So many failures in a row without a word of the server may be of one that starts anew, or of one among several. */
const MAX_UNASKED = 2;

/** The longest that a timer can take: 2^31 - 1. */
const MAX_TIMER_MS = 2_147_483_647;

/** What a tab keeps from one connection to the next. */
export interface ConnectionParts {
  readonly settings: ClientSettings;
  readonly server: PushServer;
  readonly inbox: Inbox;
  readonly outbox: Outbox;
}

/** See the head of this file. */
export class Connection implements Link, AttemptListener, PageListener {
  status: PushStatus = { state: 'connecting' };
  readonly #settings: ClientSettings;
  readonly #server: PushServer;
  readonly #inbox: Inbox;
  readonly #deliver: Deliver;
  readonly #outbox: Outbox;
  readonly #wishes: GroupWishes;
  readonly #unfollowPage: () => void;
  #current: Attempt | undefined;
  #candidate: Attempt | undefined;
  #level = 0;
  #retries = 0;
  #climbs = 0;
  #turn = 0;
  /** The server does not want to be asked before this moment. */
  #notBefore = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #climbTimer: ReturnType<typeof setTimeout> | undefined;

  /** Connects once the present task is over. */
  constructor({ settings, server, inbox, outbox }: ConnectionParts, wishes: GroupWishes, deliver: Deliver) {
    this.#settings = settings;
    this.#server = server;
    this.#inbox = inbox;
    this.#outbox = outbox;
    this.#wishes = wishes;
    this.#deliver = deliver;
    this.#unfollowPage = followPage(this);
    this.#timer = setTimeout(() => this.#connect(), 0);
  }

  /** The wish itself is a request, and goes along with every later line. */
  wished(): void {}

  unwished(group: string): Promise<unknown> {
    return this.#outbox.request('push:leave', { group });
  }

  /** Ends it without a word; what waits, waits for another one. */
  stop(): void {
    this.#rest();
    this.#unfollowPage();
  }

  close(error?: PushClientError): void {
    if (this.#isClosed) return;
    this.stop();
    this.#outbox.close();
    this.#tell({ state: 'closed', ...(error && { error }) });
  }

  get #isClosed(): boolean {
    return this.status.state === 'closed';
  }

  #connect(): void {
    this.#rest();
    const { transport } = (this.#current = this.#open(this.#level));
    // It stays `offline` until something succeeds, for the browser can be wrong.
    if (platform.navigator?.onLine === false) return;
    this.#tell({ state: 'connecting', transport });
  }

  #open(level: number): Attempt {
    const { transports, openTimeoutMs } = this.#settings;
    const query = () => ({ cursor: this.#inbox.cursor, groups: this.#wishes.toQuery() });
    const transport = transports[level] ?? 'poll';
    return new Attempt(level, transport, this.#server, query, openTimeoutMs, this);
  }

  opened(attempt: Attempt, welcome: WelcomeData | undefined): void {
    const { tokens } = this.#server;
    // Before it takes its place: nothing is said or heard in the name of somebody else.
    if (welcome && welcome.userId !== (tokens.userId ??= welcome.userId)) {
      return this.close(errorOf(OTHER_USER, 'refused'));
    }
    if (attempt === this.#candidate) {
      this.#discard(this.#current);
      this.#current = attempt;
      this.#candidate = undefined;
    }
    this.#level = attempt.level;
    this.#inbox.cursor ??= welcome?.cursor;
    this.#outbox.attach(attempt.line, welcome?.maxFrameBytes);
    if (welcome) this.#askForGroupsSince(attempt.groups);
    this.#planClimb();
    // Last: a listener may close the client.
    this.#tell({ state: 'live', transport: attempt.transport });
  }

  /** Groups that were wished for while the line was being opened, or that did not fit its address. */
  #askForGroupsSince(asked: string): void {
    const askedGroups = asked.split(',');
    for (const group of this.#wishes) {
      if (askedGroups.includes(group)) continue;
      this.#outbox.request('push:join', { group }).catch((error: unknown) => {
        // Without an answer the next connection asks anew.
        if (!(error instanceof PushReplyError)) return;
        this.#wishes.delete(group);
        this.#report(error);
      });
    }
  }

  framed(attempt: Attempt, envelope: Envelope): void {
    const { event, data } = envelope;
    if (event === 'push:welcome') attempt.open(data as WelcomeData);
    // The candidate is greeted first; what comes from any other line comes too late.
    if (attempt !== this.#current || this.#outbox.settle(envelope)) return;
    if (event === 'push:draining') attempt.pauseMs = (data as DrainingData).reconnectInMs;
    else if (event === 'push:expiring') void this.#renew(attempt);
    else if (event === 'push:error') {
      this.#wishes.refuse(data as ErrorData);
      this.#report(new PushReplyError(data as ErrorData));
    }
    const isInternal = /^push:(?!(welcome|gap|console|draining)$)/.test(event);
    if (this.#inbox.take(envelope) && !isInternal) this.#deliver(envelope);
  }

  /** Puts a fresh token in the place of the old one. A poll brings its token each time anyway. */
  async #renew({ transport }: Attempt): Promise<void> {
    try {
      const { tokens } = this.#server;
      const token = await tokens.renew();
      // The old one vouches for the new one: a stream is found by the user whose it is.
      if (transport !== 'poll') await this.#outbox.request('push:auth', { token });
      tokens.present = Promise.resolve(token);
    } catch (error) {
      if (!this.#isClosed) this.#report(error);
    }
  }

  ended(attempt: Attempt, end: LineEnd): void {
    if (attempt === this.#candidate) {
      this.#candidate = undefined;
      this.#climb(attempt.level + 1);
    } else if (attempt === this.#current) {
      this.#rest();
      if (attempt.liveSince && Date.now() - attempt.liveSince > GOOD_LIFE_MS) this.#retries = 0;
      void this.#recover(attempt, end);
    }
  }

  async #recover(attempt: Attempt, seen: LineEnd): Promise<void> {
    const turn = this.#turn;
    // Browsers hide why an upgrade was refused. Elsewhere a proxy may have said it, or nobody, as when no server is there.
    const isMute = !(seen.reason || (seen.status && seen.status < 500));
    const mayAsk = attempt.transport === 'ws' || (isMute && this.#retries >= MAX_UNASKED);
    const isUnexplained = mayAsk && !attempt.liveSince && !(seen.error instanceof PushClientError);
    const end = isUnexplained ? await explainEnd(seen, this.#server, this.#settings.openTimeoutMs) : seen;
    if (turn !== this.#turn) return;
    const verdict = verdictOf(end);
    const error = errorOf(end, verdict === 'stop' ? 'refused' : 'disconnected');
    if (verdict === 'stop') return this.close(error);
    if (verdict === 'fall') {
      this.#level = (attempt.level + 1) % this.#settings.transports.length;
      if (this.#level > 0) return this.#connect();
    }
    const isExpired = end.code === TOKEN_EXPIRED;
    if (isExpired) this.#server.tokens.drop();
    const mayHurry = (end.isTokenOld || isExpired) && this.#retries === 0;
    this.#wait(attempt.pauseMs ?? (mayHurry ? 0 : undefined), end.retryAfterMs, error);
  }

  #wait(pauseMs?: number, retryAfterMs = 0, error?: PushClientError): void {
    const { retryBaseMs, retryMaxMs } = this.#settings;
    const jitterMs = Math.random() * Math.min(retryMaxMs, retryBaseMs * 2 ** this.#retries);
    const retryInMs = Math.min(pauseMs ?? retryAfterMs + jitterMs, MAX_TIMER_MS);
    // A goodbye is no failure, or several deploys in a row would seem an outage.
    if (pauseMs) this.#retries = 0;
    else this.#retries++;
    this.#notBefore = Date.now() + (pauseMs ?? retryAfterMs);
    this.#timer = setTimeout(() => this.#connect(), retryInMs);
    const state = platform.navigator?.onLine === false ? 'offline' : 'waiting';
    this.#tell({ state, retryInMs, ...(error && { error }) });
  }

  slept(isPutAway: boolean): void {
    this.#rest();
    if (isPutAway) this.#tell({ state: 'offline' });
    else this.#wait(undefined, Math.max(0, this.#notBefore - Date.now()));
  }

  /** Comes back at once, on the best transport, for the network may be another one. What the server demanded holds. */
  woke(): void {
    if (this.#current) return this.#current.check();
    this.#rest();
    this.#level = this.#retries = 0;
    this.#timer = setTimeout(() => this.#connect(), Math.max(0, this.#notBefore - Date.now()));
  }

  #planClimb(): void {
    clearTimeout(this.#climbTimer);
    this.#climbs = this.#level && Math.min(this.#climbs + 1, MAX_CLIMBS);
    if (this.#level === 0) return;
    const afterMs = this.#settings.climbAfterMs * 2 ** (this.#climbs - 1) * (0.5 + Math.random());
    this.#climbTimer = setTimeout(() => this.#climb(0), afterMs);
  }

  /** Tries a higher transport beside the current one. */
  #climb(level: number): void {
    if (level < this.#level) this.#candidate = this.#open(level);
    else this.#planClimb();
  }

  /** Drops what there is. What comes next is for the caller. */
  #rest(): void {
    this.#turn++;
    clearTimeout(this.#timer);
    clearTimeout(this.#climbTimer);
    this.#discard(this.#candidate);
    this.#discard(this.#current);
    this.#current = this.#candidate = undefined;
  }

  #discard(attempt: Attempt | undefined): void {
    attempt?.drop();
    if (attempt) this.#outbox.detach(attempt.line);
  }

  #tell(status: PushStatus): void {
    this.status = status;
    this.#deliver({ event: 'push:status', data: status });
  }

  #report(error: unknown): void {
    this.#deliver({ event: 'push:error', data: error });
  }
}

function errorOf({ error, code, status, reason }: LineEnd, kind: 'refused' | 'disconnected'): PushClientError {
  if (error instanceof PushClientError) return error;
  return new PushClientError(kind, [kind, code ?? status, reason].filter(Boolean).join(' '), error);
}
