import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, SetMetadata, VersioningType } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { APP_GUARD, Reflector } from '@nestjs/core';
import { PushModule } from '../../src/push.module.js';
import type { ConsoleSession } from '../../src/protocol/console-frames.js';
import { ask } from '../support/http-request.js';
import type { HttpAnswer } from '../support/http-request.js';
import { PLATFORMS, PushApp } from '../support/push-app.js';
import type { PushAppOptions } from '../support/push-app.js';
import { bearer, signToken, TEST_SECRET } from '../support/tokens.js';
import { WsClient } from '../support/ws-client.js';

let node: PushApp | undefined;

afterEach(async () => {
  await node?.close();
  node = undefined;
});

async function start(options: PushAppOptions = {}): Promise<PushApp> {
  node = await PushApp.start({ ...options, push: { console: {}, ...options.push } });
  return node;
}

async function openSession({ origin }: PushApp, claims?: object, path = '/console'): Promise<HttpAnswer> {
  const headers = claims ? bearer(signToken({ ...claims })) : {};
  return ask(`${origin}${path}/session`, { method: 'POST', headers });
}

const ADMIN = { sub: 'op', scope: 'push:admin' };

/** A guard of the host that knows one cookie. */
@Injectable()
class CookieGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<{ headers: { cookie?: string }; user?: unknown }>();
    request.user = { id: 42 };
    return request.headers.cookie === 'sid=good';
  }
}

const Public = (): ClassDecorator => SetMetadata('public', true);

@Injectable()
class EverywhereGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    return this.reflector.get<boolean | undefined>('public', context.getClass()) === true;
  }
}

/** Ways out of the folder of the page, and names that are members of every object. */
const OUTSIDE = [
  '/console/../package.json',
  '/console/..%2fpackage.json',
  '/console/%2e%2e/%2e%2e/package.json',
  '/console/..%5c..%5cpackage.json',
  '/console/....//package.json',
  '/console/%00console.js',
  '/console/console.js%00.css',
  '/console/console.js.map',
  '/console/index.html',
  '/console/__proto__',
  '/console/constructor',
  '/console//etc/passwd',
  '/console/x/console.js',
];

/** Asks for a path as it stands: an address would be tidied up before it is sent. */
async function askRaw(port: number, path: string): Promise<{ readonly status: number; readonly text: string }> {
  const asking = httpRequest({ host: '127.0.0.1', port, path, agent: false });
  asking.end();
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk as string;
  return { status: response.statusCode ?? 0, text };
}

