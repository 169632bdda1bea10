import { PushClient, PushClientError } from '../client/index.js';
import type { PushStatus } from '../client/index.js';
import type {
  ConnectionSearch,
  ConsoleReport,
  ConsoleView,
  FoundConnections,
  TargetPreview,
} from '../protocol/console-frames.js';
import { CONSOLE_EVENT } from '../protocol/console-frames.js';
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
  readonly history = new ReportHistory();
  readonly trace = new TraceBook();
  readonly #client: PushClient;
  #view: ConsoleView = {};

  /** @param onEnd The server does not want this console any more, or there is no token to go on with. */
  constructor(
    readonly session: OpenSession,
    renew: () => Promise<string>,
    onEnd: (reason: string) => void,
  ) {
    super();
    let next: string | undefined = session.token;
    const token = (): string | Promise<string> => {
      const first = next;
      next = undefined;
      return first ?? renew();
    };
    const client = new PushClient({ token, paths: session.paths, transports: ['ws', 'sse'] });
    client.on('push:status', (status) => this.#statusChanged(status, onEnd));
    client.on('push:error', ({ cause }) => {
      // Whatever else kept the token from coming may pass, and the client tries again.
      if (cause instanceof SessionRefused && cause.status < 500) onEnd('The token has ended. Sign in again.');
    });
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
    if (userId !== this.#view.trace) this.trace.clear(userId);
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
    this.#client.close();
  }

  #look(view: ConsoleView): void {
    this.#view = view;
    if (this.status.state === 'live') this.#tellView();
    this.changed();
  }

  /** Each connection begins with no view. One that ends meanwhile takes the wish with it, and the next one tells it. */
  #tellView(): void {
    this.#ask('view', { ...this.#view }).catch(() => {});
  }

  #statusChanged(status: PushStatus, onEnd: (reason: string) => void): void {
    this.status = status;
    this.changed();
    if (status.state === 'closed' && status.error) onEnd(sentenceOf(status.error));
  }

  #reported(report: ConsoleReport): void {
    this.report = report;
    this.history.add(report);
    if (report.found) this.found = report.found;
    if (report.trace?.userId === this.#view.trace) this.trace.add(report.trace?.entries ?? []);
    this.changed();
  }

  #ask<Answer>(action: string, data: Readonly<Record<string, unknown>>): Promise<Answer> {
    return this.#client.request<Answer>(CONSOLE_EVENT, { action, ...data });
  }
}

/** An error as an operator reads it. */
export function sentenceOf(error: unknown): string {
  if (error instanceof PushClientError && error.code === 'timeout') return 'The server did not answer in time.';
  return error instanceof Error ? error.message : 'Something went wrong.';
}
