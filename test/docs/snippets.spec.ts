/** Runs every snippet of the README as a reader would: the module on a real server, clients on real sockets. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WebSocket } from 'ws';
import type { PushClient } from '../../src/client/index.js';
import { PushModule, PushService } from '../../src/index.js';
import { eventually } from '../support/eventually.js';
import { TEST_SECRET, bearer, signToken } from '../support/tokens.js';
import { WsClient } from '../support/ws-client.js';
import { OrdersService } from './snippets/orders.service.js';
import { ToursService } from './snippets/tours.service.js';

/** An application that a snippet started, and the clients that a test connected to it. */
class RunningSnippet {
  private readonly clients: WsClient[] = [];

  constructor(readonly app: INestApplication) {}

  get port(): number {
    const server = this.app.getHttpServer() as Server;
    return (server.address() as AddressInfo).port;
  }

  async connect(sub: string): Promise<WsClient> {
    const client = await WsClient.connect(`ws://127.0.0.1:${this.port}/push/ws`, { token: signToken({ sub }) });
    this.clients.push(client);
    await client.next('push:welcome');
    return client;
  }

  async close(): Promise<void> {
    await this.app.close();
    for (const client of this.clients) client.socket.terminate();
  }
}

const createApplication = NestFactory.create.bind(NestFactory) as (...args: unknown[]) => Promise<INestApplication>;
const environment = process.env;
let running: RunningSnippet | undefined;

// The snippets read it when they are imported, so they are imported by the tests.
beforeAll(() => {
  process.env = { ...environment, PORT: '0', PUSH_JWT_SECRET: TEST_SECRET };
});

afterAll(() => {
  process.env = environment;
});

afterEach(async () => {
  await running?.close();
  running = undefined;
  jest.restoreAllMocks();
});

/** Runs a main.ts; only its logger and the interface that it listens on are not the snippet's. */
async function run(main: () => Promise<unknown>): Promise<RunningSnippet> {
  let app: INestApplication | undefined;
  jest.spyOn(NestFactory, 'create').mockImplementation(async (...args: unknown[]) => {
    app = await createApplication(...args, { logger: false, abortOnError: false });
    const { listen } = app as unknown as { listen: (port: unknown, host: string) => Promise<unknown> };
    Object.assign(app, { listen: (port: unknown) => listen.call(app, port, '127.0.0.1') });
    return app as never;
  });
  await main();
  if (!app) throw new Error('the snippet made no application');
  running = new RunningSnippet(app);
  return running;
}

/** A module runs once in a test file, so a main.ts can be imported by one test only; this is what the others do. */
async function startShop(): Promise<void> {
  const { AppModule } = await import('./snippets/app.module.js');
  const app = await NestFactory.create(AppModule);
  await app.listen(0);
}

describe('the start', () => {
  it('tells a page of an order by what main.ts, the module and the service say', async () => {
    const { app, port } = await run(() => import('./snippets/main.js'));
    const shown: unknown[] = [];
    const script = './snippets/browser.mjs';
    const { watchOrders } = (await import(script)) as {
      watchOrders(url: string, token: () => string, show: (order: unknown) => void): PushClient;
    };
    // What a browser has and Node 20 has not.
    Object.assign(globalThis, { WebSocket });

    const push = watchOrders(
      `http://127.0.0.1:${port}`,
      () => signToken({ sub: '7' }),
      (order) => shown.push(order),
    );
    await eventually(() => push.status.state === 'live');
    expect(push.status.transport).toBe('ws');
    await app.get(OrdersService).ship(41, '7');

    await eventually(() => shown.length > 0);
    expect(shown).toEqual([{ orderId: 41, status: 'shipped' }]);
    push.close();
  });

  it('tells every tab of a user, and no tab of another', async () => {
    const snippet = await run(startShop);
    const [first, second, stranger] = [
      await snippet.connect('7'),
      await snippet.connect('7'),
      await snippet.connect('8'),
    ];

    await snippet.app.get(OrdersService).ship(41, '7');

    const message = await first.next('order.status');
    expect(message.data).toEqual({ orderId: 41, status: 'shipped' });
    expect(await second.next('order.status')).toEqual(message);
    expect(await stranger.settled()).toEqual([]);
  });
});

