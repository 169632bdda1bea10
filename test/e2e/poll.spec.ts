import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { CallHandler, INestApplication, NestInterceptor } from '@nestjs/common';
import { map, timeout } from 'rxjs';
import type { PushModuleExtras, PushModuleOptions } from '../../src/push-options.interface.js';
import type { Envelope } from '../../src/protocol/frames.js';
import { eventually } from '../support/eventually.js';
import { ask } from '../support/http-request.js';
import type { HttpAnswer } from '../support/http-request.js';
import { PLATFORMS, PushApp } from '../support/push-app.js';
import { RoomsAuthorizer } from '../support/rooms.authorizer.js';
import { TEST_SECRET, bearer, signToken } from '../support/tokens.js';

interface PollBody {
  readonly messages: readonly Envelope[];
  readonly cursor: string;
  readonly more: boolean;
}

class Wrapping implements NestInterceptor {
  intercept(_context: unknown, next: CallHandler) {
    return next.handle().pipe(
      timeout(50),
      map((data: unknown) => ({ wrapped: data })),
    );
  }
}

let app: PushApp;
let isClosed = false;
type Headers = Readonly<Record<string, string>>;

function request(query = '', headers: Headers = bearer(signToken()), signal?: AbortSignal): Promise<HttpAnswer> {
  return ask(`${app.origin}/push/poll${query}`, { headers, ...(signal && { signal }) });
}

async function poll(query?: string, headers?: Headers): Promise<PollBody> {
  const { status, text } = await request(query, headers);
  expect([status, text]).toEqual([200, expect.any(String)]);
  return JSON.parse(text) as PollBody;
}

async function waiting(count = 1): Promise<void> {
  await eventually(async () => (await app.push.stats()).connections.poll === count);
}

