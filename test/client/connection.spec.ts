import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PushReplyError } from '../../src/client/client-errors.js';
import { PushClient } from '../../src/client/push-client.js';
import type { TransportName } from '../../src/protocol/frames.js';
import { eventually } from '../support/eventually.js';
import { ScriptedServer, json, note, problem } from './scripted-server.js';
import type { Answer } from './scripted-server.js';

let server: ScriptedServer;

beforeEach(async () => {
  server = await ScriptedServer.start();
});

afterEach(async () => {
  await server.close();
});

describe.each(['ws', 'sse'] as const)('a client on %s', (transport: TransportName) => {
  const transports = [transport];

  it('hands messages to the listeners of their event, with the envelope', async () => {
    const client = server.client({ transports });
    const line = await server.line();
    line.send(note(1, { text: '\u2028 ü' }));
    await eventually(() => expect(client.heard).toEqual([note(1, { text: '\u2028 ü' })]));
    expect(client.statuses.map(({ state }) => state)).toEqual(['connecting', 'live']);
  });

  it('comes back with the cursor of the last message, and drops repeats', async () => {
    const client = server.client({ transports });
    (await server.line()).send(note(1));
    await eventually(() => expect(client.ids).toEqual(['m-1']));
    server.lines[0]!.cut();
    const second = await server.line(1);
    second.send(note(1));
    second.send(note(2));
    await eventually(() => expect(client.ids).toEqual(['m-1', 'm-2']));
    expect(server.asked.filter(({ route }) => route === transport)[1]?.query.get('cursor')).toBe('c.1');
    expect(client.cursor).toBe('c.2');
  });

  it('comes back with the cursor of the welcome when there was no message', async () => {
    server.client({ transports });
    (await server.line()).cut();
    await server.line(1);
    expect(server.asked.filter(({ route }) => route === transport)[1]?.query.get('cursor')).toBe('start');
  });

  it('tells of a gap and goes on from the place that it names', async () => {
    const client = server.client({ transports });
    (await server.line()).send({ event: 'push:gap', data: { reason: 'expired' }, cursor: 'after-gap' });
    await eventually(() => expect(client.heard).toEqual([{ event: 'push:gap', data: { reason: 'expired' } }]));
    expect(client.cursor).toBe('after-gap');
  });

  it.each([1003, 1009, 4500, 4501, 4503, 4505, 4509, 4999])('stays away after close code %i', async (code) => {
    const client = server.client({ transports });
    (await server.line()).close(code, 'because');
    const { error } = await client.reaches('closed');
    expect(error).toMatchObject({ code: 'refused', message: expect.stringContaining(`${code} because`) });
    expect(server.count(transport)).toBe(1);
    await expect(client.request('anything')).rejects.toMatchObject({ code: 'closed' });
  });

  it.each([1001, 1011, 1012, 4000, 4001, 4002, 4003, 4499])('comes back after close code %i', async (code) => {
    server.client({ transports });
    (await server.line()).close(code);
    expect((await server.line(1)).isOpen()).toBe(true);
  });

  it('asks for a fresh token when the old one has ended', async () => {
    let count = 0;
    server.client({ transports, token: () => Promise.resolve(`token-${++count}`) });
    (await server.line()).close(4001);
    await server.line(1);
    expect(server.asked.filter(({ route }) => route === transport).map(({ token }) => token)).toEqual([
      'token-1',
      'token-2',
    ]);
  });

  it('keeps its token over a broken line', async () => {
    let count = 0;
    server.client({ transports, token: () => `token-${++count}` });
    (await server.line()).cut();
    await server.line(1);
    expect(count).toBe(1);
  });

  it('waits as long as a draining server has said, and no longer', async () => {
    const client = server.client({ transports, retryBaseMs: 1e9, retryMaxMs: 1e9 });
    const line = await server.line();
    line.send({ event: 'push:draining', data: { reconnectInMs: 17 } });
    line.close(1012);
    await server.line(1);
    expect(client.statuses.find(({ state }) => state === 'waiting')?.retryInMs).toBe(17);
  });

  it('takes goodbyes of the server for no failures', async () => {
    const client = server.client({ transports, retryBaseMs: 1, retryMaxMs: 1e9 });
    const goodbyes = 40;
    for (let count = 0; count < goodbyes; count++) {
      const line = await server.line(count);
      line.send({ event: 'push:draining', data: { reconnectInMs: 1 } });
      line.close(1012);
    }
    (await server.line(goodbyes)).cut();
    await server.line(goodbyes + 1);
    const waits = client.statuses.filter(({ state }) => state === 'waiting').map(({ retryInMs }) => retryInMs);
    expect(waits.at(-1)).toBeLessThanOrEqual(1);
  });

  it('tells that the server drains', async () => {
    const client = server.client({ transports });
    const told: unknown[] = [];
    client.on('push:draining', (data) => told.push(data));
    (await server.line()).send({ event: 'push:draining', data: { reconnectInMs: 17 } });
    await eventually(() => expect(told).toEqual([{ reconnectInMs: 17 }]));
  });

  it('renews its token in place', async () => {
    let count = 0;
    server.client({ transports, token: () => `token-${++count}` });
    const line = await server.line();
    line.send({ event: 'push:expiring', data: { at: '2026-01-01T00:00:00.000Z' } });
    await eventually(() => expect(line.frames).toMatchObject([{ event: 'push:auth', data: { token: 'token-2' } }]));
    expect(server.count(transport)).toBe(1);
  });

  it('speaks with the old token until the server has taken the new one', async () => {
    let count = 0;
    const client = server.client({ transports, token: () => `token-${++count}` });
    const line = await server.line();
    const tokens = (): string[] => server.asked.map(({ token }) => token);
    line.send({ event: 'push:expiring', data: { at: '2026-01-01T00:00:00.000Z' } });
    await eventually(() => expect(line.frames).toHaveLength(1));
    expect(new Set(tokens())).toEqual(new Set(['token-1']));
    await client.request('settled');
    line.cut();
    await server.line(1);
    expect(tokens().at(-1)).toBe('token-2');
  });

  it('does not come back as another user', async () => {
    const client = server.client({ transports });
    const line = await server.line();
    await client.reaches('live');
    server.welcome = { userId: '8' };
    const outcomes: unknown[] = [];
    client.once('push:status', () => void client.request('pay').catch((error: unknown) => outcomes.push(error)));
    line.cut();
    const { error } = await client.reaches('closed');
    expect(error).toMatchObject({ code: 'refused', message: 'refused 4503 token of another user' });
    await eventually(() => expect(outcomes).toMatchObject([{ code: 'closed' }]));
    expect(server.lines.map(({ frames }) => frames)).toEqual([[], []]);
    expect(client.statuses.filter(({ state }) => state === 'live')).toHaveLength(1);
  });

  it('tells of a token that it could not have, and keeps the line', async () => {
    let count = 0;
    const token = (): string => {
      if (++count > 1) throw new Error('signed out');
      return 'token-1';
    };
    const client = server.client({ transports, token });
    (await server.line()).send({ event: 'push:expiring', data: { at: '2026-01-01T00:00:00.000Z' } });
    await eventually(() => expect(client.errors).toMatchObject([{ code: 'token_failed' }]));
    expect(client.status.state).toBe('live');
    // The token that there is has not ended yet.
    await expect(client.request('orders.find', { id: 7 })).resolves.toEqual({ echo: { id: 7 } });
  });

  it('notices a line that is dead although nothing closed it', async () => {
    server.welcome = { heartbeatMs: 20 };
    server.isDeaf = true;
    const client = server.client({ transports });
    await server.line(1);
    expect(client.statuses.find(({ state }) => state === 'waiting')?.error?.message).toContain('no sign of life');
  });

  it('resolves a request with the data of its reply', async () => {
    const client = server.client({ transports });
    await expect(client.request('orders.find', { id: 7 })).resolves.toEqual({ echo: { id: 7 } });
    await expect(client.send({ user: '8' }, 'note', 'hi')).resolves.toEqual({
      echo: { to: { user: '8' }, event: 'note', data: 'hi' },
    });
  });

  it('rejects a request with what the server says against it', async () => {
    const data = {
      code: 'rate_limited',
      title: 'Too many',
      status: 429,
      detail: 'slow',
      retryable: true,
      retryAfterMs: 5,
    };
    server.reply = ({ ref = '' }) => ({ event: 'push:error', data, ref });
    const failure: unknown = await server
      .client({ transports })
      .request('a')
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(PushReplyError);
    expect(String(failure)).toMatch(/^PushReplyError: /);
    expect(failure).toMatchObject({
      code: 'rate_limited',
      message: 'slow',
      status: 429,
      retryable: true,
      retryAfterMs: 5,
    });
  });

  it('rejects a request that is not answered in time', async () => {
    server.reply = () => undefined;
    const client = server.client({ transports });
    await expect(client.request('a', {}, { timeoutMs: 30 })).rejects.toMatchObject({
      code: transport === 'ws' ? 'timeout' : expect.stringMatching(/timeout|unknown_outcome/),
    });
  });

  it('keeps the order of requests', async () => {
    const client = server.client({ transports });
    await Promise.all([1, 2, 3, 4].map((number) => client.request('a', number)));
    expect(server.lines[0]?.frames.map(({ data }) => data)).toEqual([1, 2, 3, 4]);
  });

  it('joins again whatever it has joined', async () => {
    const client = server.client({ transports });
    await client.join('room:1');
    await client.join('room:2');
    await client.leave('room:1');
    expect(server.lines[0]?.frames.map(({ event }) => event)).toEqual(['push:join', 'push:join', 'push:leave']);
    server.lines[0]!.cut();
    const line = await server.line(1);
    expect(server.asked.findLast(({ route }) => route === transport)?.query.get('groups')).toBe('room:2');
    await client.request('settled');
    expect(line.frames.map(({ event }) => event)).toEqual(['settled']);
  });

  it('tells of a group that was refused at its return, and asks for it no more', async () => {
    const client = server.client({ transports });
    await client.join('room:1');
    server.lines[0]!.cut();
    const detail = 'the group room:1';
    (await server.line(1)).send({ event: 'push:error', data: { code: 'forbidden', status: 403, detail } });
    await eventually(() => expect(client.errors).toMatchObject([{ code: 'forbidden', message: detail }]));
    server.lines[1]!.cut();
    await server.line(2);
    expect(server.asked.findLast(({ route }) => route === transport)?.query.get('groups')).toBeNull();
  });

  it('says nothing any more once it is closed', async () => {
    const client = server.client({ transports });
    const line = await server.line();
    await client.reaches('live');
    client.close();
    expect(client.status).toEqual({ state: 'closed' });
    await eventually(() => !line.isOpen());
    expect(server.count(transport)).toBe(1);
  });
});

