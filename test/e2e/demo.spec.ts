import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RunningDemo, launchDemo, startDemo } from '../support/demo-process.js';
import { eventually } from '../support/eventually.js';
import { selfSignedCertificate } from '../support/self-signed-certificate.js';
import { bearer, signToken } from '../support/tokens.js';
import { WsClient, type WsClientOptions } from '../support/ws-client.js';

const SECRET = 'the secret of the demo under test';
/** The first start may have to build, and others may wait for it. */
const START_MS = 120_000;

function tokenFor(user: string, scope = '', groups: readonly string[] = []): string {
  return signToken({ sub: user, scope, groups }, { secret: SECRET });
}

function post(url: string, body: unknown, token?: string): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token === undefined ? {} : bearer(token)) },
    body: JSON.stringify(body),
  });
}

async function jsonOf(response: Response): Promise<Record<string, unknown>> {
  return (await response.json()) as Record<string, unknown>;
}

async function signIn(url: string, body: unknown): Promise<string> {
  return (await jsonOf(await post(`${url}/auth/token`, body)))['token'] as string;
}

/** Connects with the token in the subprotocol list, as a page does. */
function connectTo(url: string, token: string, options: WsClientOptions = {}): Promise<WsClient> {
  const protocols = ['push.v1', `bearer.${token}`];
  return WsClient.connect(`${url.replace('http', 'ws')}/push/ws`, { protocols, ...options });
}

/** What the application has sent by now and no test asked for, without the protocol's own. */
async function messagesOf(client: WsClient | undefined): Promise<unknown[]> {
  const frames = (await client?.settled()) ?? [];
  return frames.filter(({ event }) => !event.startsWith('push:')).map(({ event, data }) => ({ event, data }));
}

