/** Who plays in the scenarios of PROTOCOL.md: one client each, that takes requests and gives what came line by line. */
import { request } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { eventuallyDefined } from '../support/eventually.js';
import { WsClient } from '../support/ws-client.js';

/** A request as a scenario writes it: method, path, then headers or a body, two spaces apart. */
export interface ScenarioRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** Reads `GET /path  Name: value  {"body":…}`. */
export function requestOf(text: string): ScenarioRequest | undefined {
  const [line = '', ...parts] = text.split('  ');
  const [, method, path] = /^(GET|POST) (\S+)$/.exec(line) ?? [];
  if (method === undefined || path === undefined) return undefined;
  const body = parts.find((part) => part.startsWith('{'));
  const headers = parts.filter((part) => part !== body).map((part) => part.split(': ') as [string, string]);
  return { method, path, headers: Object.fromEntries(headers), body };
}

/** One client of a scenario: at most one WebSocket, and requests. */
export class Actor {
  /** The last cursor that it has seen. */
  cursor = '';
  connectionId = '';
  private ws: WsClient | undefined;
  /** Heads of answers, with their body where they have one. They and the lines of a stream come independently. */
  private readonly answers: string[] = [];
  private readonly lines: string[] = [];
  private stream: ClientRequest | undefined;

  constructor(
    private readonly origin: () => string,
    readonly token: (expiresInSeconds?: number) => string,
  ) {}

  /** Opens a WebSocket, by the `Authorization` header where no subprotocols are given. */
  async connect(path: string, protocols?: string[], expiresInSeconds?: number): Promise<void> {
    const options = protocols ? { protocols } : { token: this.token(expiresInSeconds) };
    this.ws = await WsClient.connect(`${this.origin().replace('http', 'ws')}${path}`, options);
  }

  /** Sends a request; its answer comes line by line. */
  ask({ method, path, headers, body }: ScenarioRequest): void {
    const authorization = `Bearer ${this.token()}`;
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    const sent = request(`${this.origin()}${path}`, { method, headers: { authorization, ...type, ...headers } });
    sent.on('error', () => this.lines.push('end'));
    sent.on('response', (response) => this.read(sent, response));
    sent.end(body);
  }

  send(text: string): void {
    this.ws?.socket.send(text);
  }

  /** What came next, as a scenario writes it; `expected` says what kind of line that is. */
  async next(expected: string): Promise<string> {
    if (expected.startsWith('101')) return `101  Sec-WebSocket-Protocol: ${this.ws?.socket.protocol ?? ''}`;
    if (expected.startsWith('close ')) {
      const end = await this.ws?.end();
      return `close ${end?.code ?? ''} ${end?.reason ?? ''}`;
    }
    if (!expected.startsWith('{')) {
      const source = /^\d/.test(expected) ? this.answers : this.lines;
      return eventuallyDefined(() => source.shift(), { what: expected });
    }
    const text = JSON.stringify(await this.ws?.next());
    this.notice(text);
    return text;
  }

  /** Breaks every line without a goodbye. */
  cut(): void {
    this.ws?.socket.terminate();
    this.stream?.destroy();
  }

  private read(sent: ClientRequest, response: IncomingMessage): void {
    const type = response.headers['content-type'] ?? '';
    response.setEncoding('utf8').on('error', () => {});
    if (type.startsWith('text/event-stream')) {
      this.stream = sent;
      this.answers.push(`${response.statusCode ?? 0}  Content-Type: text/event-stream`);
      this.readStream(response);
      return;
    }
    let text = '';
    response.on('data', (chunk: string) => (text += chunk));
    response.on('end', () => {
      this.notice(text);
      this.answers.push(`${response.statusCode ?? 0}  ${text}`);
    });
  }

  private readStream(response: IncomingMessage): void {
    let rest = '';
    response.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines.filter((each) => each !== '' && !each.startsWith(':'))) {
        this.notice(line);
        this.lines.push(line);
      }
    });
    response.on('end', () => this.lines.push('end'));
  }

  /** The last cursor in a text is the one to come back with. */
  private notice(text: string): void {
    const cursors = [...text.matchAll(/"cursor":"([^"]+)"|^id: (.+)$/gm)];
    const last = cursors.at(-1);
    this.cursor = last?.[1] ?? last?.[2] ?? this.cursor;
    this.connectionId = /"connectionId":"([^"]+)"/.exec(text)?.[1] ?? this.connectionId;
  }
}
