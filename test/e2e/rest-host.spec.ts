import { afterEach, describe, expect, it } from '@jest/globals';
import {
  Catch,
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  SetMetadata,
  UnauthorizedException,
  ValidationPipe,
  VersioningType,
} from '@nestjs/common';
import type {
  ArgumentsHost,
  CallHandler,
  CanActivate,
  ExceptionFilter,
  ExecutionContext,
  INestApplication,
  NestInterceptor,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, NestFactory, Reflector, RouterModule } from '@nestjs/core';
import { map, timeout } from 'rxjs';
import { PushAuthenticator } from '../../src/auth/push-authenticator.js';
import type { Principal } from '../../src/core/principal.js';
import type { PushModuleExtras } from '../../src/push-options.interface.js';
import { PushModule } from '../../src/push.module.js';
import { PushService } from '../../src/push/push.service.js';
import { PushApiGuard } from '../../src/rest/push-api.guard.js';
import { PLATFORMS, PushApp } from '../support/push-app.js';
import { problemWith, RestClient } from '../support/rest-client.js';

/** A key that the host's own guard asks for, from a module that is imported beside it. */
@Injectable()
class ApiKeys {
  readonly known = 'host-key';
}

@Module({ providers: [ApiKeys], exports: [ApiKeys] })
class ApiKeysModule {}

interface HostRequest {
  readonly headers: Readonly<Record<string, string | undefined>>;
  user?: unknown;
}

@Injectable()
class ApiKeyGuard implements CanActivate {
  constructor(@Inject(ApiKeys) private readonly keys: ApiKeys) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<HostRequest>();
    if (request.headers['x-api-key'] !== this.keys.known) throw new UnauthorizedException('an API key is required');
    request.user = { id: request.headers['x-user'] ?? 'svc' };
    return true;
  }
}

const IS_PUBLIC = 'host:is-public';
const Public = () => SetMetadata(IS_PUBLIC, true);

/** A global guard of the host that knows nothing of push. */
@Injectable()
class ClosedGuard implements CanActivate {
  constructor(@Inject(Reflector) private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    return this.reflector.getAllAndOverride(IS_PUBLIC, [context.getHandler(), context.getClass()]) === true;
  }
}

/** Lets everyone in. */
class OpenGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

class WrappingInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler) {
    return next.handle().pipe(
      timeout(1_000),
      map((data: unknown) => ({ data })),
    );
  }
}

@Catch()
class HostFilter implements ExceptionFilter {
  catch(_error: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<{ status(code: number): { send(body: unknown): void } }>();
    response.status(500).send({ host: 'filter' });
  }
}

@Controller('host')
class HostController {
  @Get()
  read(): { fine: true } {
    return { fine: true };
  }

  @Get('broken')
  broken(): never {
    throw new Error('broken');
  }
}

class BrokenAuthenticator extends PushAuthenticator {
  override authenticate(): Promise<Principal | undefined> {
    return Promise.reject(new Error('the issuer is away'));
  }
}

class SlowAuthenticator extends PushAuthenticator {
  override authenticate(): Promise<Principal | undefined> {
    return new Promise(() => undefined);
  }
}

