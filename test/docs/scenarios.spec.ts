/** Plays the scenarios of PROTOCOL.md against a running server, line by line. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { RoomAuthorizer } from './snippets/room.authorizer.js';
import { eventually } from '../support/eventually.js';
import { PushApp } from '../support/push-app.js';
import type { PushAppOptions } from '../support/push-app.js';
import { signToken } from '../support/tokens.js';
import { Markdown } from './markdown.js';
import { Actor, requestOf } from './scenario-actors.js';

type Events = Readonly<Record<string, () => Promise<void>>>;

const scenarios = Markdown.read('PROTOCOL.md').section('Scenarios');
const LINE = /^(\w+) ([<>]) (.*)$/;
const TOKEN = 'eyJ…';

/** Clients by the name that they have in the text. */
class Stage {
  app: PushApp | undefined;
  private readonly actors = new Map<string, Actor>();

  constructor(private readonly users: Readonly<Record<string, string>> = {}) {}

  async start(options: PushAppOptions = {}): Promise<PushApp> {
    return (this.app = await PushApp.start(options));
  }

  /** Connects a client that the text takes for connected. */
  async connect(name: string, expiresInSeconds?: number): Promise<void> {
    const actor = this.actor(name);
    await actor.connect('/push/ws', undefined, expiresInSeconds);
    await actor.next('{"event":"push:welcome"}');
  }

  actor(name: string): Actor {
    const known = this.actors.get(name);
    if (known) return known;
    const token = (expiresInSeconds = 3_600) => signToken({ sub: this.users[name] ?? name }, { expiresInSeconds });
    const actor = new Actor(() => this.app?.origin ?? '', token);
    this.actors.set(name, actor);
    return actor;
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
    for (const actor of this.actors.values()) actor.cut();
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
    if (direction === '<') expect(await this.actor(name).next(text)).toMatch(patternOf(text));
    else await this.say(this.actor(name), text);
  }

  private async say(actor: Actor, text: string): Promise<void> {
    const filled = text
      .replace(TOKEN, () => actor.token())
      .replace('cursor=…', () => `cursor=${actor.cursor}`)
      .replace('Push-Connection: …', () => `Push-Connection: ${actor.connectionId}`);
    const request = requestOf(filled);
    if (!request) actor.send(filled);
    else if (!request.path.startsWith('/push/ws')) actor.ask(request);
    else await actor.connect(request.path, request.headers['Sec-WebSocket-Protocol']?.split(', '));
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
    const { push } = await stage.start();
    await stage.expectPlayed("An order's status", {
      "the application calls toUser('7', 'order.status', { orderId: 7, status: 'shipped' })": async () => {
        await push.toUser('7', 'order.status', { orderId: 7, status: 'shipped' });
      },
    });
  });

  it('a tunnel', async () => {
    stage = new Stage();
    const { push } = await stage.start();
    const send = () => push.toUser('A', 'order.status', { orderId: 7 });
    await stage.expectPlayed('A tunnel', {
      'the application sends order.status to A': async () => {
        await send();
      },
      'A loses its line, and the application sends order.status to A twice': async () => {
        stage.actor('A').cut();
        await send();
        await send();
      },
    });
  });

  it('a loop of polls', async () => {
    stage = new Stage();
    const { push } = await stage.start();
    const send = () => push.toUser('A', 'order.status', { orderId: 7 });
    await stage.expectPlayed('A loop of polls', {
      'the application sends order.status to A': async () => {
        await eventually(() => push.isOnline('A'));
        await send();
      },
      'the application sends order.status to A twice': async () => {
        await send();
        await send();
      },
    });
  });

  it('a chat room', async () => {
    stage = new Stage();
    await stage.start({ push: { authorizer: RoomAuthorizer } });
    await stage.connect('A');
    await stage.connect('B');
    await stage.expectPlayed('A chat room');
  });

  it('the same room without WebSocket', async () => {
    stage = new Stage();
    await stage.start({ push: { authorizer: RoomAuthorizer } });
    await stage.expectPlayed('The same room without WebSocket');
  });

  it('a token renewed', async () => {
    stage = new Stage();
    await stage.start({ push: { heartbeatMs: 40 } });
    await stage.connect('A', 30);
    await stage.expectPlayed('A token renewed');
  });

  it('a deployment', async () => {
    stage = new Stage();
    const { app, push } = await stage.start();
    await stage.connect('A');
    await stage.expectPlayed('A deployment', {
      'the application sends order.status, and the server gets SIGTERM': async () => {
        const sent = push.broadcast('order.status', { orderId: 7 });
        await app.close();
        await sent;
      },
      'A waits for that long; another process has started': async () => {
        await stage.start();
      },
    });
  });

  it('a deployment, on an event stream', async () => {
    stage = new Stage();
    const { app } = await stage.start();
    await stage.expectPlayed('A deployment, on an event stream', {
      'the server gets SIGTERM': () => app.close(),
    });
  });

  it('a client of another kind', async () => {
    stage = new Stage();
    await stage.start();
    await stage.connect('A');
    await stage.expectPlayed('A client of another kind');
  });

  it('are all played', () => {
    stage = new Stage();
    expect(scenarios.lines.filter((line) => line.startsWith('### '))).toHaveLength(9);
  });
});
