import type { Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Inject, Injectable, Module, VersioningType } from '@nestjs/common';
import type { INestApplication, Provider, WebSocketAdapter } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import type { Server as IoServer } from 'socket.io';
import { io } from 'socket.io-client';
import type { Socket as IoSocket } from 'socket.io-client';
import { PushAuthenticator } from '../../src/auth/push-authenticator.js';
import { PushGateway } from '../../src/gateway/push-gateway.decorator.js';
import { PushWsAdapter } from '../../src/gateway/push-ws.adapter.js';
import { PushModule } from '../../src/push.module.js';
import { PushService } from '../../src/push/push.service.js';
import { startNodeProgram } from '../support/child-program.js';
import type { ChildProgram } from '../support/child-program.js';
import { eventually } from '../support/eventually.js';
import { GatedAuthenticator } from '../support/gated.authenticator.js';
import { PLATFORMS, PushApp } from '../support/push-app.js';
import type { PushAppOptions } from '../support/push-app.js';
import { RawClient, handshake, handshakeOf } from '../support/raw-client.js';
import { TEST_SECRET, signToken } from '../support/tokens.js';
import { WsClient } from '../support/ws-client.js';

@PushGateway()
class OwnGateway {
  @SubscribeMessage('own')
  own(@MessageBody() data: unknown): unknown {
    return { own: data };
  }
}

@WebSocketGateway()
class IoGateway {
  @WebSocketServer() readonly server!: IoServer;

  @SubscribeMessage('hello')
  hello(@MessageBody() data: unknown): unknown {
    return { event: 'hello.back', data };
  }
}

@WebSocketGateway({ path: '/other' })
class OtherGateway {
  @SubscribeMessage('hello')
  hello(@MessageBody() data: unknown): unknown {
    return { event: 'hello.back', data };
  }
}

@PushGateway()
class SameEventGateway {
  @SubscribeMessage('hello')
  hello(): string {
    return 'from push';
  }
}

@Injectable()
class Worker {
  constructor(@Inject(PushService) private readonly push: PushService) {}

  work(): Promise<unknown> {
    return this.push.toUser('7', 'order.status', { orderId: 7 });
  }
}

@Module({
  imports: [PushModule.forRoot({ auth: { jwt: { secret: TEST_SECRET, algorithms: ['HS256'] } } })],
  providers: [Worker],
})
class WorkerModule {}

/** A first start may have to build; two compilers on a busy machine take their time. */
const START_TIMEOUT_MS = 90_000;

type CreateAdapter = (app: INestApplication) => WebSocketAdapter | undefined;

let apps: PushApp[];
let ioClients: IoSocket[];
let rawClients: RawClient[];

beforeEach(() => {
  apps = [];
  ioClients = [];
  rawClients = [];
});
afterEach(async () => {
  for (const client of ioClients) client.disconnect();
  for (const client of rawClients) client.destroy();
  for (const app of apps) await app.close();
});

async function start(options: PushAppOptions, providers: Provider[] = [], adapter?: CreateAdapter): Promise<PushApp> {
  const app = await PushApp.start({
    ...options,
    metadata: { providers },
    nest: { logger: false },
    configure: (nest) => {
      const chosen = adapter?.(nest);
      if (chosen) nest.useWebSocketAdapter(chosen);
    },
  });
  apps.push(app);
  return app;
}

async function ask(app: PushApp, request: string): Promise<RawClient> {
  const client = await RawClient.connect(app.port);
  rawClients.push(client);
  client.write(request);
  return client;
}

async function expectPushWorks(app: PushApp): Promise<void> {
  const client = await app.connect('7');
  await app.push.toUser('7', 'e', 1);
  expect(await client.next()).toMatchObject({ event: 'e', data: 1 });
}

async function expectOwnGatewayWorks(app: PushApp): Promise<void> {
  const client = await app.connect('7');
  expect(await client.request('own', 1)).toMatchObject({ event: 'push:ok', data: { own: 1 } });
}

async function expectSocketIoWorks(origin: string, transport: 'websocket' | 'polling'): Promise<void> {
  const client = io(origin, { transports: [transport], reconnection: false });
  ioClients.push(client);
  const answer = new Promise((resolve) => client.once('hello.back', resolve));
  client.emit('hello', { via: transport });
  expect(await answer).toEqual({ via: transport });
}

async function expectOtherGatewayWorks(app: PushApp): Promise<void> {
  const client = await WsClient.connect(`${app.origin.replace('http', 'ws')}/other`);
  client.send('hello', 1);
  expect(await client.next()).toEqual({ event: 'hello.back', data: 1 });
  await client.close();
}

