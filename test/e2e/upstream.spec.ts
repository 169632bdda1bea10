import type { IncomingHttpHeaders } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage } from '@nestjs/websockets';
import type { OnGatewayConnection, OnGatewayDisconnect } from '@nestjs/websockets';
import { of } from 'rxjs';
import type { Observable } from 'rxjs';
import { PushConnection } from '../../src/gateway/push-connection.js';
import { PushGateway } from '../../src/gateway/push-gateway.decorator.js';
import { PushUser } from '../../src/gateway/push-user.decorator.js';
import { PushWsAdapter } from '../../src/gateway/push-ws.adapter.js';
import type { PushModuleExtras, PushModuleOptions } from '../../src/push-options.interface.js';
import type { Envelope } from '../../src/protocol/frames.js';
import { eventually } from '../support/eventually.js';
import { ask } from '../support/http-request.js';
import { PLATFORMS, PushApp } from '../support/push-app.js';
import type { Platform } from '../support/push-app.js';
import { RawClient } from '../support/raw-client.js';
import { RoomsAuthorizer } from '../support/rooms.authorizer.js';
import { SseClient } from '../support/sse-client.js';
import { bearer, signToken } from '../support/tokens.js';

@PushGateway()
@Injectable()
class EchoGateway implements OnGatewayConnection, OnGatewayDisconnect {
  readonly connected: PushConnection[] = [];
  readonly disconnected: PushConnection[] = [];
  readonly order: unknown[] = [];
  release: () => void = () => {};

  handleConnection(connection: PushConnection): void {
    this.connected.push(connection);
  }

  handleDisconnect(connection: PushConnection): void {
    this.disconnected.push(connection);
  }

  @SubscribeMessage('echo')
  echo(@MessageBody() data: unknown, @PushUser('scopes') scopes: readonly string[]): unknown {
    this.order.push(data);
    return { data, scopes };
  }

  @SubscribeMessage('hold')
  async hold(): Promise<string> {
    await new Promise<void>((resolve) => (this.release = resolve));
    return 'released';
  }

  @SubscribeMessage('silent')
  silent(): void {}

  @SubscribeMessage('stream')
  stream(): Observable<number> {
    return of(1, 2, 3);
  }

  @SubscribeMessage('leave')
  leave(@ConnectedSocket() connection: PushConnection): void {
    connection.close();
  }
}

/** A frame in which one character of the data is a byte that is no UTF-8. */
const NOT_UTF8 = Buffer.from('{"event":"echo","data":"\xff"}', 'latin1');

let app: PushApp;
const clients: SseClient[] = [];

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Envelope & { readonly data: { readonly code?: string } };
}

async function send(frame: unknown, headers: Readonly<Record<string, string>> = {}, sub = '7'): Promise<Answer> {
  const {
    status,
    headers: answered,
    text,
  } = await ask(`${app.origin}/push/upstream`, {
    method: 'POST',
    headers: { ...bearer(signToken({ sub })), 'content-type': 'application/json', ...headers },
    body: typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame),
  });
  return { status, headers: answered, body: JSON.parse(text) as Answer['body'] };
}

async function stream(sub = '7'): Promise<{ readonly client: SseClient; readonly id: string }> {
  const client = await SseClient.open(`${app.origin}/push/sse`, bearer(signToken({ sub })));
  clients.push(client);
  const welcome = (await client.next('push:welcome')) as { readonly data: { readonly connectionId: string } };
  return { client, id: welcome.data.connectionId };
}

const gateway = () => app.app.get(EchoGateway);

async function startOn(platform: Platform, push: PushModuleOptions & PushModuleExtras = {}): Promise<void> {
  app = await PushApp.start({
    platform,
    push: { authorizer: RoomsAuthorizer, ...push },
    metadata: { providers: [EchoGateway] },
    configure: (host) => host.useWebSocketAdapter(new PushWsAdapter(host)),
  });
}

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await app.close();
});