describe.each(['fastify', 'express'])('the demo on %s', (platform) => {
  let demo: RunningDemo;
  let url: string;

  beforeAll(async () => {
    demo = await startDemo({ PLATFORM: platform, PUSH_JWT_SECRET: SECRET, PUSH_ORIGINS: 'https://shop.example' });
    url = demo.url;
  }, START_MS);

  afterAll(async () => {
    // Missing where it could not start; the reason is in the tests that failed.
    await (demo as RunningDemo | undefined)?.program.stop();
  });

  it('says in one line where it listens, and nothing else that would worry anyone', () => {
    expect(demo.program.stdout).toBe(`listening on ${url}\n`);
    expect(demo.program.stderr).toBe('');
  });

  it.each(['/auth/token', '/orders/1/status'])(
    'says of a body of %s that is no JSON that it is none, and not how it was read',
    async (path) => {
      const headers = { ...bearer(tokenFor('7', 'push:send')), 'content-type': 'application/json' };
      const response = await fetch(url + path, { method: 'POST', headers, body: '{"user":' });
      expect([response.status, (await jsonOf(response))['message']]).toEqual([400, 'the body is not valid JSON']);
    },
  );

  it.each([
    ['/', 'text/html; charset=utf-8'],
    ['/admin', 'text/html; charset=utf-8'],
    ['/assets/shop.js', 'text/javascript; charset=utf-8'],
    ['/assets/style.css', 'text/css; charset=utf-8'],
    ['/assets/icon.svg', 'image/svg+xml'],
  ])('serves %s under a policy that runs nothing inline and nothing foreign', async (path, type) => {
    const response = await fetch(`${url}${path}`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(type);
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect((await response.arrayBuffer()).byteLength).toBe(Number(response.headers.get('content-length')));
  });

  it.each(['/assets/../main.js', '/assets/..%2Fmain.js', '/assets/%2e%2e%2fmain.js', '/assets/main.js', '/nothing'])(
    'has nothing at %s',
    async (path) => {
      expect((await fetch(`${url}${path}`)).status).toBe(404);
    },
  );

  describe('POST /auth/token', () => {
    it('signs a token for an hour that says user, groups and scope', async () => {
      const response = await post(`${url}/auth/token`, { user: '7', groups: ['vip'], scope: 'push:send' });
      const { token, expiresIn } = await jsonOf(response);
      expect({ status: response.status, expiresIn }).toEqual({ status: 200, expiresIn: 3600 });
      const [header, claims] = String(token)
        .split('.', 2)
        .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>);
      const { iat, exp, ...said } = claims as { iat: number; exp: number };
      expect(header).toMatchObject({ alg: 'HS256' });
      expect(said).toEqual({ sub: '7', groups: ['vip'], scope: 'push:send' });
      expect(exp - iat).toBe(3600);
    });

    it('needs no more than the user', async () => {
      const token = await signIn(url, { user: 'ada' });
      const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as object;
      expect(claims).toMatchObject({ sub: 'ada', groups: [], scope: '' });
    });

    it.each([
      ['user', {}],
      ['user', { user: 7 }],
      ['user', { user: '' }],
      ['user', { user: 'a\nb' }],
      ['user', { user: '\ud800' }],
      ['user', { user: 'x'.repeat(256) }],
      ['groups', { user: '7', groups: 'vip' }],
      ['groups', { user: '7', groups: ['no spaces'] }],
      ['scope', { user: '7', scope: ['push:send'] }],
      ['admin', { user: '7', admin: true }],
    ])('answers 400 to a bad %s in %j and names it', async (member, body) => {
      const response = await post(`${url}/auth/token`, body);
      expect(response.status).toBe(400);
      const { message } = (await jsonOf(response)) as { message: string[] };
      expect(message.length).toBeGreaterThan(0);
      expect(message.filter((line) => !line.includes(member))).toEqual([]);
    });
  });

  it('says in words that a blank name is none', async () => {
    const names = await jsonOf(await post(`${url}/auth/token`, { user: '' }));
    expect(names['message']).toEqual(['the user needs a name, of at most 255 characters']);
  });

  describe('the cookie of the token', () => {
    it('is not set by a form, which any site can have a visitor send', async () => {
      const response = await fetch(`${url}/auth/token`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: 'user=7',
      });
      expect([response.status, response.headers.getSetCookie()]).toEqual([415, []]);
    });

    it('comes with the token, out of reach of scripts and of other sites', async () => {
      const response = await post(`${url}/auth/token`, { user: '7' });
      const { token } = await jsonOf(response);
      expect(response.headers.getSetCookie()).toEqual([
        `push_token=${String(token)}; Max-Age=3600; Path=/; HttpOnly; SameSite=Strict`,
      ]);
    });

    it('is taken back by a sign-out', async () => {
      const response = await fetch(`${url}/auth/token`, { method: 'DELETE' });
      expect(response.status).toBe(204);
      expect(response.headers.getSetCookie()).toEqual(['push_token=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict']);
    });

    it('is left out where the token is longer than browsers keep', async () => {
      const groups = Array.from({ length: 40 }, (_, index) => `${index}`.padEnd(100, 'x'));
      const response = await post(`${url}/auth/token`, { user: '7', groups });
      expect([response.status, response.headers.getSetCookie()]).toEqual([200, []]);
    });

    it('opens a connection from an origin on the list, and from nowhere else', async () => {
      const headers = { cookie: `push_token=${tokenFor('7')}` };
      const connect = (origin?: string): Promise<WsClient> =>
        WsClient.connect(`${url.replace('http', 'ws')}/push/ws`, { headers, ...(origin && { origin }) });
      const client = await connect('https://shop.example');
      expect(await client.next('push:welcome')).toMatchObject({ data: { userId: '7' } });
      await client.close();
      await expect(connect()).rejects.toThrow('401');
    });

    it.each([
      ['POST', '/push/broadcast', { event: 'news', data: {} }],
      ['POST', '/push/users/7', { event: 'news', data: {} }],
      ['GET', '/push/connections', undefined],
      ['GET', '/orders', undefined],
      ['POST', '/orders/7/status', { userId: '7', status: 'shipped' }],
    ])('opens nothing at %s %s, so another site can make a visitor do nothing', async (method, path, body) => {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          cookie: `push_token=${tokenFor('7', 'push:admin push:send push:broadcast')}`,
          origin: url,
          'sec-fetch-site': 'same-origin',
          'content-type': 'application/json',
        },
        ...(body && { body: JSON.stringify(body) }),
      });
      expect(response.status).toBe(401);
    });
  });

  describe('the client for pages without a bundler', () => {
    it.each(['client/index.js', 'protocol/frames.js'])('is served as a module at /nestjs-push/%s', async (file) => {
      const response = await fetch(`${url}/nestjs-push/${file}`);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
      expect(response.headers.get('access-control-allow-origin')).toBe('*');
      const etag = response.headers.get('etag') ?? '';
      const again = await fetch(`${url}/nestjs-push/${file}`, { headers: { 'if-none-match': etag } });
      expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', etag]);
    });

    it('imports nothing that is not served', async () => {
      const seen = new Set([`${url}/nestjs-push/client/index.js`]);
      // A set that grows while it is walked is walked to its end.
      for (const file of seen) {
        const response = await fetch(file);
        expect([file, response.status]).toEqual([file, 200]);
        const imports = (await response.text()).matchAll(/^(?:import|export) [^;]*?from '([^']+)'/gm);
        for (const [, path = ''] of imports) {
          expect(path).toMatch(/^\.{1,2}\//);
          seen.add(new URL(path, file).href);
        }
      }
      expect(seen.size).toBeGreaterThan(2);
    });

    it.each([
      'core/connection.js',
      'client/index.d.ts',
      'client/..%2Findex.js',
      '..%2Fclient/index.js',
      'client%2F..%2Findex.js/x',
      'client/constructor',
    ])('has nothing at /nestjs-push/%s', async (path) => {
      expect((await fetch(`${url}/nestjs-push/${path}`)).status).toBe(404);
    });
  });

  describe('POST /orders/:orderId/status', () => {
    const body = { userId: '7', status: 'shipped' };

    it('brings the status to the user of the order, and answers 202 with the receipt', async () => {
      const [owner, other] = await Promise.all(['7', '8'].map((user) => connectTo(url, tokenFor(user))));
      const response = await post(`${url}/orders/7/status`, body, tokenFor('warehouse', 'push:send'));
      expect(response.status).toBe(202);
      expect(await jsonOf(response)).toMatchObject({ duplicate: false, matched: { users: 1, connections: 1 } });
      expect(await owner?.next('order.status')).toMatchObject({ data: { orderId: 7, status: 'shipped' } });
      expect(await messagesOf(owner)).toEqual([]);
      expect(await messagesOf(other)).toEqual([]);
      await Promise.all([owner?.close(), other?.close()]);
    });

    it('keeps an id that is no number as text', async () => {
      const client = await connectTo(url, tokenFor('text'));
      await post(`${url}/orders/007/status`, { ...body, userId: 'text' }, tokenFor('warehouse', 'push:send'));
      expect(await client.next('order.status')).toMatchObject({ data: { orderId: '007', status: 'shipped' } });
      await client.close();
    });

    it('answers 202 also when nobody is online', async () => {
      const response = await post(`${url}/orders/1/status`, { ...body, userId: 'nobody' }, tokenFor('w', 'push:send'));
      expect(response.status).toBe(202);
      expect(await jsonOf(response)).toMatchObject({ matched: { users: 0, connections: 0 }, written: 0 });
    });

    it('answers 401 without a token that holds', async () => {
      const none = await post(`${url}/orders/7/status`, body);
      const foreign = await post(`${url}/orders/7/status`, body, signToken({ scope: 'push:send' }));
      expect([none.status, foreign.status]).toEqual([401, 401]);
      expect(none.headers.get('www-authenticate')).toBe('Bearer');
    });

    it('answers 403 without the scope push:send', async () => {
      const response = await post(
        `${url}/orders/7/status`,
        body,
        tokenFor('w', 'push:admin push:broadcast push:sends'),
      );
      expect(response.status).toBe(403);
    });

    it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp'])(
      'answers 415 to a body of the type %s',
      async (type) => {
        const response = await fetch(`${url}/orders/7/status`, {
          method: 'POST',
          headers: { ...bearer(tokenFor('w', 'push:send')), 'content-type': type },
          body: JSON.stringify(body),
        });
        expect([response.status, response.headers.get('content-type'), response.headers.get('accept')]).toEqual([
          415,
          'application/problem+json; charset=utf-8',
          'application/json',
        ]);
        expect(await jsonOf(response)).toMatchObject({
          type: 'about:blank',
          status: 415,
          code: 'unsupported_media_type',
          detail: 'the body must be application/json',
        });
      },
    );

    it.each([[{ userId: '7' }], [{ userId: 7, status: 'x' }], [{ userId: '7', status: '' }], [{ ...body, price: 1 }]])(
      'answers 400 to %j',
      async (wrong) => {
        const response = await post(`${url}/orders/7/status`, wrong, tokenFor('w', 'push:send'));
        expect(response.status).toBe(400);
      },
    );
  });

  describe('over the connection', () => {
    it('places an order and knows it later, for its user alone', async () => {
      const client = await connectTo(url, tokenFor('buyer'));
      const placed = await client.request('order.place', { item: 'Monstera' });
      expect(placed).toMatchObject({ event: 'push:ok', data: { item: 'Monstera', status: 'placed' } });
      const { orderId } = placed.data as { orderId: number };
      expect(await client.next('order.status')).toMatchObject({ data: { orderId, status: 'placed' } });
      const stranger = await connectTo(url, tokenFor('stranger'));
      expect(await client.request('orders.list')).toMatchObject({ data: { items: [{ orderId, item: 'Monstera' }] } });
      expect(await stranger.request('orders.list')).toMatchObject({ data: { items: [] } });
      await client.close();
      await stranger.close();
    });

    it('answers an order without an item with an error', async () => {
      const client = await connectTo(url, tokenFor('buyer'));
      expect(await client.request('order.place', { item: '' })).toMatchObject({
        event: 'push:error',
        data: { code: 'invalid_data' },
      });
      await client.close();
    });

    it('lets every user join rooms and write there, and no other group than those of the token', async () => {
      const client = await connectTo(url, tokenFor('chatter', '', ['vip']));
      expect(await client.request('push:join', { group: 'room:a' })).toMatchObject({ event: 'push:ok' });
      expect(await client.request('push:join', { group: 'vip' })).toMatchObject({ event: 'push:ok' });
      expect(await client.request('push:join', { group: 'staff' })).toMatchObject({ data: { code: 'forbidden' } });
      const send = (to: object) => client.request('push:send', { to, event: 'chat.message', data: { text: 'hi' } });
      expect(await send({ group: 'room:a' })).toMatchObject({ event: 'push:ok' });
      expect(await send({ group: 'vip' })).toMatchObject({ data: { code: 'forbidden' } });
      expect(await send({ user: '7' })).toMatchObject({ data: { code: 'forbidden' } });
      expect(await client.next('chat.message')).toMatchObject({ from: 'chatter', data: { text: 'hi' } });
      await client.close();
    });

    it('tells a room who is writing, but only if that one is in it', async () => {
      const [writer, reader] = await Promise.all(['w', 'r'].map((user) => connectTo(url, tokenFor(user))));
      await reader?.request('push:join', { group: 'room:b' });
      expect(await writer?.request('chat.typing', { room: 'room:b' })).toMatchObject({ data: { told: false } });
      await writer?.request('push:join', { group: 'room:b' });
      expect(await writer?.request('chat.typing', { room: 'room:b' })).toMatchObject({ data: { told: true } });
      expect(await messagesOf(reader)).toEqual([{ event: 'chat.typing', data: { room: 'room:b', user: 'w' } }]);
      expect(await messagesOf(writer)).toEqual([]);
      await Promise.all([writer?.close(), reader?.close()]);
    });

    it('lets in its own origin and the listed ones, and no other', async () => {
      const own = await connectTo(url, tokenFor('o'), { origin: url });
      const listed = await connectTo(url, tokenFor('o'), { origin: 'https://shop.example' });
      await expect(connectTo(url, tokenFor('o'), { origin: 'https://evil.example' })).rejects.toThrow('403');
      await own.close();
      await listed.close();
    });
  });

  it.each(['/push/users/%ZZ/presence', '/push/users/%E0%A4/presence', '/push/users/%ED%A0%80/connections'])(
    'answers a path that cannot be decoded with a problem: %s',
    async (path) => {
      const answer = await fetch(`${url}${path}`, { headers: bearer(tokenFor('7', 'push:admin')) });
      expect(answer.status).toBe(400);
      expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      const body = await jsonOf(answer);
      expect(body).toMatchObject({ status: 400, code: 'bad_request', detail: 'the request cannot be read' });
      expect(JSON.stringify(body)).not.toContain('%');
    },
  );

  it('takes a batch of several megabytes', async () => {
    const message = { target: { users: ['far away'] }, event: 'big', data: 'x'.repeat(60_000) };
    const response = await post(
      `${url}/push/batch`,
      { messages: Array.from({ length: 100 }, () => message) },
      tokenFor('w', 'push:send'),
    );
    expect(response.status).toBe(202);
    expect((await jsonOf(response))['results']).toHaveLength(100);
  });

  it('is live and ready', async () => {
    const answers = await Promise.all(['live', 'ready'].map((probe) => fetch(`${url}/health/${probe}`)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(await Promise.all(answers.map(jsonOf))).toEqual([{ status: 'live' }, { status: 'ready' }]);
  });

  it('tells Prometheus of the process and of who is connected', async () => {
    const connectionsNow = async (): Promise<string | undefined> => {
      const response = await fetch(`${url}/metrics`);
      expect(response.headers.get('content-type')).toMatch(/^text\/plain;.* version=0\.0\.4/);
      return /^push_connections\{transport="ws"\} (\d+)$/m.exec(await response.text())?.[1];
    };
    await eventually(async () => (await connectionsNow()) === '0', { what: 'earlier clients are gone' });
    const client = await connectTo(url, tokenFor('7'));
    expect(await connectionsNow()).toBe('1');
    expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/^process_cpu_seconds_total [\d.]+$/m);
    await client.close();
  });

  it('documents its own routes and those of the module', async () => {
    const document = (await jsonOf(await fetch(`${url}/docs-json`))) as { paths: object; openapi: string };
    expect(document.openapi).toMatch(/^3\./);
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining(['/auth/token', '/orders/{orderId}/status', '/push/broadcast', '/push/users/{userId}']),
    );
    expect(Object.keys(document.paths)).not.toContain('/admin');
    expect(document.paths).toMatchObject({
      '/push/broadcast': { post: { tags: ['push'], security: [{ bearer: [] }] } },
    });
    const page = await fetch(`${url}/docs`);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')]);
  });
});