describe('a client', () => {
  it('waits a time drawn from a range that doubles, up to its end', async () => {
    server.refuse.sse = problem(502);
    const client = server.client({ transports: ['sse'], retryBaseMs: 4, retryMaxMs: 16 });
    await eventually(() =>
      expect(client.statuses.filter(({ state }) => state === 'waiting').length).toBeGreaterThan(8),
    );
    const waits = client.statuses.filter(({ state }) => state === 'waiting').map(({ retryInMs }) => retryInMs ?? NaN);
    expect(waits.every((waitMs, retry) => waitMs >= 0 && waitMs <= Math.min(16, 4 * 2 ** retry))).toBe(true);
    expect(new Set(waits).size).toBeGreaterThan(4);
  });

  it.each([-1, 0, NaN, Infinity, 2 ** 31, undefined as never])('takes no wait and no queue of %p', (value) => {
    expect(() => server.client({ retryBaseMs: value })).toThrow(new TypeError(`retryBaseMs ${value}`));
    expect(() => server.client({ climbAfterMs: value })).toThrow(new TypeError(`climbAfterMs ${value}`));
    expect(() => server.client({ maxQueuedRequests: value })).toThrow(new TypeError(`maxQueuedRequests ${value}`));
  });

  it('says that it needs a url where there is no page', () => {
    expect(() => new PushClient({ token: () => 'token-1' })).toThrow('url is needed outside of a browser');
  });

  it('says of a line that broke no more than it knows', async () => {
    const client = server.client({ transports: ['sse'], retryBaseMs: 1e9, retryMaxMs: 1e9 });
    (await server.line()).cut();
    expect((await client.reaches('waiting')).error?.message).toBe('disconnected');
  });

  it('waits at least as long as Retry-After says', async () => {
    server.refuse.sse = problem(503, { 'retry-after': '1' });
    const client = server.client({ transports: ['sse'] });
    const { retryInMs, error } = await client.reaches('waiting');
    expect(retryInMs).toBeGreaterThanOrEqual(1000);
    expect(error?.message).toContain('503 no');
  });

  it('learns from the handshake why an upgrade was refused', async () => {
    server.refuse.ws = (_asked, response) => response.writeHead(429);
    server.refuse.handshake = problem(429, { 'retry-after': new Date(Date.now() + 5_000).toUTCString() });
    const client = server.client();
    const { retryInMs } = await client.reaches('waiting');
    expect(retryInMs).toBeGreaterThan(3_000);
    expect(server.count('sse')).toBe(0);
  });

  it.each([400, 403])('stays away when the handshake is refused with %i', async (status) => {
    server.refuse.ws = (_asked, response) => response.writeHead(status);
    server.refuse.handshake = problem(status);
    const { error } = await server.client().reaches('closed');
    expect(error).toMatchObject({ code: 'refused' });
  });

  it('comes back to ws with a fresh token when that was what was wrong', async () => {
    let count = 0;
    const isOld = (token: string): boolean => token === 'token-1';
    const refuseOld = server.refuse;
    refuseOld.ws = (_asked, response) => response.writeHead(401);
    refuseOld.handshake = (asked, response) => {
      if (isOld(asked.token)) return problem(401)(asked, response);
      delete refuseOld.ws;
      response.writeHead(204).end();
    };
    const client = server.client({ token: () => `token-${++count}` });
    await client.reaches('live', 'ws');
    expect(server.count('sse')).toBe(0);
    expect(count).toBe(2);
  });

  it('gives up waiting for a token after the time that a transport has, and asks again', async () => {
    let count = 0;
    const token = (): Promise<string> => (++count === 1 ? new Promise(() => {}) : Promise.resolve('token-2'));
    const client = server.client({ token, openTimeoutMs: 100 });
    await client.reaches('live', 'ws');
    expect(client.statuses.find(({ state }) => state === 'waiting')?.error).toMatchObject({ code: 'token_failed' });
    expect(count).toBe(2);
    // It was not the transport that failed.
    expect(server.count('sse')).toBe(0);
  });

  it.each(['<!doctype html>\n<title>Sign in</title>', ''])('takes %j for no token, and asks again', async (text) => {
    let count = 0;
    const client = server.client({ token: () => (++count === 1 ? text : 'token-2') });
    await client.reaches('live', 'ws');
    expect(client.statuses.find(({ state }) => state === 'waiting')?.error).toMatchObject({ code: 'token_failed' });
  });

  it('asks once for a fresh token, however often it is told that the old one ends', async () => {
    let count = 0;
    const client = server.client({
      transports: ['ws'],
      token: () => (++count === 1 ? 'token-1' : new Promise<string>(() => {})),
    });
    const line = await server.line();
    for (const number of [1, 2, 3]) {
      line.send({ event: 'push:expiring', data: { at: '2026-01-01T00:00:00.000Z' } });
      line.send(note(number));
    }
    await eventually(() => expect(client.ids).toHaveLength(3));
    expect(count).toBe(2);
  });

  it('asks for a fresh token once for a 401, then waits', async () => {
    server.refuse.sse = problem(401);
    let count = 0;
    const client = server.client({
      transports: ['sse'],
      token: () => `token-${++count}`,
      retryBaseMs: 1e9,
      retryMaxMs: 1e9,
    });
    await client.reaches('waiting');
    expect(server.asked.map(({ token }) => token)).toEqual(['token-1', 'token-2']);
  });

  it('falls back to sse, then to polling, and finds its way back up', async () => {
    server.refuse.ws = (_asked, response) => response.writeHead(502);
    server.refuse.sse = problem(404);
    const client = server.client({ climbAfterMs: 40 });
    await client.reaches('live', 'poll');
    delete server.refuse.sse;
    await client.reaches('live', 'sse');
    delete server.refuse.ws;
    await client.reaches('live', 'ws');
    await eventually(() => expect(server.lines.map((line) => line.isOpen())).toEqual([false, true]));
    // It was never away while it changed.
    const states = client.statuses.map(({ state, transport }) => `${state} ${transport ?? ''}`);
    expect(states.slice(-3)).toEqual(['live poll', 'live sse', 'live ws']);
  });

  const reset: Answer = (_asked, response) => void response.destroy();
  const gatewayFails =
    (status: number): Answer =>
    (_asked, response) =>
      void response.writeHead(status, { 'content-type': 'text/html' }).end('<title>Gateway</title>');

  it.each([
    ['resets', reset],
    ['answers with 502', gatewayFails(502)],
    ['answers with 503', gatewayFails(503)],
    ['answers with 504', gatewayFails(504)],
  ])('falls back where something on the way %s, and finds its way back up', async (_what, answer) => {
    server.refuse.sse = answer;
    const client = server.client({ transports: ['sse', 'poll'], climbAfterMs: 40 });
    await client.reaches('live', 'poll');
    // Once or twice it may have been chance, or a server that starts anew.
    expect(client.statuses.filter(({ state }) => state === 'waiting')).toHaveLength(2);
    delete server.refuse.sse;
    await client.reaches('live', 'sse');
  });

  it.each([
    ['resets', reset],
    ['answers with 502', gatewayFails(502)],
  ])('stays on its transport while everything %s, for it is the server that is away', async (_what, answer) => {
    server.refuse.sse = server.refuse.poll = server.refuse.handshake = answer;
    const client = server.client({ transports: ['sse', 'poll'] });
    await eventually(() => expect(server.count('handshake')).toBeGreaterThan(5));
    delete server.refuse.sse;
    await client.reaches('live', 'sse');
    expect(server.count('poll')).toBe(0);
  });

  it('stays on its transport when the server itself says that it cannot serve now', async () => {
    server.refuse.sse = problem(503);
    const client = server.client({ transports: ['sse', 'poll'] });
    await eventually(() => expect(server.count('sse')).toBeGreaterThan(5));
    delete server.refuse.sse;
    await client.reaches('live', 'sse');
    expect(server.asked.map(({ route }) => route)).not.toContain('handshake');
  });

  it('begins anew with the best transport where even the last does not get through', async () => {
    server.refuse.sse = server.refuse.poll = reset;
    const client = server.client({ transports: ['sse', 'poll'] });
    await eventually(() => expect(server.count('poll')).toBeGreaterThan(2));
    expect(client.statuses.findLast(({ state }) => state === 'waiting')?.error).toMatchObject({
      code: 'disconnected',
      cause: { message: 'fetch failed' },
    });
    delete server.refuse.sse;
    await client.reaches('live', 'sse');
  });

  it('falls back where something on the way forbids, and stays away only when the server itself does', async () => {
    const forbid: Answer = (_asked, response) =>
      void response.writeHead(403, { 'content-type': 'text/html' }).end('<title>Sign in to this network</title>');
    server.refuse.ws = (_asked, response) => response.writeHead(403);
    server.refuse.handshake = server.refuse.sse = server.refuse.poll = forbid;
    const client = server.client();
    await client.reaches('waiting');
    const course = client.statuses.map(({ state, transport }) => transport ?? state);
    expect(course.slice(0, 4)).toEqual(['ws', 'sse', 'poll', 'waiting']);
    for (const route of ['ws', 'handshake', 'sse', 'poll'] as const) delete server.refuse[route];
    await client.reaches('live');
  });

  it('says a frame again whose stream the server no longer knew, and does not take it for a refusal', async () => {
    const client = server.client({ transports: ['sse'] });
    await client.reaches('live');
    let posts = 0;
    server.refuse.upstream = (asked, response) => {
      if (++posts > 1) return json(response, 200, { event: 'push:ok', data: { group: 'room:1' } });
      const detail = 'Push-Connection names no stream of yours';
      const data = { code: 'forbidden', title: 'Forbidden', status: 403, detail, retryable: false };
      json(response, 403, { event: 'push:error', data, ref: asked.frame?.ref });
    };
    await expect(client.join('room:1')).resolves.toBeUndefined();
    expect(server.lines).toHaveLength(2);
    server.lines[1]!.cut();
    await server.line(2);
    expect(server.asked.findLast(({ route }) => route === 'sse')?.query.get('groups')).toBe('room:1');
  });

  it('falls back when a stream is held back on its way', async () => {
    server.refuse.sse = (_asked, response) => void response.writeHead(200, { 'content-type': 'text/event-stream' });
    const client = server.client({ transports: ['sse', 'poll'], openTimeoutMs: 50 });
    expect(await client.reaches('live', 'poll')).toEqual({ state: 'live', transport: 'poll' });
  });

  it('does without ws where there is no WebSocket', async () => {
    const client = server.client({ WebSocket: undefined as never });
    await client.reaches('live');
    expect(client.status.transport).toBe('WebSocket' in globalThis ? 'ws' : 'sse');
  });

  it('sends what waited, once it is live', async () => {
    server.refuse.sse = problem(502);
    const client = server.client({ transports: ['sse'] });
    const reply = client.request('a', 1);
    await client.reaches('waiting');
    delete server.refuse.sse;
    await expect(reply).resolves.toEqual({ echo: 1 });
  });

  it('rejects what does not fit the queue', async () => {
    server.refuse.sse = problem(502);
    const client = server.client({ transports: ['sse'], maxQueuedRequests: 2 });
    const outcomes = Promise.allSettled([client.request('a'), client.request('b')]);
    await expect(client.request('c')).rejects.toMatchObject({ code: 'queue_full' });
    client.close();
    expect(await outcomes).toMatchObject([{ reason: { code: 'closed' } }, { reason: { code: 'closed' } }]);
  });

  it('does not say again what may have been carried out', async () => {
    server.reply = () => undefined;
    const client = server.client({ transports: ['ws'] });
    await client.reaches('live');
    const outcome = client.request('pay').catch((error: unknown) => error);
    await eventually(() => expect(server.lines[0]?.frames).toHaveLength(1));
    server.lines[0]!.cut();
    expect(await outcome).toMatchObject({ code: 'unknown_outcome' });
    expect((await server.line(1)).frames).toEqual([]);
  });

  it('rejects a frame for which the server would close the connection', async () => {
    server.welcome = { maxFrameBytes: 100 };
    const client = server.client({ transports: ['ws'] });
    await expect(client.request('a', 'ü'.repeat(60))).rejects.toMatchObject({ code: 'frame_too_big' });
    await expect(client.request('a', 'small')).resolves.toEqual({ echo: 'small' });
  });

  it('lets no listener stop another', async () => {
    const client = server.client({ transports: ['sse'] });
    const seen: unknown[] = [];
    const off = client.on('other', () => seen.push('off'));
    client.once('other', (data) => seen.push(data));
    client.on('other', (data) => seen.push(data));
    off();
    const line = await server.line();
    line.send({ event: 'other', data: 1 });
    line.send({ event: 'other', data: 2 });
    await eventually(() => expect(seen).toEqual([1, 1, 2]));
  });

  it('leaves a join alone that nobody catches', async () => {
    server.reply = ({ ref = '' }) => ({ event: 'push:error', data: { code: 'forbidden', status: 403 }, ref });
    const client = server.client({ transports: ['ws'] });
    await expect(client.join('staff')).rejects.toMatchObject({ code: 'forbidden', status: 403 });
    void client.join('staff');
    await client.request('settled').catch(() => {});
    server.lines[0]!.cut();
    await server.line(1);
    expect(server.asked.at(-1)?.query.get('groups')).toBeNull();
  });
});

