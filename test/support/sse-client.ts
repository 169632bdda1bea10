/** An event stream read from a plain HTTP request: blocks as they are on the wire, and the envelopes in them. */
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { eventuallyDefined, eventually } from './eventually.js';
import type { Envelope } from '../../src/protocol/frames.js';

/** One block of a stream. A field that is absent is undefined. */
export interface SseBlock {
  readonly text: string;
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: string | undefined;
  readonly retry: string | undefined;
  readonly isComment: boolean;
}

/** One event source. */
export class SseClient {
  hasEnded = false;
  readonly blocks: SseBlock[] = [];
  private taken = 0;
  private rest = '';

  private constructor(readonly response: IncomingMessage) {
    response.setEncoding('utf8');
    response.on('data', (text: string) => this.take(text));
    response.on('end', () => (this.hasEnded = true)).on('close', () => (this.hasEnded = true));
    response.on('error', () => {});
  }

  static async open(url: string, headers: Readonly<Record<string, string>> = {}): Promise<SseClient> {
    const request = httpRequest(url, { headers, agent: false });
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    request.on('error', () => {});
    return new SseClient(response);
  }

  get status(): number {
    return this.response.statusCode ?? 0;
  }

  get headers(): IncomingHttpHeaders {
    return this.response.headers;
  }

  /** The next block, of whatever kind. */
  nextBlock(): Promise<SseBlock> {
    return eventuallyDefined(() => this.blocks[this.taken] && this.blocks[this.taken++], { what: 'a block' });
  }

  /** The next envelope; comments and lone `retry:` blocks before it are skipped. */
  async next(event?: string): Promise<Envelope> {
    for (;;) {
      const { data } = await this.nextBlock();
      if (data === undefined) continue;
      const envelope = JSON.parse(data) as Envelope;
      if (event !== undefined && envelope.event !== event) throw new Error(`expected ${event}, got ${data}`);
      return envelope;
    }
  }

  async end(): Promise<void> {
    await eventually(() => this.hasEnded, { what: 'the end of the stream' });
  }

  close(): void {
    this.response.destroy();
  }

  private take(text: string): void {
    const parts = (this.rest + text).split('\n\n');
    this.rest = parts.pop() ?? '';
    for (const part of parts) this.blocks.push(blockOf(part));
  }
}

function blockOf(text: string): SseBlock {
  const field = (name: string) =>
    text
      .split('\n')
      .find((line) => line.startsWith(`${name}:`))
      ?.slice(name.length + 1)
      .trimStart();
  return {
    text,
    id: field('id'),
    event: field('event'),
    data: field('data'),
    retry: field('retry'),
    isComment: text.startsWith(':'),
  };
}