describe.each(['fastify', 'express'])('the end of the demo on %s', (platform) => {
  it(
    'comes by itself after SIGTERM: not ready, 1012 to who listens, code 0, whatever signals follow',
    async () => {
      const demo = await startDemo({ PLATFORM: platform, PUSH_JWT_SECRET: SECRET, PUSH_DRAIN_MS: '60000' });
      const client = await connectTo(demo.url, tokenFor('7'));
      const idle = await fetch(`${demo.url}/health/ready`, { headers: { connection: 'keep-alive' } });
      // It never answers the close frame, so the drain goes on for as long as the test wants it to.
      const silent = await openSilentConnection(demo.url, tokenFor('8'));

      demo.program.signal('SIGTERM');
      await eventually(() => client.closed?.code === 1012, { what: 'the client is told to come back' });
      demo.program.signal('SIGTERM');
      demo.program.signal('SIGINT');
      const ready = await fetch(`${demo.url}/health/ready`);
      expect([idle.status, ready.status, await jsonOf(ready)]).toEqual([200, 503, { status: 'draining' }]);
      expect(demo.program.isRunning).toBe(true);

      silent.destroy();
      expect(await demo.program.ended).toEqual({ code: 0, signal: null });
      expect(demo.program.stderr).toBe('');
    },
    START_MS,
  );

  it(
    'comes at once when nobody is there',
    async () => {
      const demo = await startDemo({ PLATFORM: platform, PUSH_DRAIN_MS: '60000' });
      demo.program.signal('SIGINT');
      expect(await demo.program.ended).toEqual({ code: 0, signal: null });
    },
    START_MS,
  );
});