describe.each(PLATFORMS)('a frame by request on %s', (platform) => {
  const start = (push?: PushModuleOptions & PushModuleExtras) => startOn(platform, push);

  beforeEach(() => start());

  it('is answered with the reply of its handler', async () => {
    const { status, headers, body } = await send({ event: 'echo', data: { a: 1 }, ref: 'r1' });
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    expect(headers['cache-control']).toBe('no-store');
    expect(body).toEqual({ event: 'push:ok', data: { data: { a: 1 }, scopes: [] }, ref: 'r1' });
  });

  it('is answered although its handler says nothing', async () => {
    expect((await send({ event: 'silent' })).body).toEqual({ event: 'push:ok', data: null });
    const { id } = await stream();
    expect((await send({ event: 'silent' }, { 'push-connection': id })).body).toEqual({ event: 'push:ok', data: null });
  });

  it('answers push:ping', async () => {
    expect(await send({ event: 'push:ping', ref: 'p' })).toMatchObject({
      status: 200,
      body: { event: 'push:pong', ref: 'p' },
    });
  });

  it.each([
    ['no JSON', '{"event":', 400, 'bad_message'],
    ['no body', '', 400, 'bad_message'],
    ['no object', '[1]', 400, 'bad_message'],
    ['a literal', '5', 400, 'bad_message'],
    ['no event', '{"data":1}', 400, 'bad_message'],
    ['a frame that nests too deep', `{"event":"echo","data":${'['.repeat(200)}${']'.repeat(200)}}`, 400, 'bad_message'],
    ['a key that could pollute', '{"event":"echo","data":{"a":{"__proto__":{}}}}', 400, 'invalid_data'],
    ['an unknown event', '{"event":"nobody"}', 404, 'unknown_event'],
    ['a reserved event', '{"event":"push:other"}', 400, 'reserved_event'],
    ['a join without a stream', '{"event":"push:join","data":{"group":"room:1"}}', 409, 'connection_required'],
    ['a leave without a stream', '{"event":"push:leave","data":{"group":"room:1"}}', 409, 'connection_required'],
    ['a new token without a stream', '{"event":"push:auth","data":{"token":"x"}}', 409, 'connection_required'],
    [
      'a send that is not allowed',
      '{"event":"push:send","data":{"to":{"group":"staff"},"event":"e"}}',
      403,
      'forbidden',
    ],
  ])('with %s gets the status of its error', async (_what, frame, status, code) => {
    expect(await send(frame)).toMatchObject({ status, body: { event: 'push:error', data: { code, status } } });
  });

  it('joins a group for the stream that it names', async () => {
    const { client, id } = await stream();
    const join = { event: 'push:join', data: { group: 'room:1' }, ref: 'j' };
    expect(await send(join, { 'push-connection': id })).toMatchObject({ status: 200, body: { event: 'push:ok' } });

    await app.push.toGroup('room:1', 'hello', 1);
    expect(await client.next()).toMatchObject({ event: 'hello' });
  });

  it.each(['unknown', ''])('gets forbidden where it names a stream that is not there: %p', async (id) => {
    const { status, body } = await send({ event: 'push:ping', ref: 'r' }, { 'push-connection': id });
    expect([status, body.data.code, body.ref]).toEqual([403, 'forbidden', 'r']);
  });

  it('gets the same where the stream is of another user', async () => {
    const { id } = await stream('8');
    expect((await send({ event: 'push:ping' }, { 'push-connection': id })).body.data.code).toBe('forbidden');
  });

  it('chats: every member gets the message, and the sender is named', async () => {
    const { client, id } = await stream('8');
    await send({ event: 'push:join', data: { group: 'room:1' } }, { 'push-connection': id }, '8');
    const message = { event: 'push:send', data: { to: { group: 'room:1' }, event: 'chat', data: 'hi' } };
    expect((await send(message)).status).toBe(200);
    expect(await client.next()).toMatchObject({ event: 'chat', data: 'hi', from: '7' });
  });

  it('tells the later values of a handler on the stream', async () => {
    const { client, id } = await stream();
    const { body } = await send({ event: 'stream', ref: 's' }, { 'push-connection': id });
    expect(body).toEqual({ event: 'push:ok', data: 1, ref: 's' });
    expect([await client.next(), await client.next()]).toEqual([
      { event: 'push:ok', data: 2, ref: 's' },
      { event: 'push:ok', data: 3, ref: 's' },
    ]);
  });

  it('with a token of another user closes the stream and says so', async () => {
    const { client, id } = await stream();
    const token = signToken({ sub: '8' });
    const { status } = await send({ event: 'push:auth', data: { token } }, { 'push-connection': id });
    expect(status).toBe(403);
    expect(await client.next()).toMatchObject({ event: 'push:closing', data: { code: 4503, reconnect: false } });
    await client.end();
  });

  it('is known to the handlers as one connection while requests come', async () => {
    for (let index = 0; index < 5; index++) await send({ event: 'echo', data: index });
    await send({ event: 'echo', data: 'other' }, {}, '8');

    expect(gateway().connected.map(({ user }) => user.userId)).toEqual(['7', '8']);
    expect(gateway().disconnected).toEqual([]);
    expect((await app.push.connections({})).items).toEqual([]);
  });

  it('comes from the bearer of its own token', async () => {
    await send({ event: 'echo', data: 1 });
    const scoped = bearer(signToken({ scope: 'special' }));
    expect((await send({ event: 'echo', data: 2 }, scoped)).body).toMatchObject({ data: { scopes: ['special'] } });
  });

  it('is carried out in order, one at a time', async () => {
    const held = send({ event: 'hold', ref: 'h' });
    await eventually(() => gateway().connected.length === 1);
    const others = ['a', 'b', 'c'].map((data) => send({ event: 'echo', data }));
    expect((await send({ event: 'echo', data: 'x' }, {}, '8')).status).toBe(200);
    expect(gateway().order).toEqual(['x']);
    gateway().release();
    expect((await held).body.data).toBe('released');
    await Promise.all(others);
    expect(gateway().order.map(String).toSorted()).toEqual(['a', 'b', 'c', 'x']);
  });

  it('that makes its handler close the connection is answered', async () => {
    expect((await send({ event: 'leave' })).status).toBe(403);
    expect((await send({ event: 'echo', data: 1 })).status).toBe(200);
    expect(gateway().connected).toHaveLength(2);
    expect(gateway().disconnected).toHaveLength(1);
  });

  it('is refused past the rate, with a time to come back', async () => {
    await app.close();
    await start({ maxFramesPerSecond: 3 });
    const startedAt = performance.now();
    const answers = await Promise.all(Array.from({ length: 20 }, () => send({ event: 'push:ping' })));
    // On a busy machine they take a while, and the rate goes on meanwhile.
    const most = 3 + Math.ceil((3 * (performance.now() - startedAt)) / 1_000);
    const limited = answers.filter(({ status }) => status === 429);
    expect(answers.length - limited.length).toBeLessThanOrEqual(most);
    expect(limited[0]?.headers['retry-after']).toBe('1');
    expect(limited[0]?.body.data.code).toBe('rate_limited');
  });

  it('gets internal when its handler takes longer than upstreamTimeoutMs', async () => {
    await app.close();
    await start({ upstreamTimeoutMs: 50 });
    expect(await send({ event: 'hold' })).toMatchObject({ status: 500, body: { data: { code: 'internal' } } });
    gateway().release();
  });

  it('may be of another type for nobody', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=latin1', '']) {
      const { status, body } = await send('{"event":"push:ping"}', { 'content-type': type });
      expect([type, status, body]).toMatchObject([type, 415, { code: 'unsupported_media_type' }]);
    }
  });

  it.each([70_000, 300_000, 3_000_000])('of %d bytes is refused with 413', async (length) => {
    const { status, body } = await send({ event: 'echo', data: 'x'.repeat(length) });
    expect([status, body]).toMatchObject([413, { code: 'payload_too_large' }]);
  });

  it('of chunks that together are too long is refused with 413', async () => {
    const raw = await RawClient.connect(app.port);
    const chunk = `5000\r\n${'x'.repeat(0x5000)}\r\n`;
    raw.write(
      `POST /push/upstream HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${signToken()}\r\n` +
        `Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n` +
        `e\r\n{"event":"a","\r\n` +
        `8\r\ndata": "\r\n${chunk.repeat(4)}2\r\n"}\r\n0\r\n\r\n`,
    );
    expect((await raw.response()).status).toBe(413);
    raw.destroy();
  });

  it('is judged by its token before its body', async () => {
    const { status } = await send('{"event":', { authorization: 'Bearer nobody' });
    expect(status).toBe(401);
    const large = await send({ event: 'echo', data: 'x'.repeat(90_000) }, { authorization: 'Bearer nobody' });
    expect(large.status).toBe(401);
    const garbled = await send('xx', { authorization: 'Bearer nobody', 'content-encoding': 'gzip' });
    expect(garbled.status).toBe(401);
  });

  it('is taken from a page of an allowed origin only', async () => {
    expect((await send({ event: 'push:ping' }, { origin: 'https://evil.example' })).status).toBe(403);
  });

  it('frees its place when its client leaves', async () => {
    await app.close();
    await start({ maxPerUser: 1 });
    const controller = new AbortController();
    const left = ask(`${app.origin}/push/upstream`, {
      method: 'POST',
      headers: { ...bearer(signToken()), 'content-type': 'application/json' },
      body: '{"event":"hold"}',
      signal: controller.signal,
    }).catch(() => 'left');
    await eventually(() => gateway().connected.length === 1);
    expect((await send({ event: 'push:ping' })).status).toBe(429);
    controller.abort();
    await left;
    gateway().release();
    await eventually(async () => (await send({ event: 'push:ping' })).status === 200);
  });

  it('is answered, and holds up nothing, when the application ends meanwhile', async () => {
    const held = send({ event: 'hold' });
    await eventually(() => gateway().connected.length === 1);
    const { release } = gateway();
    const ended = app.close();
    await eventually(() => !app.server.listening);
    release();
    expect((await held).body.data).toBe('released');
    await ended;
    await start();
  });

  it('ends the connection that the handlers know with the application', async () => {
    await send({ event: 'echo', data: 1 });
    const { disconnected } = gateway();
    await app.close();
    expect(disconnected).toHaveLength(1);
    await start();
  });
});

describe('a frame by request that the parser of Express has read', () => {
  it('is what that made of it: bytes that are no UTF-8 are replaced, a byte order mark is left out', async () => {
    await startOn('express');
    expect(await send(NOT_UTF8)).toMatchObject({ status: 200, body: { data: { data: '\ufffd' } } });
    const marked = Buffer.from('\ufeff{"event":"echo","data":1}');
    expect(await send(marked)).toMatchObject({ status: 200, body: { data: { data: 1 } } });
  });
});

describe('a frame by request that no parser of the host has read', () => {
  it('is bad_message where one byte of it is no UTF-8, though the rest is JSON', async () => {
    await startOn('fastify');
    expect(await send(NOT_UTF8)).toMatchObject({ status: 400, body: { data: { code: 'bad_message' } } });
    expect(gateway().order).toEqual([]);
  });
});