describe('a client on poll', () => {
  it('joins by asking anew at once, and learns what was refused', async () => {
    const client = server.client({ transports: ['poll'] });
    await client.reaches('live');
    await client.join('room:1');
    server.refuse.poll = (asked, response) => {
      if (asked.query.get('wait') !== '0') return;
      const data = { code: 'forbidden', status: 403, detail: 'the group staff' };
      json(response, 200, { messages: [{ event: 'push:error', data }], cursor: 'p', more: false });
    };
    await expect(client.join('staff')).rejects.toMatchObject({ code: 'forbidden' });
    // Those that wait are cut short, and may reach the server after the one that follows them.
    const polls = server.asked.filter(({ route, query }) => route === 'poll' && query.get('wait') === '0');
    expect(polls.slice(0, 3).map(({ query }) => query.get('groups'))).toEqual([null, 'room:1', 'room:1,staff']);
    expect(server.count('upstream')).toBe(0);
  });

  it('polls on from the cursor of each answer', async () => {
    let answers = 0;
    server.refuse.poll = (_asked, response) => {
      if (++answers < 4) json(response, 200, { messages: [note(answers)], cursor: `p-${answers}`, more: false });
    };
    const client = server.client({ transports: ['poll'] });
    await eventually(() => expect(answers).toBe(4));
    expect(client.ids).toEqual(['m-1', 'm-2', 'm-3']);
    expect(server.asked.map(({ query }) => query.get('cursor'))).toEqual([null, 'p-1', 'p-2', 'p-3']);
    expect(server.asked.map(({ query }) => query.get('wait'))).toEqual(['0', '25', '25', '25']);
  });

  it('waits when a draining server says so', async () => {
    server.refuse.poll = (_asked, response) => {
      const messages = [{ event: 'push:draining', data: { reconnectInMs: 12_345 } }];
      json(response, 200, { messages, cursor: 'p', more: false });
    };
    const client = server.client({ transports: ['poll'] });
    expect((await client.reaches('waiting')).retryInMs).toBe(12_345);
    expect(server.count('poll')).toBe(1);
  });

  it('takes a pause when answers without messages come too fast', async () => {
    server.refuse.poll = (_asked, response) => json(response, 200, { messages: [], cursor: 'p', more: false });
    const client = server.client({ transports: ['poll'], retryBaseMs: 1e9, retryMaxMs: 1e9 });
    await client.reaches('waiting');
    expect(server.count('poll')).toBe(2);
  });

  it('sends frames by POST without naming a connection', async () => {
    const client = server.client({ transports: ['poll'] });
    await expect(client.request('a', 1)).resolves.toEqual({ echo: 1 });
    expect(server.asked.find(({ route }) => route === 'upstream')?.headers['push-connection']).toBeUndefined();
  });

  it('rejects a request that was refused as a whole', async () => {
    server.refuse.upstream = problem(429, { 'retry-after': '3' });
    const client = server.client({ transports: ['poll'] });
    await expect(client.request('a')).rejects.toMatchObject({
      status: 429,
      code: 'code_429',
      retryable: true,
      retryAfterMs: 3000,
    });
  });
});
