import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ask } from '../support/http-request.js';
import { PLATFORMS, PushApp } from '../support/push-app.js';
import { SseClient } from '../support/sse-client.js';
import { bearer, signToken } from '../support/tokens.js';
import { WsClient } from '../support/ws-client.js';

let app: PushApp;

async function ticketOf(token = signToken()): Promise<string> {
  const { status, headers, text } = await ask(`${app.origin}/push/ticket`, { method: 'POST', headers: bearer(token) });
  expect([status, headers['cache-control']]).toEqual([200, 'no-store']);
  const { ticket, expiresIn } = JSON.parse(text) as { readonly ticket: string; readonly expiresIn: number };
  expect(expiresIn).toBe(30);
  return ticket;
}

async function statusOf(path: string, headers: Readonly<Record<string, string>> = {}): Promise<number> {
  return (await ask(app.origin + path, { headers, onlyHead: true })).status;
}

async function connections(): Promise<unknown> {
  return (await app.push.stats()).connections;
}

describe.each(PLATFORMS)('a ticket on %s', (platform) => {
  beforeEach(async () => {
    app = await PushApp.start({ platform, push: { origins: ['https://shop.example'], maxPerUser: 2 } });
  });
  afterEach(() => app.close());

  it('opens one event stream as its user, once', async () => {
    const ticket = await ticketOf(signToken({ sub: '9', groups: ['vip'] }));
    const client = await SseClient.open(`${app.origin}/push/sse?ticket=${ticket}`);
    expect(await client.next('push:welcome')).toMatchObject({ data: { userId: '9', groups: ['vip'] } });
    expect(await statusOf(`/push/sse?ticket=${ticket}`)).toBe(401);
    client.close();
  });

  it('opens a poll and a WebSocket', async () => {
    expect(await statusOf(`/push/poll?wait=0&ticket=${await ticketOf()}`)).toBe(200);
    const socket = await WsClient.connect(`${app.wsUrl}?ticket=${await ticketOf()}`, {});
    expect(await socket.next('push:welcome')).toMatchObject({ data: { userId: '7' } });
    socket.socket.terminate();
  });

  it('is not spent by a dry run, nor by a refusal that says to come back', async () => {
    const ticket = await ticketOf();
    expect(await statusOf(`/push/handshake?ticket=${ticket}`)).toBe(204);
    const others = [await app.connect(), await app.connect()];
    expect(await statusOf(`/push/poll?wait=0&ticket=${ticket}`)).toBe(429);
    for (const { socket } of others) socket.terminate();
    for (let status = 0; status !== 200;) status = await statusOf(`/push/poll?wait=0&ticket=${ticket}`);
  });

  it('is given to a user who has no room for a connection, and refused where it is used', async () => {
    const others = [await app.connect(), await app.connect()];
    const ticket = await ticketOf();
    expect(await statusOf('/push/handshake', bearer(signToken()))).toBe(429);
    expect(await statusOf(`/push/poll?wait=0&ticket=${ticket}`)).toBe(429);
    for (const { socket } of others) socket.terminate();
  });

  it('does not stand before a token of the header', async () => {
    const ticket = await ticketOf();
    expect(await statusOf(`/push/poll?wait=0&ticket=${ticket}`, bearer('nobody'))).toBe(401);
    expect(await statusOf(`/push/poll?wait=0&ticket=${ticket}`)).toBe(200);
  });

  it('ends with the token that it was issued for', async () => {
    const ticket = await ticketOf(signToken({ jti: 't1' }));
    await app.push.revoke({ jti: 't1' });
    expect(await statusOf(`/push/poll?wait=0&ticket=${ticket}`)).toBe(401);
  });

  it('buys no other ticket and sends no frame', async () => {
    const ticket = await ticketOf();
    for (const path of ['ticket', 'upstream']) {
      const { status } = await ask(`${app.origin}/push/${path}?ticket=${ticket}`, { method: 'POST' });
      expect([path, status]).toEqual([path, 401]);
    }
  });

  it.each([
    ['no JSON', { 'content-type': 'application/json' }, '{'],
    ['in another charset', { 'content-type': 'application/json; charset=latin1' }, '{}'],
    ['compressed as it is not', { 'content-type': 'application/json', 'content-encoding': 'gzip' }, 'xx'],
    ['long', { 'content-type': 'application/json' }, JSON.stringify('x'.repeat(200_000))],
  ])('is given or refused whatever the body is: %s', async (_what, headers, body) => {
    const order = async (more: Readonly<Record<string, string>>) => {
      const answer = await ask(`${app.origin}/push/ticket`, { method: 'POST', headers: { ...headers, ...more }, body });
      return [answer.status, answer.headers['access-control-allow-origin']];
    };
    const token = bearer(signToken());
    expect(await order({ ...token, origin: 'https://shop.example' })).toEqual([200, 'https://shop.example']);
    expect(await order({ origin: 'https://shop.example' })).toEqual([401, 'https://shop.example']);
    expect(await order({ ...token, origin: 'https://evil.example' })).toEqual([403, undefined]);
  });

  it('is given to nobody without a token', async () => {
    const { status, headers } = await ask(`${app.origin}/push/ticket`, { method: 'POST' });
    expect([status, headers['www-authenticate']]).toEqual([401, 'Bearer']);
  });
});

describe.each(PLATFORMS)('a dry run of the handshake on %s', (platform) => {
  beforeEach(async () => {
    app = await PushApp.start({ platform, push: { origins: ['https://shop.example'], maxPerUser: 1 } });
  });
  afterEach(() => app.close());

  it('answers 204 without a body and takes no place', async () => {
    const { status, text } = await ask(`${app.origin}/push/handshake`, { headers: bearer(signToken()) });
    expect([status, text]).toEqual([204, '']);
    const many = Array.from({ length: 5 }, () => statusOf('/push/handshake', bearer(signToken())));
    expect(await Promise.all(many)).toEqual([204, 204, 204, 204, 204]);
    expect(await connections()).toEqual({ ws: 0, sse: 0, poll: 0 });
  });

  it.each([
    ['without a token', {}, 401],
    ['with a bad token', bearer('nobody'), 401],
    ['from another origin', { ...bearer(signToken()), origin: 'https://evil.example' }, 403],
  ])('%s answers as a connection would be', async (_what, headers, status) => {
    expect(await statusOf('/push/handshake', headers)).toBe(status);
  });

  it('tells of a cursor that is too long and of too many connections', async () => {
    expect(await statusOf(`/push/handshake?cursor=${'x'.repeat(1_025)}`, bearer(signToken()))).toBe(400);
    await app.connect();
    expect(await statusOf('/push/handshake', bearer(signToken()))).toBe(429);
  });
});

describe.each(PLATFORMS)('a HEAD on %s', (platform) => {
  it.each(['ws', 'sse', 'poll', 'handshake'])('of %s opens nothing', async (path) => {
    app = await PushApp.start({ platform });
    const url = `${app.origin}/push/${path}`;
    const { status, headers } = await ask(url, { method: 'HEAD', headers: bearer(signToken()) });
    expect([status, headers.allow]).toEqual([405, 'GET']);
    expect(await connections()).toEqual({ ws: 0, sse: 0, poll: 0 });
    await app.close();
  });
});
