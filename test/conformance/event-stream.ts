/** An event stream read by the rules of the HTML standard (9.2.6), with what an `EventSource` would hide. */
import { request } from 'node:http';
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { eventually, eventuallyDefined } from '../support/eventually.js';
import type { ConformanceServer } from './conformance-server.js';
import { address, present } from './http-exchange.js';
import type { Headers, Query } from './http-exchange.js';

/** One event as it was dispatched; members that its block does not have are absent. */
export interface StreamEvent {
  readonly event?: string;
  readonly id?: string;
  readonly data: string;
}

/** One open event stream. */
export class EventStream {
  readonly events: StreamEvent[] = [];
  /** Times of `retry:`, in order. */
  readonly retries: number[] = [];
  /** Fields and comments line by line, without the empty lines. */
  readonly lines: string[] = [];
  comments = 0;
  status = 0;
  headers: IncomingHttpHeaders = {};
  hasEnded = false;
  private rest = '';
  private block: { event?: string; id?: string; data?: string } = {};

  private constructor(private readonly sent: ClientRequest) {}

  /** Opens it and waits for the head of the answer, whatever its status. */
  static async open(
    { url }: ConformanceServer,
    { headers, query }: { readonly headers?: Headers; readonly query?: Query },
    onEvent: (event: StreamEvent) => void = () => {},
  ): Promise<EventStream> {
    const sent = request(`${url}${address('/push/sse', query)}`, { headers: present(headers), agent: false });
    const stream = new EventStream(sent);
    const ended = () => (stream.hasEnded = true);
    const answered = new Promise<IncomingMessage>((resolve, reject) =>
      sent.on('response', resolve).on('error', reject),
    );
    sent.on('close', ended).end();
    const response = await answered;
    stream.status = response.statusCode ?? 0;
    stream.headers = response.headers;
    response.on('error', ended).on('end', ended);
    response.setEncoding('utf8').on('data', (text: string) => stream.take(text, onEvent));
    return stream;
  }

  /** The event at this place, once it has come. */
  at(index: number): Promise<StreamEvent> {
    return eventuallyDefined(() => this.events[index], { what: `event ${index} of ${JSON.stringify(this.events)}` });
  }

  end(): Promise<void> {
    return eventually(() => this.hasEnded, { what: 'the end of the stream' });
  }

  /** Reads nothing from now on. */
  pause(): void {
    this.sent.socket?.pause();
  }

  cut(): void {
    this.sent.destroy();
  }

  private take(text: string, onEvent: (event: StreamEvent) => void): void {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line !== '') this.takeLine(line);
      else this.dispatch(onEvent);
    }
  }

  private takeLine(line: string): void {
    this.lines.push(line);
    const [, name = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (name === '') this.comments++;
    else if (name === 'retry') this.retries.push(Number(value));
    else if (name === 'data') this.block.data = this.block.data === undefined ? value : `${this.block.data}\n${value}`;
    else if (name === 'event' || name === 'id') this.block[name] = value;
    else throw new Error(`a field that no EventSource knows: ${line}`);
  }

  private dispatch(onEvent: (event: StreamEvent) => void): void {
    const { data, ...rest } = this.block;
    this.block = {};
    if (data === undefined) return;
    const event = { ...rest, data };
    this.events.push(event);
    onEvent(event);
  }
}
