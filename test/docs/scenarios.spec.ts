/** Plays the scenarios of PROTOCOL.md against a running server, line by line. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { RoomAuthorizer } from './snippets/room.authorizer.js';
import { PushApp } from '../support/push-app.js';
import type { PushAppOptions } from '../support/push-app.js';
import { signToken } from '../support/tokens.js';
import { WsClient } from '../support/ws-client.js';
import { Markdown } from './markdown.js';

type Events = Readonly<Record<string, () => Promise<void>>>;

const scenarios = Markdown.read('PROTOCOL.md').section('Scenarios');
const LINE = /^(\w+) ([<>]) (.*)$/;
const TOKEN = 'eyJ…';

/** Clients by the name that they have in the text. */
class Stage {
  app: PushApp | undefined;
  private readonly clients = new Map<string, WsClient>();

  constructor(private readonly users: Readonly<Record<string, string>>) {}

  async start(options: PushAppOptions): Promise<PushApp> {
    return (this.app = await PushApp.start(options));
  }

  /** Connects a client that the text takes for connected. */
  async connect(name: string, expiresInSeconds = 3_600): Promise<void> {
    await this.open(name, '/push/ws', expiresInSeconds);
    await this.client(name).next('push:welcome');
  }

  /** Plays every line of the scenario. */
  async expectPlayed(title: string, events: Events = {}): Promise<void> {
    const [block] = scenarios.section(title).codeBlocks();
    const lines = (block?.text ?? '').split('\n').filter((line) => line !== '');
    expect(lines.length).toBeGreaterThan(2);
    for (const line of lines) await this.playLine(line, events);
  }

  async close(): Promise<void> {
    await this.app?.close();
    for (const client of this.clients.values()) client.socket.terminate();
  }

  private async playLine(line: string, events: Events): Promise<void> {
    if (line.startsWith('* ')) {
      const happen = events[line.slice(2)];
      if (!happen) throw new Error(`nobody plays: ${line}`);
      await happen();
      return;
    }
    const [, name = '', direction, text = ''] = LINE.exec(line) ?? [];
    if (name === '') throw new Error(`not a line of a scenario: ${line}`);
    if (direction === '<') await this.expectReceived(name, text);
    else if (text.startsWith('GET ')) await this.open(name, text.slice('GET '.length));
    else this.client(name).socket.send(text.replace(TOKEN, this.tokenOf(name)));
  }

  private async open(name: string, request: string, expiresInSeconds?: number): Promise<void> {
    const [path = '', header = ''] = request.split('  ');
    const protocols = header.replace('Sec-WebSocket-Protocol: ', '').replace(TOKEN, this.tokenOf(name)).split(', ');
    const url = `${this.app?.origin.replace('http', 'ws') ?? ''}${path}`;
    const options = header === '' ? { token: this.tokenOf(name, expiresInSeconds) } : { protocols };
    this.clients.set(name, await WsClient.connect(url, options));
  }

  private async expectReceived(name: string, text: string): Promise<void> {
    const client = this.client(name);
    if (text.startsWith('101')) {
      expect(client.socket.protocol).toBe(text.replace('101  Sec-WebSocket-Protocol: ', ''));
    } else if (text.startsWith('close ')) {
      const { code, reason } = await client.end();
      expect(`close ${code} ${reason}`).toBe(text);
    } else {
      expect(JSON.stringify(await client.next())).toMatch(patternOf(text));
    }
  }

  private client(name: string): WsClient {
    const client = this.clients.get(name);
    if (!client) throw new Error(`${name} is not connected`);
    return client;
  }

  private tokenOf(name: string, expiresInSeconds = 3_600): string {
    return signToken({ sub: this.users[name] ?? name }, { expiresInSeconds });
  }
}

/** The text, where `…` is anything. */
function patternOf(text: string): RegExp {
  const parts = text.split('…').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`);
}

describe('the scenarios of PROTOCOL.md', () => {
  let stage: Stage;

  afterEach(() => stage.close());

  it('an order’s status', async () => {
    stage = new Stage({ A: '7', B: '7' });
    const { push } = await stage.start({});
    await stage.expectPlayed("An order's status", {
      "the application calls toUser('7', 'order.status', { orderId: 7, status: 'shipped' })": async () => {
        await push.toUser('7', 'order.status', { orderId: 7, status: 'shipped' });
      },
    });
  });

  it('a chat room', async () => {
    stage = new Stage({});
    await stage.start({ push: { authorizer: RoomAuthorizer } });
    await stage.connect('A');
    await stage.connect('B');
    await stage.expectPlayed('A chat room');
  });

  it('a token renewed', async () => {
    stage = new Stage({});
    await stage.start({ push: { heartbeatMs: 40 } });
    await stage.connect('A', 30);
    await stage.expectPlayed('A token renewed');
  });

  it('a deployment', async () => {
    stage = new Stage({});
    const { app, push } = await stage.start({});
    await stage.connect('A');
    await stage.expectPlayed('A deployment', {
      'the application sends order.status, and the server gets SIGTERM': async () => {
        const sent = push.broadcast('order.status', { orderId: 7 });
        await app.close();
        await sent;
      },
      'A waits for that long; another process has started': async () => {
        await stage.start({});
      },
    });
  });

  it('a client of another kind', async () => {
    stage = new Stage({});
    await stage.start({});
    await stage.connect('A');
    await stage.expectPlayed('A client of another kind');
  });

  it('are all played', () => {
    stage = new Stage({});
    expect(scenarios.lines.filter((line) => line.startsWith('### '))).toHaveLength(5);
  });
});
