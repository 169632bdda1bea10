import { PushClient, PushClientError } from '../client/index.js';
import type { PushStatus } from '../client/index.js';
import type {
  ConnectionSearch,
  ConsoleReport,
  ConsoleSeen,
  ConsoleView,
  FoundConnections,
  TargetPreview,
} from '../protocol/console-frames.js';
import { CONSOLE_EVENT } from '../protocol/console-frames.js';
import { Looks } from './looks.js';
import { Observable } from './observable.js';
import { ReportHistory } from './report-history.js';
import { SessionRefused } from './session.js';
import type { OpenSession } from './session.js';
import { TraceBook } from './trace-book.js';

/** Whom a message is for, as REST says it. */
export type Target = Readonly<Record<string, unknown>>;

/** What is known of a send. */
export interface SendReceipt {
  readonly id: string;
  readonly matched: { readonly users: number; readonly connections: number };
  readonly written: number;
  readonly scope: string;
  readonly partial?: boolean;
}

/** A message to be sent. */
export interface MessageDraft {
  readonly target: Target;
  readonly event: string;
  readonly payload: unknown;
  readonly options?: Readonly<Record<string, unknown>>;
}

/** The connection of the console: what comes over it, and what is asked over it. */
export class ConsoleLink extends Observable {
  status: PushStatus = { state: 'connecting' };
  report: ConsoleReport | undefined;
  found: FoundConnections | undefined;
  /** What the operator is to know of the session. */
  warning = '';
  readonly history = new ReportHistory();
  readonly trace = new TraceBook();
  readonly #client: PushClient;
  readonly #onEnd: (reason: string) => void;
  readonly #looks = new Looks(() => this.#lookOnce());
  #view: ConsoleView = {};
  /** By node, the last entry of the trace that came. */
  #seen: Record<string, number> = {};

  /** @param onEnd The server does not want this console any more, or there is no token to go on with. */
  constructor(
    readonly session: OpenSession,
    renew: () => Promise<string>,
    onEnd: (reason: string) => void,
  ) {
    super();
    this.#onEnd = onEnd;
    let next: string | undefined = session.token;
    const token = async (): Promise<string> => {
      const first = next;
      next = undefined;
      const given = first ?? (await renew());
      this.warning = '';
      return given;
    };
    const client = new PushClient({ token, paths: session.paths });
    client.on('push:status', (status) => this.#statusChanged(status));
    client.on('push:error', (error) => this.#notRenewed(error));
    client.on('push:welcome', () => this.#tellView());
    client.on(CONSOLE_EVENT, (data) => this.#reported(data as ConsoleReport));
    this.#client = client;
  }

  /** Looks at these connections from now on; undefined: at none. */
  search(search: ConnectionSearch | undefined): void {
    this.found = undefined;
    this.#look({ ...this.#view, search });
  }

  /** Follows the messages of this user from now on; undefined: of none. */
  follow(userId: string | undefined): void {
    if (userId !== this.#view.trace) {
      this.trace.clear(userId);
      this.#seen = {};
    }
    this.#look({ ...this.#view, trace: userId });
  }

  /** The page of connections after the one that ended at the cursor. */
  more(search: ConnectionSearch, cursor: string): Promise<FoundConnections> {
    return this.#ask('search', { search, cursor });
  }

  preview(target: Target): Promise<TargetPreview> {
    return this.#ask('preview', { target });
  }

  send(draft: MessageDraft): Promise<SendReceipt> {
    return this.#ask('send', { ...draft });
  }

  disconnect(
    whom: { readonly user: string } | { readonly connection: string },
    reconnect: boolean,
  ): Promise<{ readonly matched: number }> {
    return this.#ask('disconnect', { ...whom, reconnect });
  }

  drain(node: string): Promise<unknown> {
    return this.#ask('drain', { node });
  }

  close(): void {
    this.#looks.stop();
    this.#client.close();
  }

  #look(view: ConsoleView): void {
    this.#view = view;
    if (this.status.state === 'live' && this.status.transport !== 'poll') this.#tellView();
    this.#looks.hurry();
    this.changed();
  }

  /** Each connection begins with no view. One that ends meanwhile takes the wish with it, and the next one tells it. */
  #tellView(): void {
    this.#ask('view', { ...this.#view }).catch(() => {});
  }

  /** A poll has no welcome, and nothing can be brought to it but messages: there the page asks for each report. */
  #statusChanged(status: PushStatus): void {
    this.status = status;
    if (status.state === 'live' && status.transport === 'poll') this.#looks.start();
    else this.#looks.stop();
    this.changed();
    if (status.state === 'closed' && status.error) this.#onEnd(sentenceOf(status.error));
    if (status.state === 'waiting' && isRefusal(status.error?.cause))
      this.#onEnd('The token has ended. Sign in again.');
  }

  /** The token that there is holds a while longer. What else kept the next one from coming may pass. */
  #notRenewed({ cause }: PushClientError): void {
    if (!isRefusal(cause)) return;
    this.warning = 'The token is about to end and cannot be renewed: finish what you do, then sign in again.';
    this.changed();
  }

  async #lookOnce(): Promise<void> {
    const view = this.#view;
    const seen: ConsoleSeen = this.#seen;
    const report = await this.#ask<ConsoleReport>('look', { ...view, seen });
    // Of what was looked for before nobody wants to know any more.
    if (view === this.#view) this.#reported(report);
  }

  #reported(report: ConsoleReport): void {
    this.report = report;
    this.history.add(report);
    if (report.found) this.found = report.found;
    if (report.trace?.userId === this.#view.trace) {
      const entries = report.trace?.entries ?? [];
      this.trace.add(entries);
      for (const { node, seq } of entries) this.#seen[node] = Math.max(this.#seen[node] ?? 0, seq);
    }
    this.changed();
  }

  #ask<Answer>(action: string, data: Readonly<Record<string, unknown>>): Promise<Answer> {
    return this.#client.request<Answer>(CONSOLE_EVENT, { action, ...data });
  }
}

/** Whether whoever gives tokens has said no, rather than not answered. */
function isRefusal(cause: unknown): boolean {
  return cause instanceof SessionRefused && cause.status < 500;
}

/** An error as an operator reads it. */
export function sentenceOf(error: unknown): string {
  if (error instanceof PushClientError && error.code === 'timeout') return 'The server did not answer in time.';
  return error instanceof Error ? error.message : 'Something went wrong.';
}
