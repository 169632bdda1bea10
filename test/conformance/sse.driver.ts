/** Server-Sent Events, with frames by POST for the way up. */
import { eventually } from '../support/eventually.js';
import type { ConformanceServer } from './conformance-server.js';
import { EventStream } from './event-stream.js';
import type { StreamEvent } from './event-stream.js';
import { dataOf, frameOf } from './frame-inbox.js';
import type { Frame } from './frame-inbox.js';
import { exchange } from './http-exchange.js';
import { WireClient, queryOf } from './transport-driver.js';
import type { OpenOptions, TransportDriver } from './transport-driver.js';
import { postFrame, replyOf } from './upstream.js';

const PATH = '/push/sse';

/** An open event stream. */
export class SseWireClient extends WireClient {
  private stream: EventStream | undefined;

  private constructor(
    private readonly server: ConformanceServer,
    private readonly options: OpenOptions,
  ) {
    super(options.userId);
  }

  static async open(server: ConformanceServer, options: OpenOptions): Promise<SseWireClient> {
    const client = new SseWireClient(server, options);
    const headers = { authorization: `Bearer ${options.token}` };
    const stream = await EventStream.open(server, { headers, query: queryOf(options) }, (event) => client.take(event));
    client.stream = stream;
    if (stream.status !== 200) throw new Error(`the event stream was answered ${stream.status}`);
    await eventually(() => client.welcome !== undefined, { what: 'the welcome' });
    return client;
  }

  override get isResumed(): boolean {
    return dataOf(this.welcome, 'resumed') === true;
  }

  override async sendText(text: string): Promise<Frame> {
    const connectionId = dataOf(this.welcome, 'connectionId');
    const headers = { authorization: `Bearer ${this.options.token}`, 'push-connection': String(connectionId) };
    return replyOf(await postFrame(this.server, text, headers));
  }

  /** Reads nothing from now on. */
  pause(): void {
    this.stream?.pause();
  }

  override cut(): void {
    this.stream?.cut();
  }

  private take({ id, data }: StreamEvent): void {
    const frame = frameOf(data);
    this.receive(frame);
    if (id !== undefined) this.cursor = id;
    if (frame.event === 'push:closing') this.ended = { code: Number(dataOf(frame, 'code')) };
  }
}

export const sseDriver: TransportDriver = {
  name: 'sse',
  path: PATH,
  admitted: 200,
  isLasting: true,
  open: (server, options) => SseWireClient.open(server, options),
  knock: (server, headers = {}, query = {}) => exchange(server, { path: PATH, headers, query }),
  endOf: (code) => ({ code }),
};