describe.each(PLATFORMS)('the console over HTTP on %s', (platform) => {
  it('is not there unless it is switched on', async () => {
    const { origin } = await start({ platform, push: { console: false } });
    expect((await ask(`${origin}/console`)).status).toBe(404);
    expect((await ask(`${origin}/console/session`, { method: 'POST' })).status).toBe(404);
  });

  it.each(['/console', '/console/', '/console?x=1'])(
    'serves the page at %s with files that are there',
    async (path) => {
      const { origin } = await start({ platform, fastify: { routerOptions: { ignoreTrailingSlash: true } } });
      const page = await ask(origin + path);
      expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
      const files = [...page.text.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, file = '']) => file);
      expect(files).toHaveLength(3);
      for (const file of files) {
        const { status, headers } = await ask(new URL(file, origin + path).href);
        expect([file, status]).toEqual([file, 200]);
        expect(headers['x-content-type-options']).toBe('nosniff');
      }
    },
  );

  it('lets the page load nothing but its own files, and nobody frame it', async () => {
    const { origin } = await start({ platform });
    const { headers, text } = await ask(`${origin}/console`);
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|data:|\*/);
    expect(text).not.toMatch(/<script>|<style|style=|\son\w+=|https?:/);
  });

  it('answers 304 to a browser that has the file', async () => {
    const { origin } = await start({ platform });
    const first = await ask(`${origin}/console/console.css`);
    const headers = { 'if-none-match': String(first.headers['etag']) };
    const again = await ask(`${origin}/console/console.css`, { headers });
    expect([again.status, again.text]).toEqual([304, '']);
  });

  it('serves nothing but its files, whatever stands in the address', async () => {
    const { port } = await start({ platform });
    for (const path of OUTSIDE) {
      const { status, text } = await askRaw(port, path);
      expect([path, [400, 404].includes(status), text.includes('"dependencies"')]).toEqual([path, true, false]);
    }
  });

  it('opens a session by a token with the scope push:admin, and says what it may do', async () => {
    const app = await start({ platform });
    const { status, headers, text } = await openSession(app, { ...ADMIN, scope: 'push:send push:admin' });
    expect([status, headers['cache-control']]).toEqual([200, 'no-store']);
    const session = JSON.parse(text) as ConsoleSession;
    expect(session).toMatchObject({ user: 'op', may: { send: true, broadcast: false, drain: true } });
    expect(session.paths).toMatchObject({ ws: '/push/ws', upstream: '/push/upstream' });
    expect(session.pass).toBeUndefined();
  });

  it.each<[string, object | undefined, number]>([
    ['no token', undefined, 401],
    ['a token without the scope', { sub: 'op', scope: 'push:send push:broadcast' }, 403],
    ['a token whose scope only looks like it', { sub: 'op', scope: 'push:administrator push' }, 403],
    ['a token that has ended', { ...ADMIN, exp: 1 }, 401],
  ])('opens no session by %s', async (_what, claims, status) => {
    const app = await start({ platform });
    const answer = await openSession(app, claims);
    expect([answer.status, answer.headers['content-type']]).toEqual([
      status,
      'application/problem+json; charset=utf-8',
    ]);
  });

  it('lies below the global prefix, at the path that the host chose, outside of its versions', async () => {
    const configure = (app: PushApp['app']) => {
      app.setGlobalPrefix('api');
      app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
    };
    const app = await start({ platform, configure, push: { console: { path: '/ops/push/' } } });
    const page = await ask(`${app.origin}/api/ops/push`);
    expect([page.status, page.text.includes('src="push/console.js"')]).toEqual([200, true]);
    expect((await ask(`${app.origin}/api/ops/push/console.js`)).status).toBe(200);
    expect((await openSession(app, ADMIN, '/api/ops/push')).status).toBe(200);
    expect((await ask(`${app.origin}/ops/push`)).status).toBe(404);
  });

  it('takes class decorators of the host', async () => {
    const metadata = { providers: [{ provide: APP_GUARD, useClass: EverywhereGuard }] };
    const app = await start({ platform, metadata, push: { console: { decorators: [Public()] } } });
    expect((await ask(`${app.origin}/console`)).status).toBe(200);
    expect((await openSession(app, ADMIN)).status).toBe(200);
  });

  it('is let in by guards of the host in place of ours, and opens its connection with a pass', async () => {
    const app = await start({ platform, push: { console: { guards: [CookieGuard] } } });
    expect((await ask(`${app.origin}/console`)).text).toContain('data-door="guards"');
    expect((await openSession(app, ADMIN)).status).toBe(403);
    const answer = await ask(`${app.origin}/console/session`, { method: 'POST', headers: { cookie: 'sid=good' } });
    const { user, may, pass } = JSON.parse(answer.text) as ConsoleSession;
    expect([user, may]).toEqual(['42', { send: true, broadcast: true, drain: true }]);

    const page = await WsClient.connect(app.wsUrl, { token: pass ?? '' });
    expect(await page.next('push:welcome')).toMatchObject({ data: { userId: '42', groups: [] } });
    expect(await page.request('push:console', { action: 'view' })).toMatchObject({ event: 'push:ok' });
    page.socket.terminate();

    const admin = await app.connect('op', ADMIN);
    const refused = await admin.request('push:console', { action: 'view' });
    expect(refused).toMatchObject({ event: 'push:error', data: { code: 'forbidden' } });
    const rest = await ask(`${app.origin}/push/stats`, { headers: bearer(pass ?? '') });
    expect(rest.status).toBe(403);
  });
});

describe('wrong options of the console', () => {
  const auth = { jwt: { secret: TEST_SECRET, algorithms: ['HS256' as const] } };

  it.each<[object, string]>([
    [{ console: true }, 'console: received'],
    [{ console: { path: '' } }, 'console.path: received "", expected a path such as console or admin/push'],
    [{ console: { path: 'a//b' } }, 'console.path'],
    [{ console: { path: '../x' } }, 'console.path'],
    [{ console: { path: 'con:sole' } }, 'console.path'],
    [{ console: { guards: [] } }, 'console.guards'],
    [{ console: { tokenUrl: 'https://other.example/token' } }, 'console.tokenUrl'],
    [{ console: { tokenUrl: '//other.example/token' } }, 'console.tokenUrl'],
    [{ console: { tenantOf: 'acme' } }, 'console.tenantOf'],
    [{ console: { pass: 'x' } }, 'console.pass: received an option, expected no option of this name'],
    [{ console: { path: 'push' } }, "console.path: received 'push', expected another path than rest.path"],
    [{ console: { path: '/admin' }, rest: { path: 'admin' } }, 'another path than rest.path'],
  ])('are an error at once: %j', (options, message) => {
    expect(() => PushModule.forRoot({ auth, ...options })).toThrow(message);
  });

  it('are an error where nobody could be let in', () => {
    expect(() => PushModule.forRoot({ console: {} })).toThrow('expected auth, authenticator or guards');
    expect(() => PushModule.forRoot({ console: { guards: [CookieGuard] } })).not.toThrow();
  });

  it('are an error at the start where a factory makes options by which nobody could be let in', async () => {
    const start = PushApp.start({ push: { auth: undefined } as never, beside: { console: {} } });
    await expect(start).rejects.toThrow('expected auth, authenticator or guards');
  });

  it.each([
    [{ rest: false as const, console: { path: 'push' } }, 'a path that paths.ws does not lie below'],
    [{ console: { path: 'push/ws' } }, 'another path than paths.ws'],
    [{ console: { path: 'metrics' }, metrics: {} }, 'another path than metrics.path'],
  ])('are an error at the start where another part has the path: %j', async (push, message) => {
    await expect(PushApp.start({ push })).rejects.toThrow(message);
  });
});
