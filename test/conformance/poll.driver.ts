/** Long polling: a loop of GETs, with frames by POST for the way up. */
import type { ConformanceServer } from './conformance-server.js';
import type { Frame } from './frame-inbox.js';
import { exchange } from './http-exchange.js';
import type { Answer } from './http-exchange.js';
import { WireClient, queryOf } from './transport-driver.js';
import type { OpenOptions, TransportDriver } from './transport-driver.js';
import { postFrame, replyOf } from './upstream.js';

const PATH = '/push/poll';

/** What each code is as a status; section "Close codes" of PROTOCOL.md. */
const HTTP_TWINS: Readonly<Record<number, number>> = {
  1012: 503,
  4001: 401,
  4003: 429,
  4501: 401,
  4503: 403,
  4505: 403,
};

/** The body of an answer to a poll. */
export interface PollBody {
  readonly messages: readonly Frame[];
  readonly cursor: string;
  readonly more: boolean;
}

/** The body of an answer that must be 200. */
export function pollBodyOf({ status, body, text }: Answer): PollBody {
  if (status !== 200) throw new Error(`the poll was answered ${status}: ${text}`);
  return body as unknown as PollBody;
}

/** A loop of polls. */
export class PollWireClient extends WireClient {
  private readonly line = new AbortController();
  private hadGap = false;

  private constructor(
    private readonly server: ConformanceServer,
    private readonly options: OpenOptions,
  ) {
    super(options.userId);
    this.cursor = options.cursor;
  }

  /** The first poll does not wait: from its cursor on nothing can be missed, whenever the next one is there. */
  static async open(server: ConformanceServer, options: OpenOptions): Promise<PollWireClient> {
    const client = new PollWireClient(server, options);
    client.takeAll(pollBodyOf(await client.poll('0')));
    void client.loop();
    return client;
  }

  override get isResumed(): boolean {
    return !this.hadGap;
  }

  override async sendText(text: string): Promise<Frame> {
    const headers = { authorization: `Bearer ${this.options.token}` };
    return replyOf(await postFrame(this.server, text, headers));
  }

  override cut(): void {
    this.line.abort();
  }

  private async loop(): Promise<void> {
    while (!this.line.signal.aborted && !this.ended) {
      try {
        const answer = await this.poll();
        if (answer.status === 200) this.takeAll(pollBodyOf(answer));
        else this.ended = { status: answer.status };
      } catch {
        this.ended ??= { status: 0 };
      }
    }
  }

  private poll(wait?: string): Promise<Answer> {
    const query = { ...queryOf({ ...this.options, cursor: this.cursor }), wait };
    const headers = { authorization: `Bearer ${this.options.token}` };
    return exchange(this.server, { path: PATH, query, headers, signal: this.line.signal });
  }

  private takeAll({ messages, cursor }: PollBody): void {
    for (const frame of messages) {
      if (frame.event === 'push:gap') this.hadGap = true;
      this.receive(frame);
    }
    this.cursor = cursor;
  }
}

export const pollDriver: TransportDriver = {
  name: 'poll',
  path: PATH,
  admitted: 200,
  isLasting: false,
  open: (server, options) => PollWireClient.open(server, options),
  knock: (server, headers = {}, query = {}) =>
    exchange(server, { path: PATH, headers, query: { wait: '0', ...query } }),
  endOf: (code) => ({ status: HTTP_TWINS[code] ?? 0 }),
};