describe.each(PLATFORMS)('a poll on %s', (platform) => {
  async function start(
    push: PushModuleOptions & PushModuleExtras = {},
    configure: (host: INestApplication) => void = () => {},
  ): Promise<void> {
    isClosed = false;
    app = await PushApp.start({ platform, push: { origins: ['https://shop.example'], ...push }, configure });
  }

  async function restart(...options: Parameters<typeof start>): Promise<void> {
    await close();
    await start(...options);
  }

  async function close(): Promise<void> {
    if (isClosed) return;
    isClosed = true;
    await app.close();
  }

  beforeEach(() => start());
  afterEach(close);

  it('answers what comes while it waits, all of one burst at once', async () => {
    const answer = poll();
    await waiting();

    const receipts = await Promise.all(['a', 'b', 'c'].map((event) => app.push.toUser('7', event, 1)));

    const { messages, cursor, more } = await answer;
    expect(messages.map(({ event }) => event)).toEqual(['a', 'b', 'c']);
    expect(cursor).toBe(messages.at(-1)?.cursor);
    expect(more).toBe(false);
    expect(receipts.map(({ matched, written }) => [matched.connections, written])).toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
    ]);
  });

  it('is a complete client in a loop', async () => {
    const { cursor: start } = await poll('?wait=0');
    for (let index = 0; index < 250; index++) await app.push.toUser('7', 'n', index, { store: 'history' });
    // More than the log holds were sent, so the first answer says that some are missing.
    const seen: unknown[] = [];
    let cursor = start;
    for (let more = true; more;) {
      const answer = await poll(`?wait=0&cursor=${cursor}`);
      expect(answer.messages.length).toBeLessThanOrEqual(100);
      seen.push(...answer.messages.map(({ event, data }) => (event === 'n' ? data : event)));
      ({ cursor, more } = answer);
    }
    expect(seen).toEqual(['push:gap', ...Array.from({ length: 100 }, (_, index) => 150 + index)]);
    expect((await poll(`?wait=0&cursor=${cursor}`)).messages).toEqual([]);
  });

  it('is empty after its wait, with a place that it can go on from', async () => {
    await app.push.toUser('8', 'other', 1);
    const { messages, cursor } = await poll('?wait=0.05');
    expect(messages).toEqual([]);
    await app.push.toUser('7', 'mine', 1);
    expect((await poll(`?cursor=${cursor}`)).messages).toMatchObject([{ event: 'mine' }]);
  });

  it('is freed at once when its client leaves', async () => {
    const controller = new AbortController();
    const answer = request('', bearer(signToken()), controller.signal).catch(() => 'left');
    await waiting();
    controller.abort();
    expect(await answer).toBe('left');
    await waiting(0);
  });

  it('is a JSON answer that nobody keeps', async () => {
    const { headers } = await request('?wait=0');
    expect(headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      'content-length': expect.any(String),
    });
    expect(headers.etag).toBeUndefined();
  });

  it.each(['', 'abc', '1s', '0x10', 'NaN', 'Infinity', '1,5'])('with a wait of %p gets 400', async (wait) => {
    const { status, text } = await request(`?wait=${wait}`);
    expect([status, JSON.parse(text)]).toMatchObject([400, { code: 'malformed' }]);
  });

  it.each(['-5', '0', '0.0', '.01', '+0'])('takes a wait of %s', async (wait) => {
    expect((await poll(`?wait=${encodeURIComponent(wait)}`)).messages).toEqual([]);
  });

  it('waits no longer than the server wants', async () => {
    const answer = poll('?wait=9999');
    await waiting();
    await app.push.toUser('7', 'a', 1);
    expect((await answer).messages).toHaveLength(1);
  });

  it('gets what is not kept while it waits, with a place that passes nothing', async () => {
    const { cursor } = await poll('?wait=0');
    const answer = poll(`?cursor=${cursor}`);
    await waiting();
    await Promise.all([
      app.push.toUser('7', 'fleeting', 1, { store: 'none' }),
      app.push.toUser('7', 'kept', 2),
      app.push.toUser('7', 'fleeting', 3, { store: 'none' }),
    ]);
    const first = await answer;
    expect(first.messages.map(({ data }) => data)).toEqual([1, 2, 3]);
    expect((await poll(`?wait=0&cursor=${first.cursor}`)).messages).toEqual([]);
  });

  it('has at most 100 messages, and says that there are others', async () => {
    await restart({ historyCount: 200 });
    const { cursor } = await poll('?wait=0');
    const answer = poll(`?cursor=${cursor}`);
    await waiting();
    await Promise.all(Array.from({ length: 150 }, (_, index) => app.push.toUser('7', 'n', index)));
    const first = await answer;
    expect([first.messages.length, first.more]).toEqual([100, true]);
    const second = await poll(`?wait=0&cursor=${first.cursor}`);
    expect([...first.messages, ...second.messages].map(({ data }) => data)).toEqual(
      Array.from({ length: 150 }, (_, index) => index),
    );
    expect(second.more).toBe(false);
  });

  it('answers a text that is no cursor at once, with the gap and a place to go on from', async () => {
    await app.push.toUser('7', 'before', 1);
    const { messages, cursor } = await poll('?cursor=nonsense');
    expect(messages).toEqual([{ event: 'push:gap', data: { reason: 'invalid_cursor' }, cursor }]);
    await app.push.toUser('7', 'after', 1);
    expect((await poll(`?cursor=${cursor}`)).messages).toMatchObject([{ event: 'after' }]);
  });

  it('is told of one gap once', async () => {
    await restart({ historyCount: 5 });
    const { cursor } = await poll('?wait=0');
    for (let index = 0; index < 20; index++) await app.push.toUser('7', 'n', index);
    const first = await poll(`?cursor=${cursor}`);
    expect(first.messages.map(({ event }) => event)).toEqual(['push:gap', 'n', 'n', 'n', 'n', 'n']);
    const gapCursor = first.messages[0]?.cursor ?? '';
    expect((await poll(`?cursor=${gapCursor}`)).messages.map(({ event }) => event)).toEqual(['n', 'n', 'n', 'n', 'n']);
  });

  it('does not answer for the sake of a refused group, but says so when it answers', async () => {
    await restart({ authorizer: RoomsAuthorizer });
    const answer = poll('?groups=room:1,staff');
    await waiting();
    await app.push.toGroup('room:1', 'hello', 1);
    expect((await answer).messages).toMatchObject([
      { event: 'push:error', data: { code: 'forbidden', detail: 'the group staff' } },
      { event: 'hello' },
    ]);
  });

  it('is told that its token is about to end, without being answered for it', async () => {
    const answer = poll('?wait=0.3', bearer(signToken({}, { expiresInSeconds: 30 })));
    expect((await answer).messages).toMatchObject([{ event: 'push:expiring', data: { at: expect.any(String) } }]);
  });

  it('gets 401 when its token ends while it waits', async () => {
    await restart({ auth: { jwt: { secret: TEST_SECRET, algorithms: ['HS256'], clockToleranceSeconds: 0 } } });
    const { status, headers, text } = await request('', bearer(signToken({}, { expiresInSeconds: 2 })));
    expect([status, headers['www-authenticate']]).toEqual([401, 'Bearer error="invalid_token"']);
    expect(JSON.parse(text)).toMatchObject({ code: 'unauthorized', detail: 'token expired' });
  });

  it.each([
    ['disconnected', () => app.push.disconnect({ user: '7' }), 403],
    ['sent away for a moment', () => app.push.disconnect({ user: '7' }, { reconnect: true }), 503],
    ['revoked', () => app.push.revoke({ sub: '7' }), 401],
    ['limited', () => app.push.disconnect({ user: '7' }, { code: 4003, reconnect: true }), 429],
    [
      'sent away with a code of the host',
      () => app.push.disconnect({ user: '7' }, { code: 4100, reconnect: true }),
      503,
    ],
  ])('gets the twin of the close code when its user is %s', async (_what, end, status) => {
    const answer = request();
    await waiting();
    await end();
    const answered = await answer;
    expect(answered.status).toBe(status);
    expect(answered.headers['retry-after'] !== undefined).toBe(status === 429 || status === 503);
    await waiting(0);
  });

  it('is answered with push:draining when the application ends', async () => {
    const { cursor } = await poll('?wait=0');
    const answer = poll(`?cursor=${cursor}`);
    await waiting();
    await close();
    expect(await answer).toEqual({
      messages: [{ event: 'push:draining', data: { reconnectInMs: expect.any(Number) } }],
      cursor,
      more: false,
    });
  });

  it('counts towards the limits while it waits', async () => {
    await restart({ maxPerUser: 1 });
    const answer = poll();
    await waiting();
    expect((await request('?wait=0')).status).toBe(429);
    await app.push.toUser('7', 'a', 1);
    await answer;
    expect((await request('?wait=0')).status).toBe(200);
  });

  it('outlives the timeout of its server, interceptors and CORS of the host', async () => {
    await restart({}, (host) => {
      (host.getHttpServer() as { timeout: number }).timeout = 60;
      host.useGlobalInterceptors(new Wrapping());
      host.enableCors();
    });
    const { messages } = await poll('?wait=0.5');
    expect(messages).toEqual([]);
  });

  it('works over HTTP/1.0', async () => {
    const socket = connectTcp({ port: app.port, host: '127.0.0.1' });
    let text = '';
    socket.setEncoding('utf8').on('data', (part: string) => (text += part));
    socket.write(`GET /push/poll?wait=0 HTTP/1.0\r\nAuthorization: Bearer ${signToken()}\r\n\r\n`);
    await once(socket, 'end');
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\r\n\r\n\{"messages":\[\],"cursor":"[^"]+","more":false\}$/s);
  });

  it.each(['0.9', '1.1', '2.0'])(
    'gives up an answer to HTTP/%s of which nothing is read for stallTimeoutMs',
    async (version) => {
      const size = 4 * 1024 * 1024;
      await restart({ maxQueueBytes: 16 * size, maxPayloadBytes: size + 2, stallTimeoutMs: 200 });
      const { cursor } = await poll('?wait=0');
      for (const event of ['a', 'b', 'c', 'd']) await app.push.toUser('7', event, 'x'.repeat(size));
      const server = app.app.getHttpServer() as Server;
      const open = () => new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count)));

      const socket = connectTcp({ port: app.port, host: '127.0.0.1' });
      socket.pause().on('error', () => {});
      socket.write(
        `GET /push/poll?cursor=${cursor} HTTP/${version}\r\nHost: x\r\nAuthorization: Bearer ${signToken()}\r\n\r\n`,
      );
      await eventually(async () => (await open()) > 0);

      await eventually(async () => expect(await open()).toBe(0));
      socket.destroy();
    },
  );
});
