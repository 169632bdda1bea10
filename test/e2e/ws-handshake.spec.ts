import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import type { PushModuleExtras, PushModuleOptions } from '../../src/push-options.interface.js';
import { eventually } from '../support/eventually.js';
import { PLATFORMS, PushApp } from '../support/push-app.js';
import { RawClient, handshake, handshakeOf } from '../support/raw-client.js';
import type { RawHandshake } from '../support/raw-client.js';
import { signToken } from '../support/tokens.js';

/** What a refusal must be. */
interface ExpectedRefusal {
  readonly status: number;
  readonly code: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const REFUSALS = {
  draining: { status: 503, code: 'draining', headers: { 'retry-after': '1' } },
  malformed: { status: 400, code: 'malformed' },
  method: { status: 405, code: 'method_not_allowed', headers: { allow: 'GET' } },
  version: {
    status: 426,
    code: 'unsupported_version',
    headers: { upgrade: 'websocket', 'sec-websocket-version': '13' },
  },
  origin: { status: 403, code: 'origin_not_allowed' },
  serverFull: { status: 503, code: 'server_full', headers: { 'retry-after': '5' } },
  addressLimit: { status: 429, code: 'address_limit', headers: { 'retry-after': '5' } },
  noToken: { status: 401, code: 'unauthorized', headers: { 'www-authenticate': 'Bearer' } },
  badToken: {
    status: 401,
    code: 'unauthorized',
    headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
  },
  userLimit: { status: 429, code: 'user_limit', headers: { 'retry-after': '5' } },
  unavailable: { status: 503, code: 'unavailable', headers: { 'retry-after': '5' } },
  notFound: { status: 404, code: 'not_found' },
} as const satisfies Record<string, ExpectedRefusal>;

let app: PushApp;
let clients: RawClient[];

beforeEach(() => {
  clients = [];
});
afterEach(async () => {
  for (const client of clients) client.destroy();
  await app.close();
});

/** Sends a request without waiting for the answer. */
async function ask(request: string): Promise<RawClient> {
  const client = await RawClient.connect(app.port);
  clients.push(client);
  client.write(request);
  return client;
}

/** Holds a refusal and what becomes of its socket against what it must be. */
async function expectRefusal(client: RawClient, { status, code, headers = {} }: ExpectedRefusal): Promise<void> {
  const response = await client.response();
  expect(response.status).toBe(status);
  expect(response.headers).toMatchObject({
    connection: 'close',
    'content-type': 'application/problem+json; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  const problem = JSON.parse(response.body) as Record<string, unknown>;
  expect(problem).toMatchObject({ status, code, statusCode: status });
  for (const member of ['type', 'title', 'detail', 'message', 'error']) {
    expect(problem[member]).toEqual(expect.stringMatching(/./));
  }
  await client.end();
}

describe.each(PLATFORMS)('a handshake on %s', (platform) => {
  async function start(push: PushModuleOptions & PushModuleExtras = {}): Promise<void> {
    app = await PushApp.start({ platform, push });
  }

  describe('that is in order', () => {
    beforeEach(() => start());

    it('gets 101 and the welcome', async () => {
      const client = await ask(handshakeOf('7'));
      expect(await client.response()).toEqual({
        status: 101,
        headers: {
          upgrade: 'websocket',
          connection: 'Upgrade',
          'sec-websocket-accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
        },
        body: '',
      });
      expect(await client.nextEnvelope('push:welcome')).toMatchObject({ data: { userId: '7', transport: 'ws' } });
    });

    it('may write names and values of its headers as RFC 9110 lets it', async () => {
      const client = await ask(
        handshakeOf('7', { headers: { Upgrade: 'WebSocket', Connection: 'keep-alive, upgrade', Host: 'any.example' } }),
      );
      expect((await client.response()).status).toBe(101);
    });

    it('may come one byte at a time, and nobody waits for it', async () => {
      const bystander = await app.connect('8');
      const client = await ask('');
      for (const byte of handshakeOf('7')) {
        client.write(byte);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await bystander.settled();
      expect((await client.response()).status).toBe(101);
    });

    it('gets no compression and no unknown subprotocol', async () => {
      const headers = {
        'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits, constructor; __proto__=1, ;;,',
        'Sec-WebSocket-Protocol': 'graphql-ws, constructor',
      };
      const { status, headers: answered } = await (await ask(handshakeOf('7', { headers }))).response();
      expect(status).toBe(101);
      expect(answered).not.toHaveProperty('sec-websocket-extensions');
      expect(answered).not.toHaveProperty('sec-websocket-protocol');
    });
  });

  describe('that is malformed', () => {
    beforeEach(() => start());

    it.each<[string, RawHandshake]>([
      ['no Host', { headers: { Host: undefined } }],
      ['no key', { headers: { 'Sec-WebSocket-Key': undefined } }],
      ['an empty key', { headers: { 'Sec-WebSocket-Key': '' } }],
      ['a key of 15 bytes', { headers: { 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAA' } }],
      ['a key that is no base64', { headers: { 'Sec-WebSocket-Key': '!!!!!!!!!!!!!!!!!!!!!!==' } }],
      ['two keys', { headers: { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' } }],
      ['a subprotocol twice', { headers: { 'Sec-WebSocket-Protocol': 'push.v1, push.v1' } }],
      ['a hole in the list of subprotocols', { headers: { 'Sec-WebSocket-Protocol': 'push.v1,,x' } }],
      ['a subprotocol that is no name', { headers: { 'Sec-WebSocket-Protocol': 'push v1' } }],
      ['an empty list of subprotocols', { headers: { 'Sec-WebSocket-Protocol': '' } }],
      ['a cursor past 1 KB', { target: `/push/ws?cursor=${'x'.repeat(1_025)}` }],
    ])('by %s is refused with 400', async (_what, request) => {
      await expectRefusal(await ask(handshakeOf('7', request)), REFUSALS.malformed);
    });

    it.each(['POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS'])('by the method %s is refused with 405', async (method) => {
      await expectRefusal(await ask(handshakeOf('7', { method, headers: { 'Content-Length': '0' } })), REFUSALS.method);
    });

    it.each(['8', '0', '14', '013', '13, 13', '', undefined])(
      'by WebSocket version %p is refused with 426',
      async (version) => {
        const headers = { 'Sec-WebSocket-Version': version };
        await expectRefusal(await ask(handshakeOf('7', { headers })), REFUSALS.version);
      },
    );

    it('by a cursor past 1 KB and another version is refused with 400', async () => {
      const target = `/push/ws?cursor=${'x'.repeat(1_025)}`;
      const request = handshakeOf('7', { target, headers: { 'Sec-WebSocket-Version': '12' } });
      await expectRefusal(await ask(request), REFUSALS.malformed);
    });

    it.each([
      ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'],
      ['a header without a name', 'GET /push/ws HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n'],
      ['a NUL in a header', handshakeOf('7', { headers: { 'X-Nul': 'a\0b' } })],
    ])('by %s is refused by the HTTP server', async (_what, request) => {
      const client = await ask(request);
      expect((await client.response()).status).toBe(400);
      await client.end();
    });

    it('by headers of 64 KB is refused with 431', async () => {
      const client = await ask(handshakeOf('7', { headers: { 'X-Long': 'x'.repeat(65_536) } }));
      expect((await client.response()).status).toBe(431);
      await client.end();
    });

    it('by 2,000 headers before its own is answered as far as it was read', async () => {
      const [requestLine = '', ...own] = handshakeOf('7').split('\r\n');
      const client = await ask([requestLine, ...Array<string>(2_000).fill('a:'), ...own].join('\r\n'));
      expect([400, 426, 431]).toContain((await client.response()).status);
    });

    it('by nothing but 2,000 headers behind its own is let in, or refused by a Node that counts them', async () => {
      const own = handshakeOf('7').trimEnd();
      const client = await ask([own, ...Array<string>(2_000).fill('a:'), '', ''].join('\r\n'));
      // Node 22.23.2 and 24.18.1 refuse more headers than they read; before, they read no further.
      expect([101, 431]).toContain((await client.response()).status);
    });
  });

  it('from a foreign origin is refused with 403', async () => {
    await start({ origins: ['https://shop.example'] });
    const headers = { Origin: 'https://evil.example' };
    await expectRefusal(await ask(handshakeOf('7', { headers })), REFUSALS.origin);
  });

  it('past maxConnections is refused with 503, until a connection ends', async () => {
    await start({ maxConnections: 2 });
    const [first] = [await app.connect('1'), await app.connect('2')];
    await expectRefusal(await ask(handshakeOf('3')), REFUSALS.serverFull);

    await first.close();

    await eventually(async () => (await (await ask(handshakeOf('3'))).response()).status === 101);
  });

  it('past maxPerIp is refused with 429, until a connection of the address ends', async () => {
    await start({ maxPerIp: 2 });
    const [first] = [await app.connect('1'), await app.connect('2')];
    await expectRefusal(await ask(handshakeOf('3')), REFUSALS.addressLimit);

    await first.close();

    await eventually(async () => (await (await ask(handshakeOf('3'))).response()).status === 101);
  });

  it('past maxPerIp is refused whatever the client says of its address', async () => {
    await start({ maxPerIp: 1 });
    await app.connect('1');
    const headers = { 'X-Forwarded-For': '192.0.2.7', Forwarded: 'for=192.0.2.7', 'X-Real-IP': '192.0.2.7' };
    await expectRefusal(await ask(handshakeOf('2', { headers })), REFUSALS.addressLimit);
  });

  it('past maxPerIp goes by the address that a trusted proxy says', async () => {
    await start({ maxPerIp: 1, trustProxy: 1 });
    const from = (address: string) => ask(handshakeOf('7', { headers: { 'X-Forwarded-For': address } }));
    expect((await (await from('192.0.2.7')).response()).status).toBe(101);
    expect((await (await from('192.0.2.8')).response()).status).toBe(101);
    await expectRefusal(await from('192.0.2.7'), REFUSALS.addressLimit);
  });

  it('without a token is refused with 401', async () => {
    await start();
    await expectRefusal(await ask(handshake()), REFUSALS.noToken);
  });

  it('with a token that is not good is refused with 401', async () => {
    await start();
    const headers = { Authorization: 'Bearer a.b.c' };
    await expectRefusal(await ask(handshake({ headers })), REFUSALS.badToken);
  });

  it('past maxPerUser is refused with 429, until a connection of the user ends, and others are not', async () => {
    await start({ maxPerUser: 2 });
    const [first] = [await app.connect('7'), await app.connect('7')];
    await expectRefusal(await ask(handshakeOf('7')), REFUSALS.userLimit);
    expect((await (await ask(handshakeOf('8'))).response()).status).toBe(101);

    await first.close();

    await eventually(async () => (await (await ask(handshakeOf('7'))).response()).status === 101);
  });

  describe('with several faults', () => {
    const noVersion = { 'Sec-WebSocket-Version': '8' };
    const foreign = { Origin: 'https://evil.example' };
    const expired = { Authorization: `Bearer ${signToken({ sub: '7' }, { expiresInSeconds: -60 })}` };
    const noKey = { 'Sec-WebSocket-Key': undefined };
    const everything = { ...noKey, ...noVersion, ...foreign, ...expired };
    const full = { maxConnections: 1, maxPerIp: 1, maxPerUser: 1 };

    it.each<[string, PushModuleOptions, Record<string, string | undefined>, ExpectedRefusal]>([
      ['malformed before version', full, everything, REFUSALS.malformed],
      ['version before origin', full, { ...noVersion, ...foreign, ...expired }, REFUSALS.version],
      ['origin before capacity', full, { ...foreign, ...expired }, REFUSALS.origin],
      ['capacity before address', full, expired, REFUSALS.serverFull],
      ['address before token', { ...full, maxConnections: 2 }, expired, REFUSALS.addressLimit],
      ['token before user', { maxPerUser: 1 }, expired, REFUSALS.badToken],
    ])('is refused for the first of them: %s', async (_order, push, headers, expected) => {
      await start(push);
      await app.connect('7');
      await expectRefusal(await ask(handshakeOf('7', { headers })), expected);
    });

    it('is refused for the first of them: draining before malformed', async () => {
      app = await PushApp.start({ platform, push: full, metadata: { providers: [SlowToEnd] } });
      const connected = await app.connect('7');
      const ending = app.app.get(SlowToEnd);
      const closed = app.close();
      await eventually(() => ending.hasBegun);

      await expectRefusal(await ask(handshakeOf('7', { headers: everything })), REFUSALS.draining);
      await connected.settled();

      ending.goOn();
      await closed;
    });
  });

  describe('for the wrong path', () => {
    it.each(['/', '/push', '/push/ws/', '/push/wsx', '/PUSH/WS', '/push/%77s', '//push/ws', '/push/ws;x', '*'])(
      'is refused with 404 where nobody owns it (%s)',
      async (target) => {
        await start();
        await expectRefusal(await ask(handshakeOf('7', { target })), REFUSALS.notFound);
      },
    );

    it('is refused with 404 before the token is looked at', async () => {
      await start();
      await expectRefusal(await ask(handshake({ target: '/push/other' })), REFUSALS.notFound);
    });

    it('finds the configured path, with any query, and no other', async () => {
      await start({ paths: { ws: '/live/updates' } });
      const client = await ask(handshakeOf('7', { target: '/live/updates?a=1&a=2&%zz' }));
      expect((await client.response()).status).toBe(101);
      await expectRefusal(await ask(handshakeOf('7')), REFUSALS.notFound);
    });

    it('leaves no socket behind', async () => {
      await start();
      const client = await ask(handshakeOf('7', { target: '/nowhere' }));
      await client.response();
      client.destroy();
      await eventually(async () => (await openSockets()) === 0);
    });
  });

  it('that asks for no upgrade gets 426', async () => {
    await start();
    const response = await fetch(`${app.origin}/push/ws`, { headers: { authorization: `Bearer ${signToken()}` } });
    expect(response.status).toBe(426);
    expect(response.headers.get('upgrade')).toBe('websocket');
    expect(response.headers.get('sec-websocket-version')).toBe('13');
    expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(await response.json()).toMatchObject({ status: 426, code: 'upgrade_required' });
  });

  it.each([
    ['HTTP/1.1', 'Connection: close\r\n'],
    ['HTTP/1.0', ''],
    ['HTTP/1.0', 'Connection: keep-alive\r\n'],
  ])('that asks for no upgrade in %s with %j is answered, and its socket ends', async (version, header) => {
    await start();
    const client = await ask(`GET /push/ws ${version}\r\nHost: a\r\n${header}\r\n`);
    expect((await client.response()).status).toBe(426);
    await client.end();
    await eventually(async () => (await openSockets()) === 0);
  });

  it('that asks for no upgrade keeps a socket that it is to keep', async () => {
    await start();
    const client = await ask('GET /push/ws HTTP/1.1\r\nHost: a\r\n\r\n');
    expect((await client.response()).headers['connection']).toBe('Upgrade');
    expect(await openSockets()).toBe(1);
  });

  it('that only began holds no place', async () => {
    await start({ maxConnections: 1, maxPendingHandshakes: 1, maxPerIp: 1 });
    const half = handshakeOf('7').slice(0, -4);
    for (let client = 0; client < 20; client++) await ask(half);
    await expect(app.connect('8')).resolves.toBeDefined();
  });

  it('survives clients that break off at any byte', async () => {
    await start();
    const bystander = await app.connect('8');
    for (const target of ['/push/ws', '/nowhere']) {
      const request = handshakeOf('7', { target });
      for (let length = 1; length <= request.length; length += 7) {
        (await ask(request.slice(0, length))).reset();
        (await ask(request.slice(0, length))).finish();
        (await ask(request)).reset();
      }
    }
    await app.push.toUser('8', 'e');
    expect(await bystander.next()).toMatchObject({ event: 'e' });
    for (const client of clients) client.destroy();
    await eventually(async () => !(await app.push.isOnline('7')));
  });
});

/** Keeps the application from ending until it is told to. */
@Injectable()
class SlowToEnd implements BeforeApplicationShutdown {
  hasBegun = false;
  goOn: () => void = () => {};
  private readonly mayEnd = new Promise<void>((resolve) => (this.goOn = resolve));

  beforeApplicationShutdown(): Promise<void> {
    this.hasBegun = true;
    return this.mayEnd;
  }
}

function openSockets(): Promise<number> {
  return new Promise((resolve, reject) => {
    app.server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
  });
}
