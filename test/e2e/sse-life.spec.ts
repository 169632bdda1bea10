import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { CallHandler, INestApplication, NestInterceptor } from '@nestjs/common';
import { map, timeout } from 'rxjs';
import type { PushModuleExtras, PushModuleOptions } from '../../src/push-options.interface.js';
import type { Envelope } from '../../src/protocol/frames.js';
import { eventually } from '../support/eventually.js';
import { ask } from '../support/http-request.js';
import { PLATFORMS, PushApp } from '../support/push-app.js';
import { selfSignedCertificate } from '../support/self-signed-certificate.js';
import { SseClient } from '../support/sse-client.js';
import { TEST_SECRET, bearer, signToken } from '../support/tokens.js';

let app: PushApp;
let isClosed = false;
const clients: SseClient[] = [];
const sockets: Socket[] = [];

type Headers = Readonly<Record<string, string>>;

async function open(query = '', headers: Headers = bearer(signToken())): Promise<SseClient> {
  const client = await SseClient.open(`${app.origin}/push/sse${query}`, headers);
  clients.push(client);
  return client;
}

async function greeted(query = '', headers?: Headers): Promise<SseClient> {
  const client = await open(query, headers);
  await client.next('push:welcome');
  return client;
}

async function liveCount(): Promise<number> {
  return (await app.push.stats()).connections.sse;
}

/** A request written byte by byte, and all that comes back. */
async function rawStream(requestLine: string): Promise<{ readonly socket: Socket; text: () => string }> {
  const socket = connectTcp({ port: app.port, host: '127.0.0.1', allowHalfOpen: true });
  sockets.push(socket);
  await once(socket, 'connect');
  let text = '';
  socket.setEncoding('utf8').on('data', (part: string) => (text += part));
  socket.on('error', () => {});
  socket.write(`${requestLine}\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${signToken()}\r\n\r\n`);
  return { socket, text: () => text };
}

class Wrapping implements NestInterceptor {
  intercept(_context: unknown, next: CallHandler) {
    return next.handle().pipe(
      timeout(50),
      map((data: unknown) => ({ wrapped: data })),
    );
  }
}

