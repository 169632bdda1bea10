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
import { sentenceOf } from './error-sentence.js';
import { bytes } from './format.js';
import { Looks } from './looks.js';
import { NodeNames } from './node-names.js';
import { Observable } from './observable.js';
import { ReportHistory } from './report-history.js';
import { SessionRefused } from './session.js';
import type { OpenSession } from './session.js';
import { TraceBook } from './trace-book.js';

/** Users, groups and connections by their names; of each kind none where it is absent. */
export interface Members {
  readonly users?: readonly string[];
  readonly groups?: readonly string[];
  readonly connections?: readonly string[];
}

/** Whom a message is for, as REST says it. */
export interface Target extends Members {
  readonly all?: true;
  readonly except?: Members;
}

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
  readonly names = new NodeNames();
  readonly #client: PushClient;
  readonly #onEnd: (reason: string) => void;
  readonly #looks = new Looks(() => this.#lookOnce());
  #view: ConsoleView = {};
  /** By node, the last entry of the trace that came. */
  #seen: Record<string, number> = {};
  /** Nodes that were told to drain, or said so. It ends with the process, and with it the id. */
  readonly #draining = new Set<string>();
  /** Unknown over a poll, which has no welcome. */
  #maxFrameBytes: number | undefined;

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
    client.on('push:welcome', ({ maxFrameBytes }) => {
      this.#maxFrameBytes = maxFrameBytes;
      this.#tellView();
    });
    client.on('push:draining', () => this.#saidGoodbye());
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

  async drain(node: string): Promise<void> {
    try {
      await this.#ask('drain', { node });
    } catch (error) {
      // The answer may be lost with the connection, but the node itself has said that it drains.
      if (!this.#draining.has(node)) throw error;
    }
    this.#drains(node);
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

  /** The node at the other end of the connection goes. What a poll brings may be of another one than its last report. */
  #saidGoodbye(): void {
    if (this.report && this.status.transport !== 'poll') this.#drains(this.report.by);
  }

  /** The last report stays on the page while no other comes, so it has to be told at once. */
  #drains(node: string): void {
    this.#draining.add(node);
    if (this.report) this.report = this.#withDraining(this.report);
    this.changed();
  }

  #withDraining(report: ConsoleReport): ConsoleReport {
    const nodes = report.nodes.map((sample) =>
      this.#draining.has(sample.node) ? { ...sample, isDraining: true } : sample,
    );
    return { ...report, nodes };
  }

  #reported(report: ConsoleReport): void {
    this.report = this.#withDraining(report);
    this.history.add(report);
    this.names.learn(report.nodes);
    if (report.found) this.found = report.found;
    if (report.trace?.userId === this.#view.trace) {
      const entries = report.trace?.entries ?? [];
      this.trace.add(entries);
      for (const { node, seq } of entries) this.#seen[node] = Math.max(this.#seen[node] ?? 0, seq);
    }
    this.changed();
  }

  async #ask<Answer>(action: string, data: Readonly<Record<string, unknown>>): Promise<Answer> {
    try {
      return await this.#client.request<Answer>(CONSOLE_EVENT, { action, ...data });
    } catch (error) {
      const isTooBig = error instanceof PushClientError && error.code === 'frame_too_big';
      throw isTooBig && this.#maxFrameBytes !== undefined
        ? new Error(tooBig(this.#maxFrameBytes), { cause: error })
        : error;
    }
  }
}

function tooBig(maxBytes: number): string {
  return `This is too large: the server takes at most ${bytes(maxBytes)} at once, data, names and all.`;
}

/** Whether whoever gives tokens has said no, rather than not answered. */
function isRefusal(cause: unknown): boolean {
  return cause instanceof SessionRefused && cause.status < 500;
}
