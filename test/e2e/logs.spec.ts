/** What an application logs while strangers and clients do their worst. */
import { afterEach, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { SubscribeMessage } from '@nestjs/websockets';
import { PushAuthenticator, PushGateway, PushWsAdapter } from '../../src/index.js';
import type { Principal } from '../../src/index.js';
import { eventually } from '../support/eventually.js';
import { PushApp } from '../support/push-app.js';
import { SseClient } from '../support/sse-client.js';
import { bearer, signToken } from '../support/tokens.js';
import { refusalOf, WsClient } from '../support/ws-client.js';

const SECRET_PAYLOAD = 'payload-8c1f';
const STRANGERS = 60;

/** Keeps every line as its level and what was handed to the logger. */
class LineLogger {
  readonly lines: (readonly [level: string, ...parts: unknown[]])[] = [];

  readonly log = (...parts: unknown[]) => void this.lines.push(['log', ...parts]);
  readonly error = (...parts: unknown[]) => void this.lines.push(['error', ...parts]);
  readonly warn = (...parts: unknown[]) => void this.lines.push(['warn', ...parts]);
  readonly debug = (...parts: unknown[]) => void this.lines.push(['debug', ...parts]);
  readonly verbose = (...parts: unknown[]) => void this.lines.push(['verbose', ...parts]);

  get text(): string {
    return this.lines
      .map((line) => JSON.stringify(line.map((part) => (part instanceof Error ? part.stack : part))))
      .join('\n');
  }

  /** The objects of a level whose message is this. */
  objects(level: string, message: string): readonly Record<string, unknown>[] {
    const found = this.lines.filter(([of]) => of === level).map(([, part]) => part);
    return found.filter(
      (part): part is Record<string, unknown> => (part as { message?: unknown } | null)?.message === message,
    );
  }
}

@PushGateway()
class BrokenGateway {
  @SubscribeMessage('cart.add')
  add(): never {
    throw new Error('the cart is broken');
  }
}

@Injectable()
class BrokenForSome extends PushAuthenticator {
  override async authenticate(token: string): Promise<Principal | undefined> {
    if (token.startsWith('broken')) throw new Error('the issuer is away');
    const userId = token.startsWith('user-') ? token : undefined;
    return userId === undefined ? undefined : { userId, groups: [], scopes: [], expiresAtMs: Date.now() + 60_000 };
  }
}

const valuesOf = (part: unknown): unknown[] => (typeof part === 'object' && part !== null ? Object.values(part) : []);

let server: PushApp | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function start(logConnections: boolean): Promise<LineLogger> {
  const logger = new LineLogger();
  server = await PushApp.start({
    push: { authenticator: BrokenForSome, logConnections },
    metadata: { providers: [BrokenGateway] },
    nest: { logger },
    configure: (app) => app.useWebSocketAdapter(new PushWsAdapter(app)),
  });
  logger.lines.length = 0;
  return logger;
}

function app(): PushApp {
  if (!server) throw new Error('no application');
  return server;
}

it('holds no token and nothing of a message, and at most the lines that are allowed', async () => {
  const logger = await start(true);
  const { origin, wsUrl } = app();
  const token = signToken({ sub: 'stranger' });
  const startedAtMs = Date.now();

  for (let count = 0; count < STRANGERS; count++) await refusalOf(wsUrl, { token: `bad-${token}` });
  for (let count = 0; count < STRANGERS; count++) await refusalOf(wsUrl, { token: `broken-${token}` });
  await refusalOf(`${wsUrl}?access_token=${token}&ticket=${token}`, { headers: { 'x-request-id': token } });
  await fetch(`${origin}/push/sse?cursor=${SECRET_PAYLOAD.repeat(200)}`, { headers: bearer(`bad-${token}`) });
  const client = await WsClient.connect(wsUrl, { token: `user-${SECRET_PAYLOAD.length}` });
  await client.next('push:welcome');
  client.socket.send(`{"event":"cart.add","data":"${SECRET_PAYLOAD}`);
  await client.next('push:error');
  client.send('cart.add', { note: SECRET_PAYLOAD });
  await client.next('push:error');
  client.send('push:auth', { token: `broken-${token}` });
  await client.next('push:error');
  client.send('push:send', { to: { user: '7' }, event: 'note', data: SECRET_PAYLOAD });
  await client.next('push:error');
  await app().push.broadcast('note', SECRET_PAYLOAD);
  await client.next('note');
  await client.close();
  await eventually(() => logger.objects('log', 'connection ended').length === 1, {
    what: 'the line of the connection',
  });

  const seconds = Math.ceil((Date.now() - startedAtMs) / 1_000) + 1;
  expect(logger.text).not.toContain(token);
  expect(logger.text).not.toContain(token.split('.')[2]);
  expect(logger.text).not.toContain(SECRET_PAYLOAD);
  expect(logger.lines.flatMap(([, part]) => valuesOf(part))).not.toContain(undefined);
  expect(logger.lines.filter(([level]) => level === 'log')).toHaveLength(1);
  const debugged = logger.lines.filter(([level]) => level === 'debug');
  expect(debugged.length).toBeGreaterThan(0);
  // Ten a second and one that says how many were left out.
  expect(debugged.length).toBeLessThanOrEqual(11 * seconds);
});

it('says of a connection that has ended which it was, whose, for how long and why', async () => {
  const logger = await start(true);
  const client = await WsClient.connect(app().wsUrl, { token: 'user-7', headers: { 'x-request-id': 'req-7' } });
  const { data } = await client.next('push:welcome');
  await app().push.disconnect({ user: 'user-7' });
  await client.end();
  await eventually(() => logger.objects('log', 'connection ended').length === 1, { what: 'its line' });

  const { connectionId } = data as { connectionId: string };
  const who = { connectionId, userId: 'user-7', transport: 'ws', requestId: 'req-7', code: 4505 };
  expect(logger.objects('log', 'connection ended')).toMatchObject([who]);
});

it('says nothing of connections unless it is asked to, and never of a poll', async () => {
  const quiet = await start(false);
  const stream = await SseClient.open(`${app().origin}/push/sse`, bearer('user-7'));
  await stream.next('push:welcome');
  stream.close();
  await eventually(async () => expect((await app().push.stats()).connections.sse).toBe(0));
  expect(quiet.lines.filter(([level]) => level === 'log')).toEqual([]);
  await app().close();

  const logger = await start(true);
  expect((await fetch(`${app().origin}/push/poll?wait=0`, { headers: bearer('user-7') })).status).toBe(200);
  expect(logger.lines.filter(([level]) => level === 'log')).toEqual([]);
});

it('names the request of a check that failed, and the connection of a frame that did', async () => {
  const logger = await start(false);
  await refusalOf(app().wsUrl, { token: 'broken-1', headers: { 'x-request-id': 'req-9' } });
  expect(logger.objects('error', 'Error: the issuer is away')).toMatchObject([{ requestId: 'req-9' }]);

  const client = await WsClient.connect(app().wsUrl, { token: 'user-7' });
  const { connectionId } = (await client.next('push:welcome')).data as { connectionId: string };
  await eventually(async () => {
    await client.request('push:auth', { token: 'broken-2' });
    expect(logger.objects('error', 'Error: the issuer is away')).toContainEqual(
      expect.objectContaining({ connectionId }),
    );
  });
  await client.close();
});

it('says of handlers that fail again and again whose frame it was, and at most one line a second', async () => {
  const logger = await start(false);
  const startedAtMs = Date.now();
  const client = await WsClient.connect(app().wsUrl, { token: 'user-7' });
  const { connectionId } = (await client.next('push:welcome')).data as { connectionId: string };
  for (let count = 0; count < 30; count++) await client.request('cart.add', { note: SECRET_PAYLOAD });
  await client.close();

  const seconds = Math.ceil((Date.now() - startedAtMs) / 1_000) + 1;
  expect(logger.objects('error', 'Error: the cart is broken')[0]).toMatchObject({ connectionId });
  // One a second, and one before it that says how many were left out.
  expect(logger.lines.filter(([level]) => level === 'error').length).toBeLessThanOrEqual(2 * seconds);
  expect(logger.text).not.toContain(SECRET_PAYLOAD);
});

it('says of requests of REST that cannot be judged which it was, and at most one line a second', async () => {
  const logger = await start(false);
  const startedAtMs = Date.now();
  const headers = { ...bearer('broken-3'), 'x-request-id': 'req-11' };
  for (let count = 0; count < 30; count++) {
    expect((await fetch(`${app().origin}/push/stats`, { headers })).status).toBe(503);
  }

  const seconds = Math.ceil((Date.now() - startedAtMs) / 1_000) + 1;
  const message = 'Error: the authenticator failed: Error: the issuer is away';
  expect(logger.objects('error', message)[0]).toMatchObject({ requestId: 'req-11' });
  expect(logger.lines.filter(([level]) => level === 'error').length).toBeLessThanOrEqual(2 * seconds);
});