describe.each(PLATFORMS)('beside other gateways on %s', (platform) => {
  describe.each<[string, Provider[], CreateAdapter]>([
    ['no adapter line', [IoGateway], () => undefined],
    ['IoAdapter', [IoGateway], (app) => new IoAdapter(app)],
    ['PushWsAdapter and IoAdapter', [IoGateway, OwnGateway], (app) => new PushWsAdapter(app, new IoAdapter(app))],
  ])('a Socket.IO gateway with %s', (_line, providers, adapter) => {
    it('works over WebSocket and polling, and push connections work', async () => {
      const app = await start({ platform }, providers, adapter);
      await expectSocketIoWorks(app.origin, 'websocket');
      await expectSocketIoWorks(app.origin, 'polling');
      await expectPushWorks(app);
      if (providers.includes(OwnGateway)) await expectOwnGatewayWorks(app);
    });

    it('does not cut a handshake that is checked for longer than engine.io waits', async () => {
      const app = await start({ platform, push: { authenticator: GatedAuthenticator } }, providers, adapter);
      const gate = app.app.get<GatedAuthenticator>(PushAuthenticator);
      const client = await ask(app, handshake({ headers: { Authorization: 'Bearer 7' } }));
      await eventually(() => gate.waitingCount === 1);
      // What engine.io does not own it ends after a second.
      await (await ask(app, handshake({ target: '/nowhere' }))).end();

      gate.admitAll();

      expect((await client.response()).status).toBe(101);
      await client.nextEnvelope('push:welcome');
    });

    it('goes on until the application ends, which says goodbye to both', async () => {
      const app = await start({ platform }, providers, adapter);
      const ioClient = io(app.origin, { transports: ['websocket'], reconnection: false });
      ioClients.push(ioClient);
      await new Promise((resolve) => ioClient.once('connect', () => resolve(undefined)));
      const client = await app.connect('7');

      await app.close();

      expect((await client.end()).code).toBe(1012);
      await eventually(() => !ioClient.connected);
    });
  });

  describe.each<[string, Provider[], CreateAdapter]>([
    ['WsAdapter', [OtherGateway], (app) => new WsAdapter(app)],
    ['PushWsAdapter and WsAdapter', [OtherGateway, OwnGateway], (app) => new PushWsAdapter(app, new WsAdapter(app))],
  ])('a ws gateway on a path of its own with %s', (_line, providers, adapter) => {
    it('works, and push connections work', async () => {
      const app = await start({ platform }, providers, adapter);
      await expectOtherGatewayWorks(app);
      await expectPushWorks(app);
      if (providers.includes(OwnGateway)) await expectOwnGatewayWorks(app);
    });

    it('does not see the handshakes of push connections, refused or not', async () => {
      const app = await start({ platform }, providers, adapter);
      const client = await ask(app, handshake());
      expect((await client.response()).status).toBe(401);
      await client.end();
    });

    it('sees no messages of push connections, nor they its own', async () => {
      const app = await start({ platform }, providers, adapter);
      const client = await app.connect('7');
      expect(await client.request('hello', 1)).toMatchObject({ data: { code: 'unknown_event' } });
      const other = await WsClient.connect(`${app.origin.replace('http', 'ws')}/other`);
      await app.push.broadcast('e');
      other.send('own', 1);
      other.send('hello', 2);
      expect(await other.next()).toEqual({ event: 'hello.back', data: 2 });
    });

    it('decides about the upgrades that are not ours', async () => {
      const app = await start({ platform }, providers, adapter);
      await (await ask(app, handshakeOf('7', { target: '/nowhere' }))).end();
      await expectPushWorks(app);
    });

    it('ends with the application, and so do push connections', async () => {
      const app = await start({ platform }, providers, adapter);
      const other = await WsClient.connect(`${app.origin.replace('http', 'ws')}/other`);
      const client = await app.connect('7');
      await app.close();
      expect((await client.end()).code).toBe(1012);
      await other.end();
    });
  });

  it('a ws and a push gateway of the same event answer each on its own connections', async () => {
    const app = await start({ platform }, [OtherGateway, SameEventGateway], (nest) => {
      return new PushWsAdapter(nest, new WsAdapter(nest));
    });
    await expectOtherGatewayWorks(app);
    const client = await app.connect('7');
    expect(await client.request('hello', 1)).toMatchObject({ event: 'push:ok', data: 'from push' });
  });

  it('PushWsAdapter alone serves an application with push gateways alone', async () => {
    const app = await start({ platform }, [OwnGateway], (nest) => new PushWsAdapter(nest));
    await expectOwnGatewayWorks(app);
  });

  it('nothing of it is needed: no gateway, no adapter', async () => {
    const app = await start({ platform });
    await expectPushWorks(app);
  });

  it('a push gateway without the adapter is an error at boot that names the line to add', async () => {
    const boot = start({ platform }, [OwnGateway, IoGateway]);
    await expect(boot).rejects.toThrow('app.useWebSocketAdapter(new PushWsAdapter(app))');
    await expect(boot).rejects.toThrow('OwnGateway');
  });

  it('PushWsAdapter without PushModule is an error that says so', async () => {
    @Module({})
    class Empty {}
    const app = await NestFactory.create(Empty, { logger: false });
    expect(() => new PushWsAdapter(app)).toThrow('PushModule');
    await app.close();
  });
});