describe.each(PLATFORMS)('REST in a host on %s', (platform) => {
  let app: PushApp | undefined;

  afterEach(async () => {
    await app?.close();
    app = undefined;
  });

  const message = {
    target: { users: ['7'] },
    event: 'a',
    data: { constructor: { name: 'x' }, n: '5', nested: { d: 1 } },
  };

  it.each([
    ['a global prefix', (nest: INestApplication) => nest.setGlobalPrefix('api'), '/api', undefined],
    [
      'URI versioning, neutral by default',
      (nest: INestApplication) => nest.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' }),
      '',
      undefined,
    ],
    [
      'URI versioning and a version of its own below a prefix',
      (nest: INestApplication) => nest.setGlobalPrefix('api').enableVersioning({ type: VersioningType.URI }),
      '/api/v2',
      '2',
    ],
    [
      'header versioning, neutral by default',
      (nest: INestApplication) => nest.enableVersioning({ type: VersioningType.HEADER, header: 'x-version' }),
      '',
      undefined,
    ],
  ] as const)('works under %s, errors before the controller included', async (_what, configure, base, version) => {
    app = await PushApp.start({
      platform,
      push: { rest: version === undefined ? {} : { version } },
      configure: (nest) => void configure(nest),
    });
    const rest = RestClient.of(app, {}, base);
    expect((await rest.post('/push/messages', message)).status).toBe(202);
    expect((await rest.get('/push/users/7/presence')).status).toBe(200);
    const malformed = await rest.send('POST', '/push/messages', { raw: '{"a":' });
    expect([malformed.status, malformed.json]).toEqual([400, problemWith({ code: 'malformed_json' })]);
    const invalid = await rest.post('/push/messages', { ...message, x: 1 });
    expect(invalid.json).toMatchObject({ status: 400, errors: [{ pointer: '/x', detail: 'unknown member' }] });
  });

  it('takes another path, also of several segments, and leaves the default one free', async () => {
    app = await PushApp.start({ platform, push: { rest: { path: '/internal/push.v1/' } } });
    const rest = RestClient.of(app, {}, '/internal');
    expect((await rest.post('/push.v1/messages', message)).status).toBe(202);
    expect((await rest.send('POST', '/push.v1/messages', { raw: '{' })).json).toEqual(
      problemWith({ code: 'malformed_json' }),
    );
    expect((await RestClient.of(app).post('/push/messages', message)).status).toBe(404);
  });

  it('does not let a global ValidationPipe touch a payload', async () => {
    app = await PushApp.start({
      platform,
      configure: (nest) =>
        void nest.useGlobalPipes(
          new ValidationPipe({
            whitelist: true,
            forbidNonWhitelisted: true,
            transform: true,
            transformOptions: { enableImplicitConversion: true },
          }),
        ),
    });
    const seven = await app.connect('7');
    const rest = RestClient.of(app);
    expect((await rest.post('/push/messages', message)).status).toBe(202);
    expect((await seven.next('a')).data).toEqual(message.data);
    const wrongType = await rest.post('/push/messages', { ...message, ttlSeconds: '5' });
    expect(wrongType.json).toMatchObject({ status: 400, errors: [{ pointer: '/ttlSeconds' }] });
    expect((await rest.get('/push/connections?limit=5')).status).toBe(200);
  });

  it('answers in its own shape whatever the interceptors and filters of the host are', async () => {
    app = await PushApp.start({
      platform,
      metadata: { controllers: [HostController], providers: [{ provide: APP_FILTER, useClass: HostFilter }] },
      configure: (nest) => void nest.useGlobalInterceptors(new WrappingInterceptor()),
    });
    const rest = RestClient.of(app);
    expect((await rest.post('/push/messages', message)).json).toMatchObject({ duplicate: false });
    expect((await rest.get('/push/stats')).json).toMatchObject({ nodes: 1 });
    expect((await rest.delete('/push/connections/none')).json).toEqual(problemWith({ status: 404 }));
    expect((await rest.send('POST', '/push/messages', { raw: '{' })).json).toEqual(problemWith({ status: 400 }));
    expect((await rest.get('/host')).json).toEqual({ data: { fine: true } });
    expect((await rest.get('/host/broken')).json).toEqual({ host: 'filter' });
  });

  it("puts the host's guard in place of its own, scopes and all", async () => {
    app = await PushApp.start({ platform, push: { rest: { guards: [ApiKeyGuard] }, imports: [ApiKeysModule] } });
    const anonymous = RestClient.of(app).withAuthorization(undefined);
    const refused = await anonymous.post('/push/messages', message);
    expect([refused.status, refused.json]).toEqual([
      401,
      problemWith({ code: 'unauthorized', detail: 'an API key is required' }),
    ]);
    const key = { 'x-api-key': 'host-key' };
    expect((await anonymous.post('/push/messages', { target: { all: true }, event: 'a' }, key)).status).toBe(202);
    expect((await anonymous.get('/push/stats', { headers: key })).status).toBe(200);
  });

  it("keeps the keys of the host guard's users apart", async () => {
    app = await PushApp.start({ platform, push: { rest: { guards: [ApiKeyGuard] }, imports: [ApiKeysModule] } });
    const anonymous = RestClient.of(app).withAuthorization(undefined);
    const send = (user: string, data: number) =>
      anonymous.post(
        '/push/broadcast',
        { event: 'a', data },
        { 'x-api-key': 'host-key', 'x-user': user, 'idempotency-key': 'k' },
      );
    expect((await send('a', 1)).status).toBe(202);
    expect((await send('b', 2)).status).toBe(202);
    expect((await send('a', 2)).status).toBe(422);
    expect((await send('a', 1)).headers['idempotency-replayed']).toBe('true');
  });

  it('keeps its own guard where the host names it beside another', async () => {
    app = await PushApp.start({
      platform,
      push: { rest: { guards: [ApiKeyGuard, PushApiGuard] }, imports: [ApiKeysModule] },
    });
    const rest = RestClient.of(app, { scope: 'push:send' });
    const key = { 'x-api-key': 'host-key' };
    expect((await rest.post('/push/messages', message)).status).toBe(401);
    expect((await rest.post('/push/messages', message, key)).status).toBe(202);
    expect((await rest.get('/push/stats', { headers: key })).status).toBe(403);
    expect((await rest.withAuthorization(undefined).post('/push/messages', message, key)).status).toBe(401);
  });

  it('carries decorators of the host, such as Public() for a global guard', async () => {
    const metadata = { providers: [{ provide: APP_GUARD, useClass: ClosedGuard }] };
    app = await PushApp.start({ platform, metadata });
    const closed = await RestClient.of(app).get('/push/stats');
    expect([closed.status, closed.json]).toEqual([403, problemWith({ code: 'forbidden' })]);
    await app.close();
    app = await PushApp.start({ platform, metadata, push: { rest: { decorators: [Public()] } } });
    expect((await RestClient.of(app).get('/push/stats')).status).toBe(200);
  });

  it('is not there with rest: false, and without any authentication', async () => {
    app = await PushApp.start({ platform, push: { rest: false } });
    expect((await RestClient.of(app).get('/push/stats')).status).toBe(404);
    expect(await app.push.isOnline('7')).toBe(false);
    await app.close();
    app = await PushApp.start({ platform, push: { auth: undefined } as never });
    expect((await RestClient.of(app).get('/push/stats')).status).toBe(404);
  });

  it('is not there without any authentication either where the options come from a factory', async () => {
    const answersOf = async (beside?: PushModuleExtras) => {
      const started = await PushApp.start({ platform, push: { auth: undefined } as never, ...(beside && { beside }) });
      const rest = RestClient.of(started);
      try {
        const answers = [
          await rest.get('/push/stats'),
          await rest.post('/push/broadcast', { event: 'a' }),
          await rest.send('POST', '/push/broadcast', { raw: '{' }),
          await rest.send('POST', '/push/broadcast', { raw: 'x', headers: { 'content-type': 'text/x-other' } }),
        ];
        return answers.map(({ status, text, headers }) => [status, text, headers['content-type']]);
      } finally {
        await started.close();
      }
    };
    const ofFactory = await answersOf({});
    expect(ofFactory).toEqual(await answersOf());
    expect(ofFactory[0]).toEqual([404, expect.stringContaining('Cannot GET /push/stats'), expect.anything()]);
  });

  it('is there without authentication where the host has guards of its own, or an authenticator', async () => {
    const push = { auth: undefined } as never;
    app = await PushApp.start({ platform, push, beside: { rest: { guards: [OpenGuard] } } });
    expect((await RestClient.of(app).get('/push/stats')).status).toBe(200);
    await app.close();
    app = await PushApp.start({ platform, push, beside: { authenticator: BrokenAuthenticator } });
    expect((await RestClient.of(app).get('/push/stats')).status).toBe(503);
  });

  it('answers 503 with Retry-After when tokens cannot be judged, and not never', async () => {
    for (const authenticator of [BrokenAuthenticator, SlowAuthenticator]) {
      app = await PushApp.start({ platform, push: { authenticator, authTimeoutMs: 50 } });
      const answer = await RestClient.of(app).get('/push/stats');
      expect([answer.status, answer.json]).toEqual([503, problemWith({ code: 'unavailable' })]);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      await app.close();
    }
  });

  it('refuses sends with a new key when no more keys can be kept, and serves the others', async () => {
    app = await PushApp.start({ platform, push: { idempotency: { maxKeys: 1 } } });
    const rest = RestClient.of(app);
    const first = await rest.post('/push/broadcast', { event: 'a' }, { 'idempotency-key': 'k-1' });
    const full = await rest.post('/push/broadcast', { event: 'a' }, { 'idempotency-key': 'k-2' });
    expect([full.status, full.json]).toEqual([503, problemWith({ code: 'idempotency_full' })]);
    expect(Number(full.headers['retry-after'])).toBeGreaterThan(0);
    expect((await rest.post('/push/broadcast', { event: 'a' }, { 'idempotency-key': 'k-1' })).text).toBe(first.text);
    expect((await rest.post('/push/broadcast', { event: 'a' })).status).toBe(202);
  });

  it('says with a batch when those of its messages may come again that could not be taken', async () => {
    app = await PushApp.start({ platform, push: { idempotency: { maxKeys: 1 } } });
    const rest = RestClient.of(app);
    const item = { target: { users: ['7'] }, event: 'a' };
    const keyed = (idempotencyKey: string) => ({ ...item, idempotencyKey });
    const whole = await rest.post('/push/batch', { messages: [item, keyed('k-1'), { event: 'bad' }] });
    expect([whole.status, whole.headers['retry-after']]).toEqual([202, undefined]);
    const alone = await rest.post('/push/users/7', { event: 'a' }, { 'idempotency-key': 'k-2' });

    const batch = await rest.post('/push/batch', { messages: [item, keyed('k-2')] });

    expect(batch.status).toBe(202);
    expect(batch.json['results']).toEqual([expect.objectContaining({ duplicate: false }), alone.json]);
    expect(batch.headers['retry-after']).toBe(alone.headers['retry-after']);
  });

  it('keeps to the limits of the options', async () => {
    app = await PushApp.start({ platform, push: { maxTargets: 2, maxPayloadBytes: 100 } });
    const rest = RestClient.of(app);
    const users = ['1', '2', '3'];
    expect((await rest.post('/push/messages', { target: { users }, event: 'a' })).status).toBe(400);
    expect((await rest.post('/push/messages', { target: { users: ['1', '2'] }, event: 'a' })).status).toBe(202);
    expect((await rest.post('/push/broadcast', { event: 'a', data: 'x'.repeat(99) })).status).toBe(413);
    expect((await rest.post('/push/broadcast', { event: 'a', data: 'x'.repeat(98) })).status).toBe(202);
  });

  it('answers a bug with 500 and tells nothing of it', async () => {
    app = await PushApp.start({ platform });
    app.push.stats = () => Promise.reject(new Error('password=hunter2'));
    const answer = await RestClient.of(app).get('/push/stats');
    expect([answer.status, answer.json]).toEqual([500, problemWith({ code: 'internal' })]);
    expect(answer.text).not.toContain('hunter2');
  });

  it('stands below a path of RouterModule', async () => {
    app = await PushApp.start({
      platform,
      metadata: { imports: [RouterModule.register([{ path: 'tenants', module: PushModule }])] },
    });
    const rest = RestClient.of(app, {}, '/tenants');
    expect((await rest.post('/push/messages', message)).status).toBe(202);
    expect((await rest.send('POST', '/push/messages', { raw: '{' })).json).toEqual(problemWith({ status: 400 }));
  });
});

describe('two applications of one process', () => {
  it('have paths and guards of their own', async () => {
    const one = await PushApp.start({ push: { rest: { path: 'one' } } });
    const two = await PushApp.start({ push: { rest: { path: 'two', guards: [OpenGuard] } } });
    try {
      const anonymous = (app: PushApp) => RestClient.of(app).withAuthorization(undefined);
      expect((await anonymous(one).get('/one/stats')).status).toBe(401);
      expect((await anonymous(two).get('/two/stats')).status).toBe(200);
      expect((await RestClient.of(one).get('/two/stats')).status).toBe(404);
    } finally {
      await one.close();
      await two.close();
    }
  });
});

describe('an application context without an HTTP server', () => {
  it('starts with the REST interface configured, and sends', async () => {
    @Module({ imports: [PushModule.forRoot({ auth: { jwt: { secret: 'x'.repeat(32), algorithms: ['HS256'] } } })] })
    class Worker {}
    const context = await NestFactory.createApplicationContext(Worker, { logger: false });
    try {
      expect(await context.get(PushService).broadcast('a', 1)).toMatchObject({ matched: { users: 0, connections: 0 } });
    } finally {
      await context.close();
    }
  });
});