describe.each(PLATFORMS)('an event stream on %s', (platform) => {
  async function start(
    push: PushModuleOptions & PushModuleExtras = {},
    configure: (host: INestApplication) => void = () => {},
  ): Promise<void> {
    isClosed = false;
    app = await PushApp.start({ platform, push, configure });
  }

  async function close(): Promise<void> {
    if (isClosed) return;
    isClosed = true;
    await app.close();
  }

  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    for (const socket of sockets.splice(0)) socket.destroy();
    await close();
  });

  describe('on the wire', () => {
    beforeEach(() => start());

    it('is chunks of whole blocks over HTTP/1.1', async () => {
      const { text } = await rawStream('GET /push/sse HTTP/1.1');
      await eventually(() => text().includes('push:welcome'));
      const [head = '', body = ''] = text().split('\r\n\r\n', 2);
      expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      expect(head.toLowerCase().match(/transfer-encoding: chunked/g)).toHaveLength(1);
      const [, length = '', block = ''] =
        /^[0-9a-f]+\r\nretry: \d+\n\n\r\n([0-9a-f]+)\r\n(.*\n\n)\r\n$/s.exec(body) ?? [];
      expect(Number.parseInt(length, 16)).toBe(Buffer.byteLength(block));
    });

    it('is bare blocks over HTTP/1.0, until the connection ends', async () => {
      const { text } = await rawStream('GET /push/sse HTTP/1.0');
      await eventually(() => text().includes('push:welcome'));
      await app.push.toUser('7', 'news', 'ü');
      await eventually(() => text().includes('"news"'));
      const [head = '', body = ''] = text().split(/\r\n\r\n(.*)/s, 2);
      expect(head.toLowerCase()).not.toContain('transfer-encoding');
      expect(body).toMatch(
        /^retry: \d+\n\nid: \S+\ndata: \{"event":"push:welcome".*\n\nid: \S+\ndata: \{"event":"news".*\n\n$/s,
      );
    });

    it('names its events and gives the bare data where asked to', async () => {
      const client = await open('?named=1');
      await client.nextBlock();
      expect(await client.nextBlock()).toMatchObject({ event: 'push:welcome', id: expect.any(String) });
      await app.push.toUser('7', 'order.status', { note: 'täglich' });
      expect(await client.nextBlock()).toMatchObject({ event: 'order.status', data: '{"note":"täglich"}' });
      await app.push.toUser('7', 'nothing', null);
      expect(await client.nextBlock()).toMatchObject({ event: 'nothing', data: 'null' });
    });

    it('serves two streams that were asked for on one socket one after the other', async () => {
      const { socket, text } = await rawStream('GET /push/sse HTTP/1.1');
      socket.write(`GET /push/sse HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${signToken({ sub: '8' })}\r\n\r\n`);
      await eventually(async () => (await liveCount()) === 2);
      await app.push.toUser('8', 'later', 1);
      expect(text()).not.toContain('later');
      await app.push.disconnect({ user: '7' });
      await eventually(() => text().includes('"later"'));
      expect(text().split('HTTP/1.1 200 OK')).toHaveLength(3);
      socket.destroy();
      await eventually(async () => (await liveCount()) === 0);
    });

    it('frees those that wait behind another one when their socket goes', async () => {
      const { socket } = await rawStream('GET /push/sse HTTP/1.1');
      socket.write(`GET /push/sse HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${signToken({ sub: '8' })}\r\n\r\n`);
      await eventually(async () => (await liveCount()) === 2);
      socket.destroy();
      await eventually(async () => (await liveCount()) === 0);
    });
  });

  describe('that its client leaves', () => {
    beforeEach(() => start());

    it.each([
      ['with a FIN', (socket: Socket) => void socket.end()],
      ['with a RST', (socket: Socket) => void socket.resetAndDestroy()],
    ])('%s is freed', async (_how, leave) => {
      const { socket, text } = await rawStream('GET /push/sse HTTP/1.1');
      await eventually(() => text().includes('push:welcome'));
      leave(socket);
      await eventually(async () => (await liveCount()) === 0);
    });
  });

  it('outlives the timeout of its server and is kept awake by comments', async () => {
    await start({ heartbeatMs: 100 }, (host) => {
      (host.getHttpServer() as { timeout: number }).timeout = 60;
    });
    const client = await greeted();
    await eventually(() => client.blocks.filter(({ isComment }) => isComment).length >= 3);
    await app.push.toUser('7', 'still', 1);
    await eventually(() => client.blocks.some(({ data }) => data?.includes('"still"') === true));
  });

  it('is not touched by interceptors of the host', async () => {
    await start({}, (host) => host.useGlobalInterceptors(new Wrapping()));
    const client = await greeted();
    await app.push.toUser('7', 'plain', { a: 1 });
    expect(await client.next()).toMatchObject({ event: 'plain', data: { a: 1 } });
  });

  it('ends a reader that takes nothing, without a word', async () => {
    await start({ stallTimeoutMs: 100, maxQueueBytes: 64 * 1024 * 1024 });
    const client = await greeted();
    client.response.pause();
    const payload = 'x'.repeat(60_000);
    for (let sent = 0; sent < 300; sent++) await app.push.toUser('7', 'bulk', payload, { store: 'none' });
    await eventually(async () => (await liveCount()) === 0);
    client.response.resume();
    await client.end();
    expect(client.blocks.some(({ data }) => data?.includes('push:closing') === true)).toBe(false);
  });

  it('ends with push:closing when its token does', async () => {
    await start({ auth: { jwt: { secret: TEST_SECRET, algorithms: ['HS256'], clockToleranceSeconds: 0 } } });
    const client = await greeted('', bearer(signToken({}, { expiresInSeconds: 2 })));
    expect(await client.next('push:expiring')).toMatchObject({ data: { at: expect.any(String) } });
    expect(await client.next('push:closing')).toMatchObject({ data: { code: 4001, reconnect: true } });
    await client.end();
  });

  it.each([
    ['disconnected', () => app.push.disconnect({ user: '7' }), 4505],
    ['revoked', () => app.push.revoke({ sub: '7' }), 4501],
  ])('ends with push:closing when its user is %s', async (_what, end, code) => {
    await start();
    const client = await greeted();
    await end();
    const { id, data } = await client.nextBlock();
    expect(JSON.parse(data ?? '')).toMatchObject({ event: 'push:closing', data: { code, reconnect: false } });
    expect(id).toBeUndefined();
    await client.end();
  });

  it('says when to come back when the application ends', async () => {
    await start();
    const client = await greeted();
    const { length } = client.blocks;
    await close();
    await client.end();
    const last = client.blocks.slice(length);
    const events = last.filter(({ data }) => data !== undefined).map(({ data = '' }) => JSON.parse(data) as Envelope);
    const { reconnectInMs = -1 } = (events[0]?.data ?? {}) as { readonly reconnectInMs?: number };
    expect(events).toMatchObject([
      { event: 'push:draining', data: { reconnectInMs } },
      { event: 'push:closing', data: { code: 1012, reason: 'restart', reconnect: true, retryAfterMs: reconnectInMs } },
    ]);
    expect(last.find(({ retry }) => retry !== undefined)?.retry).toBe(String(reconnectInMs));
  });

  describe('that is refused', () => {
    it('for a while tells an event source so in a stream', async () => {
      await start({
        maxPerUser: 1,
        auth: { jwt: { secret: TEST_SECRET, algorithms: ['HS256'] }, accessTokenQuery: true },
      });
      await greeted();
      const client = await open(`?access_token=${signToken()}`, {});
      expect([client.status, client.headers['content-type']]).toEqual([200, 'text/event-stream']);
      const { retry } = await client.nextBlock();
      expect(await client.next()).toEqual({ event: 'push:draining', data: { reconnectInMs: Number(retry) } });
      expect(Number(retry)).toBeGreaterThanOrEqual(5_000);
      await client.end();
      expect(client.blocks).toHaveLength(2);
    });

    it('for a while tells everyone else by the status', async () => {
      await start({ maxConnections: 1 });
      await greeted();
      const { status, headers, text } = await ask(`${app.origin}/push/sse`, {
        headers: bearer(signToken({ sub: '8' })),
      });
      expect([status, headers['retry-after'], headers['content-type']]).toEqual([
        503,
        '5',
        'application/problem+json; charset=utf-8',
      ]);
      expect(JSON.parse(text)).toMatchObject({ code: 'server_full' });
    });

    it.each([
      ['for good, without a token', '', {}, 401],
      ['for good, with a cursor that is too long', `?cursor=${'x'.repeat(1_025)}`, {}, 400],
      ['for good, with a last event id that is too long', '', { 'last-event-id': 'x'.repeat(1_025) }, 400],
      ['for good, with a long cursor behind a last id', `?cursor=${'x'.repeat(1_025)}`, { 'last-event-id': 'x' }, 400],
      ['for good, from another origin', '', { origin: 'https://evil.example' }, 403],
    ])('%s keeps the status', async (_what, query, headers, status) => {
      await start();
      expect((await ask(`${app.origin}/push/sse${query}`, { headers })).status).toBe(status);
    });
  });

  it('goes by Last-Event-ID before the cursor, and by the cursor where that is empty', async () => {
    await start();
    const first = await greeted();
    await app.push.toUser('7', 'one', 1);
    const { id = '' } = await first.nextBlock();
    await app.push.toUser('7', 'two', 2);
    const { id: later = '' } = await first.nextBlock();

    const both = await greeted(`?cursor=${id}`, { ...bearer(signToken()), 'last-event-id': later });
    const empty = await greeted(`?cursor=${id}`, { ...bearer(signToken()), 'last-event-id': '' });
    await app.push.toUser('7', 'three', 3);

    expect(await both.next()).toMatchObject({ event: 'three' });
    expect(await empty.next()).toMatchObject({ event: 'two' });
  });

  it('says which groups it was refused, and is counted and listed as what it is', async () => {
    await start();
    const client = await greeted('?groups=staff');
    expect(await client.next('push:error')).toMatchObject({ data: { code: 'forbidden', detail: 'the group staff' } });
    expect((await app.push.connections({})).items).toMatchObject([{ transport: 'sse', userId: '7' }]);
  });
});

describe('event streams over HTTP/2 on fastify', () => {
  it('share one socket, and each ends by itself', async () => {
    const certificate = selfSignedCertificate();
    app = await PushApp.start({ fastify: { http2: true, https: { allowHTTP1: true, ...certificate } } });
    const session = connectHttp2(app.origin.replace('http:', 'https:'), { ca: certificate.cert });
    const texts = ['', ''];
    const streams = ['7', '8'].map((sub, index) => {
      const stream = session.request({ ':path': '/push/sse', authorization: `Bearer ${signToken({ sub })}` });
      stream.setEncoding('utf8').on('data', (text: string) => (texts[index] += text));
      return stream;
    });
    await eventually(() => texts.every((text) => text.includes('push:welcome')));
    await app.push.broadcast('news', 'x'.repeat(60_000));
    await eventually(() => texts.every((text) => text.includes('"news"') && text.endsWith('\n\n')));

    streams[0]?.close();
    await eventually(async () => (await liveCount()) === 1);
    await app.push.disconnect({ user: '8' });
    await eventually(() => texts[1]?.includes('push:closing') === true);
    await eventually(async () => (await liveCount()) === 0);
    expect(session.destroyed).toBe(false);
    session.close();
    await app.close();
  });
});
