import { afterEach, describe, expect, it } from '@jest/globals';
import { Inject, Injectable, Module } from '@nestjs/common';
import type { DynamicModule, INestApplication, INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { PushAuthenticator } from '../../src/auth/push-authenticator.js';
import type { Principal } from '../../src/core/principal.js';
import { PushGateway } from '../../src/gateway/push-gateway.decorator.js';
import { PushModule } from '../../src/push.module.js';
import type { PushModuleOptions } from '../../src/push-options.interface.js';
import { PushService } from '../../src/push/push.service.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { TEST_SECRET, signToken } from '../support/tokens.js';
import { WsClient, refusalOf } from '../support/ws-client.js';

const options: PushModuleOptions = { auth: { jwt: { secret: TEST_SECRET, algorithms: ['HS256'] } }, maxPerUser: 1 };

/** Sends from a module that does not import PushModule itself. */
@Injectable()
class Announcer {
  constructor(@Inject(PushService) private readonly push: PushService) {}

  async announce(): Promise<number> {
    return (await this.push.broadcast('announcement')).matched.connections;
  }
}

@Module({ providers: [Announcer], exports: [Announcer] })
class FeatureModule {}

let app: INestApplication | INestApplicationContext | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

async function start(...imports: (DynamicModule | typeof FeatureModule)[]): Promise<INestApplication> {
  const testing = await Test.createTestingModule({ imports }).compile();
  const created = testing.createNestApplication(new FastifyAdapter(), { logger: false });
  app = created;
  await created.listen(0, '127.0.0.1');
  return created;
}

async function urlOf(created: INestApplication): Promise<string> {
  return `${(await created.getUrl()).replace('http', 'ws')}/push/ws`;
}

@Injectable()
class OptionsOfTheHost {
  createPushOptions(): PushModuleOptions {
    return options;
  }
}

@Module({ providers: [OptionsOfTheHost], exports: [OptionsOfTheHost] })
class ConfigurationModule {}

@Injectable()
class Nothing {}

@Module({ providers: [Nothing], exports: [Nothing] })
class NothingModule {}

describe('PushModule', () => {
  it('does not start beside another one, and says where to call it', async () => {
    await expect(start(PushModule.forRoot(options), PushModule.forRoot(options))).rejects.toMatchObject({
      code: 'PUSH_ERR_INVALID_OPTION',
      message: expect.stringContaining('2 times. Call forRoot or forRootAsync once') as unknown,
    });
  });

  it('may be imported by several modules, as one', async () => {
    const one = PushModule.forRoot({ ...options, isGlobal: false });
    const created = await start(one, { module: class Other {}, imports: [one] });
    const client = await WsClient.connect(await urlOf(created), { token: signToken() });
    await created.get(PushService, { strict: false }).toUser('7', 'news');
    expect((await client.next('news')).event).toBe('news');
    await client.close();
  });

  it.each([
    ['forRoot', () => PushModule.forRoot(options)],
    ['forRootAsync with a factory', () => PushModule.forRootAsync({ useFactory: async () => options })],
    [
      'forRootAsync with a factory that injects',
      () =>
        PushModule.forRootAsync({
          imports: [ConfigurationModule],
          inject: [OptionsOfTheHost],
          useFactory: (host: OptionsOfTheHost) => host.createPushOptions(),
        }),
    ],
    ['forRootAsync with a class', () => PushModule.forRootAsync({ useClass: OptionsOfTheHost })],
    [
      'forRootAsync with an existing provider',
      () => PushModule.forRootAsync({ imports: [ConfigurationModule], useExisting: OptionsOfTheHost }),
    ],
  ])('serves with options by %s', async (_way, create) => {
    const created = await start(create(), FeatureModule);
    const url = await urlOf(created);
    const client = await WsClient.connect(url, { token: signToken() });
    await client.next('push:welcome');

    expect(await created.get(Announcer, { strict: false }).announce()).toBe(1);
    expect((await client.next()).event).toBe('announcement');
    expect((await refusalOf(url, { token: signToken() })).status).toBe(429);
    await client.close();
  });

  it('is for those who import it alone where the host says so', async () => {
    await expect(start(PushModule.forRoot({ ...options, isGlobal: false }), FeatureModule)).rejects.toThrow(
      /PushService/,
    );
  });

  it('refuses to start with one error that lists every problem', async () => {
    const wrong = { ...options, maxConnections: -1, paths: { ws: 'live' }, unheardOf: true } as PushModuleOptions;

    for (const module of [PushModule.forRoot(wrong), PushModule.forRootAsync({ useFactory: () => wrong })]) {
      await expect(start(module)).rejects.toMatchObject({
        code: 'PUSH_ERR_INVALID_OPTION',
        errors: expect.arrayContaining(
          ['/maxConnections', '/paths/ws', '/unheardOf'].map((pointer) => ({ pointer, detail: expect.any(String) })),
        ),
      });
    }
  });

  it('says where an option belongs that a factory returns too late', async () => {
    const late = PushModule.forRootAsync({ useFactory: () => ({ ...options, rest: false, console: {} }) });
    const expected = 'none of this name here: with forRootAsync it stands beside useFactory';
    await expect(start(late)).rejects.toMatchObject({
      code: 'PUSH_ERR_INVALID_OPTION',
      errors: ['/rest', '/console'].map((pointer) => ({ pointer, detail: `received an option, expected ${expected}` })),
    });
  });

  it.each([
    ['useClass', { useClass: Nothing }],
    ['useExisting', { imports: [NothingModule], useExisting: Nothing }],
  ])('names the method that the class of %s lacks', async (way, given) => {
    await expect(start(PushModule.forRootAsync(given as never))).rejects.toMatchObject({
      code: 'PUSH_ERR_INVALID_OPTION',
      message: expect.stringContaining(
        `${way}: received a provider without it, expected one with a method createPushO`,
      ),
    });
  });

  it('does not start without options, and says so', async () => {
    await expect(start(PushModule as never)).rejects.toMatchObject({
      code: 'PUSH_ERR_INVALID_OPTION',
      message: expect.stringContaining('PushModule was imported without options') as unknown,
    });
  });

  it('may be imported once more without options, where it has them', async () => {
    const created = await start({ module: class Other {}, imports: [PushModule] }, PushModule.forRoot(options));
    expect((await created.get(PushService, { strict: false }).broadcast('news')).written).toBe(0);
  });

  it.each([[undefined], [null], ['options']])('says what is wrong with %s for options', (nothing) => {
    expect(() => PushModule.forRoot(nothing as never)).toThrow(
      expect.objectContaining({ code: 'PUSH_ERR_INVALID_OPTION' }),
    );
  });

  it('lets nobody in where there is no authentication', async () => {
    const created = await start(PushModule.forRoot({}));
    expect((await refusalOf(await urlOf(created), { token: signToken() })).status).toBe(401);
    expect((await fetch(`${await created.getUrl()}/push/stats`)).status).toBe(404);
  });

  it('starts without authentication also where Nest draws a graph of the application', async () => {
    @Module({ imports: [PushModule.forRootAsync({ useFactory: () => ({}) })] })
    class HostModule {}
    const created = await NestFactory.create(HostModule, new FastifyAdapter(), { logger: false, snapshot: true });
    app = created;
    await created.listen(0, '127.0.0.1');
    expect((await fetch(`${await created.getUrl()}/push/stats`)).status).toBe(404);
  });

  describe('warns once that nobody can connect', () => {
    const WARNING = 'Nobody can connect';

    class AnyName extends PushAuthenticator {
      override authenticate(): undefined {
        return undefined;
      }
    }

    async function warningsOf(module: DynamicModule, hasHttp = true): Promise<number> {
      const logger = new RecordingLogger();
      @Module({ imports: [module] })
      class HostModule {}
      if (hasHttp) {
        const created = await NestFactory.create(HostModule, new FastifyAdapter(), { logger });
        app = created;
        await created.listen(0, '127.0.0.1');
      } else app = await NestFactory.createApplicationContext(HostModule, { logger });
      return logger.text.split(WARNING).length - 1;
    }

    it.each([
      ['forRoot', () => PushModule.forRoot({})],
      ['forRoot with auth that judges no token', () => PushModule.forRoot({ auth: {} })],
      ['forRootAsync', () => PushModule.forRootAsync({ useFactory: () => ({}) })],
    ])('by %s without authentication', async (_way, create) => {
      expect(await warningsOf(create())).toBe(1);
    });

    it('but not where tokens are judged, or where nobody connects at all', async () => {
      expect(await warningsOf(PushModule.forRoot(options))).toBe(0);
      await app?.close();
      expect(await warningsOf(PushModule.forRoot({ authenticator: AnyName }))).toBe(0);
      await app?.close();
      expect(await warningsOf(PushModule.forRootAsync({ useFactory: () => ({}), authenticator: AnyName }))).toBe(0);
      await app?.close();
      expect(await warningsOf(PushModule.forRoot({ authenticator: AnyName }), false)).toBe(0);
      await app?.close();
      expect(await warningsOf(PushModule.forRootAsync({ useFactory: () => ({}) }), false)).toBe(0);
    });
  });

  it("knows users by the host's own authenticator", async () => {
    @Injectable()
    class Names extends PushAuthenticator {
      override async authenticate(token: string): Promise<Principal> {
        return { userId: token, groups: [], scopes: [], expiresAtMs: Date.now() + 60_000 };
      }
    }
    const created = await start(PushModule.forRoot({ authenticator: Names }));
    const client = await WsClient.connect(await urlOf(created), { token: 'somebody' });
    expect((await client.next('push:welcome')).data).toMatchObject({ userId: 'somebody' });
    await client.close();
  });

  it('listens on the path that the host chooses, outside its global prefix', async () => {
    const testing = await Test.createTestingModule({
      imports: [PushModule.forRoot({ ...options, paths: { ws: '/live/socket' } })],
    }).compile();
    const created = testing.createNestApplication(new FastifyAdapter(), { logger: false });
    app = created;
    created.setGlobalPrefix('api');
    await created.listen(0, '127.0.0.1');
    const url = (await created.getUrl()).replace('http', 'ws');

    const client = await WsClient.connect(`${url}/live/socket`, { token: signToken() });
    await client.close();
    expect((await refusalOf(`${url}/push/ws`, { token: signToken() })).status).toBe(404);
  });

  it('sends in an application without an HTTP server, to nobody, and ends', async () => {
    @Module({ imports: [PushModule.forRoot(options), FeatureModule] })
    class WorkerModule {}
    app = await NestFactory.createApplicationContext(WorkerModule, { logger: false });

    expect(await app.get(Announcer).announce()).toBe(0);
    await app.get(PushService).addToGroup('7', 'g');
    expect(await app.get(PushService).groupsOf('7')).toEqual(['g']);
  });

  it('sends in such an application too where its modules have push gateways, whose adapter it cannot have', async () => {
    @PushGateway()
    class OrdersGateway {}
    @Module({ imports: [PushModule.forRoot(options), FeatureModule], providers: [OrdersGateway] })
    class WorkerModule {}
    app = await NestFactory.createApplicationContext(WorkerModule, { logger: false });
    expect(await app.get(Announcer).announce()).toBe(0);
  });

  it('is there twice in one process without the two knowing of each other', async () => {
    const first = await start(PushModule.forRoot(options));
    const firstClient = await WsClient.connect(await urlOf(first), { token: signToken() });
    const second = await start(PushModule.forRoot(options));
    const secondClient = await WsClient.connect(await urlOf(second), { token: signToken() });
    for (const client of [firstClient, secondClient]) await client.next('push:welcome');

    await first.get(PushService).broadcast('first');
    await first.close();

    expect((await firstClient.end()).code).toBe(1012);
    expect(await secondClient.settled()).toEqual([]);
    await secondClient.close();
  });
});
