/** Attacks on the way in, at every door: the three transports, what belongs to them, and REST. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ask } from '../support/http-request.js';
import type { HttpAnswer } from '../support/http-request.js';
import { PLATFORMS } from '../support/push-app.js';
import { RawClient, handshake } from '../support/raw-client.js';
import type { RawResponse } from '../support/raw-client.js';
import { bearer, signToken, unsignedToken } from '../support/tokens.js';
import { AttackedApp } from './attacked-app.js';

/** How to knock without being held. */
const DOORS = {
  ws: { method: 'GET', path: '/push/ws' },
  sse: { method: 'GET', path: '/push/sse' },
  poll: { method: 'GET', path: '/push/poll?wait=0' },
  handshake: { method: 'GET', path: '/push/handshake' },
  ticket: { method: 'POST', path: '/push/ticket' },
  upstream: { method: 'POST', path: '/push/upstream', body: '{"event":"push:ping"}' },
  rest: { method: 'POST', path: '/push/users/7', body: '{"event":"a"}' },
} as const;
type Door = keyof typeof DOORS;
const doors = Object.keys(DOORS) as Door[];
/** REST has no origins: it takes no cookie, so another site has nothing to ride on. */
const pushDoors = doors.filter((door) => door !== 'rest');

const signed = () => `Authorization: Bearer ${signToken()}`;
const lengthOf = (body: string) => `\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
const soon = () => Math.floor(Date.now() / 1000) + 600;
const DEEP = `{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`;

const BAD_TOKENS: readonly (readonly [string, () => string])[] = [
  ['alg none', () => unsignedToken()],
  ['another algorithm than the allowed one', () => signToken({}, { header: { alg: 'HS512' } })],
  ['another secret', () => signToken({}, { secret: 'x'.repeat(32) })],
  ['an exp in the past', () => signToken({ exp: soon() - 700 })],
  ['an nbf to come', () => signToken({ nbf: soon() })],
  ['an iat to come', () => signToken({ iat: soon() })],
  ['no exp', () => signToken({ exp: undefined })],
  ['an exp past all numbers', () => signToken({ exp: Number.MAX_VALUE * 2 })],
  ['no sub', () => signToken({ sub: undefined })],
  ['an empty sub', () => signToken({ sub: '' })],
  ['a sub with a line break', () => signToken({ sub: 'a\r\nb' })],
  ['a sub that is a number', () => signToken({ sub: 7 })],
  ['the type of another kind of token', () => signToken({}, { header: { typ: 'logout+jwt' } })],
  ['an unknown crit', () => signToken({}, { header: { crit: ['x'] } })],
  ['8 KiB of claims', () => signToken({ pad: 'x'.repeat(8_192) })],
  ['claims 10,000 deep', () => `e30.${Buffer.from(DEEP).toString('base64url').slice(0, 8_000)}.x`],
  ['no token at all', () => 'a.b.c'],
];

describe.each(PLATFORMS)('whoever knocks on %s', (platform) => {
  let attacked: AttackedApp;

  beforeAll(async () => {
    attacked = await AttackedApp.start(platform, { auth: authWithCookie(), maxPerUser: 5 });
  });
  afterAll(() => attacked.stop());

  async function knockRaw(door: Door, version: string, more: string): Promise<RawResponse> {
    const { method, path, ...rest } = DOORS[door];
    const body = 'body' in rest ? rest.body : '';
    const head = handshake({ method, target: path }).replace('HTTP/1.1\r\n', `${version}\r\n${more}\r\n`);
    const plain = head.replace(/(Upgrade|Connection|Sec-\S+): .*\r\n/g, '').replace('\r\n', lengthOf(body));
    const client = await RawClient.connect(attacked.app.port);
    client.write(door === 'ws' ? head : plain + body);
    const answer = await client.response();
    client.destroy();
    return answer;
  }

  async function knock(door: Door, headers: Readonly<Record<string, string>> = {}, query = ''): Promise<HttpAnswer> {
    const { method, path, ...rest } = DOORS[door];
    const target = query === '' ? path : `${path}${path.includes('?') ? '&' : '?'}${query}`;
    if (door === 'ws') return upgrade(target, headers);
    const body = 'body' in rest ? { body: rest.body } : {};
    return ask(attacked.app.origin + target, {
      method,
      headers: { ...headers, ...('body' in rest && { 'content-type': 'application/json' }) },
      onlyHead: door === 'sse' && headers['authorization'] !== undefined && !headers['x-refused'],
      ...body,
    });
  }

  async function upgrade(target: string, headers: Readonly<Record<string, string>>): Promise<HttpAnswer> {
    const client = await RawClient.connect(attacked.app.port);
    client.write(handshake({ target, headers: { Host: `127.0.0.1:${attacked.app.port}`, ...headers } }));
    const { status, headers: answered, body } = await client.response();
    client.destroy();
    return { status, headers: answered, text: body };
  }

  describe.each(BAD_TOKENS)('with %s', (_what, tokenOf) => {
    it('gets 401 at every door, in the words that every other bad token gets there', async () => {
      for (const door of doors) {
        const token = tokenOf();
        const answer = await knock(door, { ...bearer(token), 'x-refused': '1' });
        const other = await knock(door, { ...bearer('not.a.token'), 'x-refused': '1' });
        expect([door, answer.status, answer.text]).toEqual([door, 401, other.text]);
        expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
        expect(answer.text).not.toContain(token.slice(0, 20));
      }
    });
  });

  it('with key ids that are paths, SQL or addresses gets the key that is configured and no other', async () => {
    for (const header of [
      { kid: '../../../etc/passwd' },
      { kid: "' OR 1=1 --" },
      { jku: 'http://127.0.0.1:9/' },
      { x5u: 'file:///dev/null' },
    ]) {
      const good = signToken({ sub: 'attacker' }, { header });
      const forged = signToken({ sub: 'attacker' }, { header, secret: '' });
      expect((await knock('handshake', bearer(good))).status).toBe(204);
      expect((await knock('handshake', bearer(forged))).status).toBe(401);
    }
  });

  it('with a token in the query gets 401 at every door, for that is off', async () => {
    for (const door of doors) {
      expect([door, (await knock(door, { 'x-refused': '1' }, `access_token=${signToken()}`)).status]).toEqual([
        door,
        401,
      ]);
    }
  });

  it.each([
    'https://evil-shop.example',
    'https://evilshop.example',
    'https://shop.example.evil',
    'https://shop.example:444',
    'http://shop.example',
    'https://shop.example@evil.example',
    'null',
    'file://',
    '',
  ])('from the origin %p gets 403 at every door, token or cookie', async (origin) => {
    for (const door of pushDoors) {
      for (const credential of [bearer(signToken()), { cookie: `push_token=${signToken()}` }]) {
        const answer = await knock(door, { ...credential, origin, 'sec-fetch-site': 'same-origin', 'x-refused': '1' });
        expect([door, answer.status]).toEqual([door, 403]);
        expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
      }
    }
  });

  it('with a cookie alone is let in from a listed origin, or on a GET of the page itself', async () => {
    const cookie = { cookie: `push_token=${signToken({ sub: 'cookie' })}` };
    const statuses = async (headers: Readonly<Record<string, string>>) => {
      const found: number[] = [];
      for (const door of ['poll', 'handshake', 'ticket', 'upstream', 'rest'] as const) {
        found.push((await knock(door, { ...cookie, ...headers })).status);
      }
      return found;
    };
    expect(await statuses({ origin: 'https://shop.example' })).toEqual([200, 204, 200, 200, 401]);
    expect(await statuses({ 'sec-fetch-site': 'same-origin' })).toEqual([200, 204, 401, 401, 401]);
    for (const site of ['same-site', 'cross-site', 'none']) {
      expect(await statuses({ 'sec-fetch-site': site })).toEqual([401, 401, 401, 401, 401]);
    }
    expect(await statuses({})).toEqual([401, 401, 401, 401, 401]);
  });

  it.each([
    'permessage-deflate; server_max_window_bits=__proto__',
    'constructor; prototype=1, toString',
    'permessage-deflate; client_max_window_bits="\\""; =;;,',
    `x;${'a=b;'.repeat(2_000)}`,
    'permessage-deflate',
  ])('offering the extension %j is let in without one', async (extensions) => {
    const answer = await knock('ws', {
      ...bearer(signToken()),
      'Sec-WebSocket-Extensions': extensions.slice(0, 8_000),
    });
    expect(answer.status).toBe(101);
    expect(answer.headers).not.toHaveProperty('sec-websocket-extensions');
  });

  it.each(['x'.repeat(16_000), `1.AAAAAAAA.0\u00e9${'\u00ff'.repeat(1_024)}`])(
    'with a last event id of 1 KB and more (%#) gets 400, and nothing of it back',
    async (id) => {
      const answer = await ask(`${attacked.app.origin}/push/sse`, {
        headers: { ...bearer(signToken()), 'last-event-id': id },
      });
      expect(answer.status).toBe(400);
      expect(JSON.stringify(answer)).not.toContain(id.slice(0, 40));
    },
  );

  it.each(['junk', '1.AAAAAAAA.0', '1.AAAAAAAA.zzzzzzzzzz', '<script>', '2.AAAAAAAA.0'])(
    'with the cursor %j of somebody else is told of a gap and gets nothing that is not theirs',
    async (cursor) => {
      await attacked.app.push.toUser('victim', 'secret', 1);
      const { text } = await ask(`${attacked.app.origin}/push/poll?wait=0&cursor=${encodeURIComponent(cursor)}`, {
        headers: bearer(signToken({ sub: 'attacker' })),
      });
      const { messages } = JSON.parse(text) as { messages: { event: string }[] };
      expect(messages.map(({ event }) => event)).toEqual(['push:gap']);
      expect(text).not.toContain('<script>');
    },
  );

  it('with many polls at a time gets 429 past the limit of the user', async () => {
    const polls = Array.from({ length: 40 }, () =>
      ask(`${attacked.app.origin}/push/poll?wait=2`, { headers: bearer(signToken({ sub: 'crowd' })) }),
    );
    const refused = (await Promise.all(polls)).filter(({ status }) => status === 429);
    expect(refused).toHaveLength(35);
    for (const { headers } of refused) expect(headers['retry-after']).toMatch(/^[1-9]\d*$/);
  });

  it('asking for a script or a page gets JSON that no browser takes for one', async () => {
    const headers = { ...bearer(signToken()), accept: 'application/javascript, text/html' };
    const poll = await knock('poll', headers, 'callback=alert&jsonp=alert');
    expect(poll.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
    expect(Object.keys(JSON.parse(poll.text) as object)).toEqual(['messages', 'cursor', 'more']);
    for (const door of doors) {
      const refused = await knock(door, { ...headers, authorization: 'Bearer x', 'x-refused': '1' }, 'callback=alert');
      expect(refused.headers).toMatchObject({
        'content-type': 'application/problem+json; charset=utf-8',
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
      });
    }
  });

  it.each(pushDoors)('naming two hosts gets 400: %s', async (door) => {
    const answer = await knockRaw(door, 'HTTP/1.1', `${signed()}\r\nHost: other.example`);
    expect([answer.status, answer.body]).toEqual([400, expect.stringContaining('more than one Host')]);
  });

  it('in HTTP/1.0 opens no WebSocket', async () => {
    const answer = await knockRaw('ws', 'HTTP/1.0', signed());
    expect([answer.status, answer.body]).toEqual([400, expect.stringContaining('HTTP/1.1')]);
  });

  it.each([
    'Transfer-Encoding: chunked\r\nContent-Length: 4',
    'Content-Length: 4\r\nContent-Length: 5',
    'Content-Length: +4',
    'Transfer-Encoding: xchunked',
    'Transfer-Encoding : chunked',
  ])('smuggling a second request by %j gets 400, and the second is not carried out', async (lengths) => {
    const client = await RawClient.connect(attacked.app.port);
    const smuggled = `POST /push/users/victim HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${signToken({ scope: 'push:send' })}\r\n`;
    client.write(`POST /push/upstream HTTP/1.1\r\nHost: x\r\n${lengths}\r\n\r\n0\r\n\r\n${smuggled}\r\n`);
    expect((await client.response()).status).toBe(400);
    await client.end();
    client.destroy();
  });
});

function authWithCookie() {
  const jwt = { secret: 'a-test-secret-of-32-bytes-length', algorithms: ['HS256' as const] };
  return { jwt, cookie: 'push_token' };
}