describe('groups', () => {
  it('reaches the members that the server holds and leaves out the exception', async () => {
    const auth = { jwt: { secret: TEST_SECRET, algorithms: ['HS256' as const] } };
    const module = { module: class ToursModule {}, imports: [PushModule.forRoot({ auth })], providers: [ToursService] };
    const snippet = await run(() => NestFactory.create(module).then((app) => app.listen(0)));
    const tours = snippet.app.get(ToursService);
    const [ana, ben] = [await snippet.connect('ana'), await snippet.connect('ben')];

    const push = snippet.app.get(PushService);
    await push.addToGroup('ben', 'dispatch');

    await tours.start('ana', new Date(Date.now() + 60_000));

    expect((await ben.next('tour.started')).data).toEqual({ driver: 'ana' });
    expect(await ana.settled()).toEqual([]);
    expect(await push.groupsOf('ana')).toEqual(['drivers']);
  });
});

describe('handlers and the authorizer', () => {
  it('answers the frame of a client with what its handler returns', async () => {
    const snippet = await run(() => import('./snippets/main-with-handlers.js'));
    const client = await snippet.connect('7');

    const reply = await client.request('cart.add', { item: 'fern' });

    expect(reply).toMatchObject({ event: 'push:ok', data: { item: 'fern', inCartOf: '7' } });
  });

  it('lets clients into rooms and nowhere else', async () => {
    const { ShopModule } = await import('./snippets/shop.module.js');
    const { PushWsAdapter } = await import('../../src/index.js');
    const snippet = await run(async () => {
      const app = await NestFactory.create(ShopModule);
      app.useWebSocketAdapter(new PushWsAdapter(app));
      await app.listen(0);
    });
    const [ana, ben] = [await snippet.connect('ana'), await snippet.connect('ben')];

    expect(await ana.request('push:join', { group: 'room:lobby' })).toMatchObject({ event: 'push:ok' });
    expect(await ana.request('push:join', { group: 'staff' })).toMatchObject({ data: { code: 'forbidden' } });
    const line = { to: { group: 'room:lobby' }, event: 'chat.line', data: 'hi' };
    expect(await ben.request('push:send', line)).toMatchObject({ event: 'push:ok' });
    expect(await ana.next('chat.line')).toMatchObject({ data: 'hi', from: 'ben' });
    const direct = { to: { user: 'ana' }, event: 'chat.line', data: 'hi' };
    expect(await ben.request('push:send', direct)).toMatchObject({ data: { code: 'forbidden' } });
  });
});

describe('REST', () => {
  it('sends what curl posts', async () => {
    const snippet = await run(startShop);
    const client = await snippet.connect('7');
    const script = fileURLToPath(new URL('snippets/send.sh', import.meta.url));
    const TOKEN = signToken({ sub: 'orders', scope: 'push:send' });
    const SHOP = `http://127.0.0.1:${snippet.port}`;

    const shell = spawn('sh', [script], { env: { ...process.env, SHOP, TOKEN }, stdio: ['ignore', 'pipe', 'inherit'] });
    let answer = '';
    shell.stdout.setEncoding('utf8').on('data', (text: string) => (answer += text));
    expect(await once(shell, 'close')).toEqual([0, null]);

    expect(JSON.parse(answer)).toMatchObject({ matched: { users: 1, connections: 1 }, written: 1, duplicate: false });
    expect((await client.next('order.status')).data).toEqual({ orderId: 41, status: 'shipped' });
  });

  it.each([
    ['Express', () => import('./snippets/main-express.js')],
    ['Fastify', () => import('./snippets/main-fastify.js')],
  ])('takes a batch past the default body limit of %s once it is raised', async (_platform, main) => {
    const large = { target: { users: ['7'] }, event: 'note', data: 'x'.repeat(60_000) };
    const body = JSON.stringify({ messages: Array.from({ length: 40 }, () => large) });
    const post = (port: number) =>
      fetch(`http://127.0.0.1:${port}/push/batch`, {
        method: 'POST',
        headers: { ...bearer(signToken({ scope: 'push:send' })), 'content-type': 'application/json' },
        body,
      });

    const { port } = await run(main);

    const response = await post(port);
    expect(response.status).toBe(202);
    expect(((await response.json()) as { results: unknown[] }).results).toHaveLength(40);
  });
});

describe('what README.md says in a line', () => {
  it.each([
    ['main-with-handlers.ts', 'app.useWebSocketAdapter(new PushWsAdapter(app));'],
    ['main-express.ts', "app.useBodyParser('json', { limit: '8mb' })"],
    ['main-fastify.ts', 'new FastifyAdapter({ bodyLimit: 8 * 1024 * 1024 })'],
    ['main.ts', 'app.enableShutdownHooks()'],
  ])('is what %s does', (snippet, line) => {
    // Prose is wrapped, code is not.
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8').replaceAll(/\s+/g, ' ');
    expect(readme).toContain(line);
    expect(readFileSync(new URL(`snippets/${snippet}`, import.meta.url), 'utf8')).toContain(line);
  });
});