/** An upgraded connection that reads and answers nothing. */
function openSilentConnection(url: string, token: string): Promise<ReturnType<typeof connect>> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    socket.once('error', reject);
    socket.once('data', (data) => {
      if (data.toString().startsWith('HTTP/1.1 101')) resolve(socket);
      else reject(new Error(data.toString()));
      socket.pause();
    });
    const lines = [
      'GET /push/ws HTTP/1.1',
      `Host: ${hostname}:${port}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${Buffer.alloc(16, 1).toString('base64')}`,
      `Authorization: Bearer ${token}`,
    ];
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  });
}

describe('the start of the demo', () => {
  it(
    'ends with code 1 and every bad variable when the environment is wrong',
    async () => {
      const program = await launchDemo({ PORT: 'http', PLATFORM: 'koa', PUSH_REDIS_URL: '127.0.0.1' });
      expect(await program.ended).toEqual({ code: 1, signal: null });
      expect(program.stderr).toContain('The environment has 3 problems:');
      expect(program.stderr).toMatch(/PORT: .*\n {2}PLATFORM: .*\n {2}PUSH_REDIS_URL: .*redis:\/\/host:port/);
      expect(program.stderr).not.toContain('    at ');
      expect(program.stdout).toBe('');
    },
    START_MS,
  );

  it(
    'ends with code 1 and a plain reason when the port is taken',
    async () => {
      const demo = await startDemo();
      const program = await launchDemo({ PORT: new URL(demo.url).port });
      expect(await program.ended).toEqual({ code: 1, signal: null });
      expect(program.stderr).toContain('EADDRINUSE');
      expect(program.stdout).not.toContain('listening on');
      await demo.program.stop();
    },
    START_MS,
  );

  it(
    'works for several at once from one checkout, each with a secret of its own',
    async () => {
      const demos = await Promise.all([startDemo(), startDemo({ PLATFORM: 'express' }), startDemo()]);
      const [first, second] = demos;
      expect(new Set(demos.map(({ url }) => url)).size).toBe(3);
      for (const { program } of demos) expect(program.stdout).toContain('a secret was made up for this run');
      const token = await signIn(first.url, { user: '7' });
      await (await connectTo(first.url, token)).close();
      await expect(connectTo(second.url, token)).rejects.toThrow('401');
      const ends = await Promise.all(demos.map(({ program }) => program.stop()));
      expect(ends).toEqual(demos.map(() => ({ code: 0, signal: null })));
    },
    START_MS,
  );

  it(
    'has no door with DEMO_SIGN_IN=off',
    async () => {
      const demo = await startDemo({ DEMO_SIGN_IN: 'off', PUSH_JWT_SECRET: SECRET });
      expect((await post(`${demo.url}/auth/token`, { user: '7' })).status).toBe(404);
      await (await connectTo(demo.url, tokenFor('7'))).close();
      await demo.program.stop();
    },
    START_MS,
  );

  it(
    'keeps to the limits that it is given',
    async () => {
      const demo = await startDemo({ PUSH_JWT_SECRET: SECRET, PUSH_MAX_PER_USER: '1', PUSH_HEARTBEAT_MS: '1234' });
      const client = await connectTo(demo.url, tokenFor('7'));
      expect(await client.next('push:welcome')).toMatchObject({ data: { heartbeatMs: 1234 } });
      await expect(connectTo(demo.url, tokenFor('7'))).rejects.toThrow('429');
      await client.close();
      await demo.program.stop();
    },
    START_MS,
  );
});