describe.each(PLATFORMS)('the HTTP server of the application on %s', (platform) => {
  async function startBare(): Promise<{ app: PushApp; server: Server }> {
    const app = await start({ platform });
    return { app, server: app.server };
  }

  it('is as it was when the application has ended', async () => {
    const { app, server } = await startBare();
    expect(Object.hasOwn(server, 'emit')).toBe(true);
    await app.close();
    expect(Object.hasOwn(server, 'emit')).toBe(false);
    expect(server.listenerCount('upgrade')).toBe(0);
  });

  it('gets back the emit that someone else had put there before', async () => {
    const seen: string[] = [];
    let theirs: Server['emit'] | undefined;
    const app = await PushApp.start({
      platform,
      configure: (nest) => {
        const server = nest.getHttpServer() as Server;
        server.emit = theirs = recordingEmit(server, seen);
      },
    });
    apps.push(app);
    const { server } = app;
    await expectPushWorks(app);
    await app.close();
    expect(seen).toContain('connection');
    expect(server.emit).toBe(theirs);
  });

  it('keeps the emit that someone else put there later', async () => {
    const { app, server } = await startBare();
    const seen: string[] = [];
    const later = recordingEmit(server, seen);
    server.emit = later;
    await expectPushWorks(app);
    await app.close();
    expect(server.emit).toBe(later);
    expect(seen).toContain('upgrade');
  });

  it('is found at its path whatever the prefix and the versions of the routes', async () => {
    const app = await PushApp.start({
      platform,
      configure: (nest) =>
        nest.setGlobalPrefix('api').enableVersioning({ type: VersioningType.URI, defaultVersion: '1' }),
    });
    apps.push(app);
    await expectPushWorks(app);
    expect((await fetch(`${app.origin}/push/ws`)).status).toBe(426);
  });

  it('is not shared with that of another application in the process', async () => {
    const adapter: CreateAdapter = (nest) => new PushWsAdapter(nest);
    const [first, second] = [
      await start({ platform }, [OwnGateway], adapter),
      await start({ platform }, [OwnGateway], adapter),
    ];
    const [client, other] = [await first.connect('7'), await second.connect('7')];
    await first.push.broadcast('of.first');
    expect((await client.settled()).map(({ event }) => event)).toEqual(['of.first']);
    expect(await other.settled()).toEqual([]);

    await first.close();

    expect((await client.end()).code).toBe(1012);
    await expectPushWorks(second);
    await expectOwnGatewayWorks(second);
  });
});

describe('a host that names no adapter for its Socket.IO gateway', () => {
  const file = fileURLToPath(new URL('../support/programs/socket-io-host.mjs', import.meta.url));
  let program: ChildProgram;
  afterEach(() => program.stop());

  async function startHost(variables: Record<string, string> = {}): Promise<void> {
    program = await startNodeProgram([file], { env: variables });
  }

  it(
    'gets the default one of Nest beside PushWsAdapter',
    async () => {
      await startHost();
      const [, port = ''] = await program.waitForLine(/^listening on (\d+)$/, START_TIMEOUT_MS);
      const origin = `http://127.0.0.1:${port}`;

      await expectSocketIoWorks(origin, 'websocket');

      const client = await WsClient.connect(`${origin.replace('http', 'ws')}/push/ws`, { token: signToken() });
      expect(await client.request('own', 1)).toMatchObject({ event: 'push:ok', data: { own: 1 } });
      await client.close();
    },
    START_TIMEOUT_MS,
  );

  it(
    'is told what to write when there is none',
    async () => {
      await startHost({ WITHOUT_SOCKET_IO: '1' });
      await program.waitForLine(
        /app\.useWebSocketAdapter\(new PushWsAdapter\(app, new WsAdapter\(app\)\)\)/,
        START_TIMEOUT_MS,
      );
      expect((await program.ended).code).toBe(1);
    },
    START_TIMEOUT_MS,
  );

  it(
    'needs none for push gateways alone',
    async () => {
      await startHost({ WITHOUT_SOCKET_IO: '1', PUSH_ONLY: '1' });
      expect(await program.waitForLine(/^listening on/, START_TIMEOUT_MS)).toBeDefined();
    },
    START_TIMEOUT_MS,
  );

  it(
    'is told about PushWsAdapter, and not about Socket.IO, when it has push gateways alone',
    async () => {
      await startHost({ WITHOUT_SOCKET_IO: '1', WITHOUT_ADAPTER: '1', PUSH_ONLY: '1' });
      await program.waitForLine(/app\.useWebSocketAdapter\(new PushWsAdapter\(app\)\)/, START_TIMEOUT_MS);
      expect((await program.ended).code).toBe(1);
      expect(program.output).not.toContain('socket.io');
    },
    START_TIMEOUT_MS,
  );
});

describe('an application context', () => {
  it('sends without an HTTP server', async () => {
    const context = await NestFactory.createApplicationContext(WorkerModule, { logger: false });
    expect(await context.get(Worker).work()).toMatchObject({ matched: { users: 0, connections: 0 }, written: 0 });
    await context.close();
  });
});

/** An emit of the kind that libraries put in place of a server's own. */
function recordingEmit(server: Server, seen: string[]): Server['emit'] {
  const original = server.emit;
  return function (this: Server, event: string, ...args: unknown[]) {
    seen.push(event);
    return Reflect.apply(original, this, [event, ...args]) as boolean;
  } as Server['emit'];
}