describe.each(['fastify', 'express'])('the demo over TLS on %s', (platform) => {
  it(
    'serves https and wss',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'push-demo-tls-'));
      const { key, cert } = selfSignedCertificate();
      writeFileSync(join(folder, 'key.pem'), key);
      writeFileSync(join(folder, 'cert.pem'), cert);
      const demo = await startDemo({
        PLATFORM: platform,
        PUSH_JWT_SECRET: SECRET,
        TLS_KEY: join(folder, 'key.pem'),
        TLS_CERT: join(folder, 'cert.pem'),
      });
      const agent = new Agent({ ca: cert, keepAlive: true });
      try {
        expect(demo.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
        const status = await new Promise((resolve, reject) => {
          get(`${demo.url}/health/ready`, { agent }, (response) => resolve(response.resume().statusCode)).on(
            'error',
            reject,
          );
        });
        const client = await connectTo(demo.url, tokenFor('7'), { ca: cert, origin: demo.url });
        expect([status, await client.request('push:ping')]).toMatchObject([200, { event: 'push:pong' }]);
        expect(await demo.program.stop()).toEqual({ code: 0, signal: null });
        expect(await client.end()).toMatchObject({ code: 1012 });
      } finally {
        agent.destroy();
        await demo.program.stop();
        rmSync(folder, { recursive: true, force: true });
      }
    },
    START_MS,
  );
});
