import { createHmac, generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PushAuthenticator } from '../../src/auth/push-authenticator.js';
import type { PushModuleExtras, PushModuleOptions } from '../../src/push-options.interface.js';
import { PLATFORMS, PushApp } from '../support/push-app.js';
import { RawClient, handshake } from '../support/raw-client.js';
import type { RawHandshake, RawResponse } from '../support/raw-client.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { TEST_SECRET, signToken, unsignedToken } from '../support/tokens.js';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const rsaPem = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString();

class BrokenAuthenticator extends PushAuthenticator {
  override async authenticate(): Promise<never> {
    throw new Error('the issuer is away');
  }
}

let app: PushApp;
let clients: RawClient[];
let log: RecordingLogger;

beforeEach(() => {
  clients = [];
  log = new RecordingLogger();
});
afterEach(async () => {
  for (const client of clients) client.destroy();
  await app.close();
});

async function ask(request: RawHandshake): Promise<RawResponse> {
  const client = await RawClient.connect(app.port);
  clients.push(client);
  client.write(handshake(request));
  return client.response();
}

function askWith(headers: Record<string, string | undefined>): Promise<RawResponse> {
  return ask({ headers });
}

function withToken(token: string): Promise<RawResponse> {
  return askWith({ Authorization: `Bearer ${token}` });
}

/** HS384 over the same key: a good signature of an algorithm that is not on the list. */
function signedWithHs384(): string {
  const [, payload = ''] = signToken().split('.');
  const signed = `${Buffer.from('{"alg":"HS384","typ":"JWT"}').toString('base64url')}.${payload}`;
  return `${signed}.${createHmac('sha384', TEST_SECRET).update(signed).digest('base64url')}`;
}

describe.each(PLATFORMS)('the credentials of a handshake on %s', (platform) => {
  async function start(push: PushModuleOptions & PushModuleExtras = {}): Promise<void> {
    app = await PushApp.start({ platform, push, nest: { logger: log } });
  }

  describe('a token', () => {
    beforeEach(() => start());

    it.each([
      ['Authorization', () => ({ Authorization: `Bearer ${signToken()}` })],
      ['Authorization in lower case', () => ({ authorization: `bearer ${signToken()}` })],
      ['the list of subprotocols', () => ({ 'Sec-WebSocket-Protocol': `push.v1, bearer.${signToken()}` })],
      ['the list of subprotocols alone', () => ({ 'Sec-WebSocket-Protocol': `bearer.${signToken()}` })],
    ])('is found in %s', async (_where, headers) => {
      expect((await askWith(headers())).status).toBe(101);
    });

    it('is never echoed: of the subprotocols only push.v1 is', async () => {
      const token = signToken();
      const lists = [`push.v1, bearer.${token}`, `bearer.${token}, push.v1, x`, `bearer.${token}`];
      const answers = await Promise.all(lists.map((list) => askWith({ 'Sec-WebSocket-Protocol': list })));
      expect(answers.map(({ headers }) => headers['sec-websocket-protocol'])).toEqual([
        'push.v1',
        'push.v1',
        undefined,
      ]);
      expect(JSON.stringify(answers)).not.toContain(token);
    });

    it('in Authorization goes before one in the list of subprotocols', async () => {
      const subprotocol = `push.v1, bearer.${signToken()}`;
      const headers = { Authorization: 'Bearer a.b.c', 'Sec-WebSocket-Protocol': subprotocol };
      expect((await askWith(headers)).status).toBe(401);
    });

    it.each<[string, Record<string, string | undefined>]>([
      ['none at all', {}],
      ['another scheme', { Authorization: `Basic ${signToken()}` }],
      ['an empty one', { Authorization: 'Bearer ' }],
      ['a cookie where none is configured', { Cookie: `token=${signToken()}`, 'Sec-Fetch-Site': 'same-origin' }],
    ])('is asked for where there is %s', async (_what, headers) => {
      const { status, headers: answered } = await askWith(headers);
      expect({ status, asks: answered['www-authenticate'] }).toEqual({ status: 401, asks: 'Bearer' });
    });

    it('in the query counts for nothing unless that is on', async () => {
      expect((await ask({ target: `/push/ws?access_token=${signToken()}` })).status).toBe(401);
    });

    const badTokens: [string, string][] = [
      ['expired', signToken({}, { expiresInSeconds: -6 })],
      ['not valid yet', signToken({ nbf: Math.floor(Date.now() / 1000) + 3_600 })],
      ['issued in the future', signToken({ iat: Math.floor(Date.now() / 1000) + 3_600 })],
      ['signed with another key', signToken({}, { secret: 'another-secret-of-32-bytes-lengt' })],
      ['with alg: none', unsignedToken()],
      ['of an algorithm that is not on the list', signedWithHs384()],
      ['without its signature', signToken().replace(/[^.]*$/, '')],
      ['with another payload', signToken().replace(/\.[^.]*\./, `.${signToken({ sub: '8' }).split('.')[1]}.`)],
      ['without exp', signToken({ exp: undefined })],
      ['with an exp that is no number', signToken({ exp: '9999999999' })],
      ['without sub', signToken({ sub: undefined })],
      ['with an empty sub', signToken({ sub: '' })],
      ['with a sub that is no string', signToken({ sub: 7 })],
      ['with a sub of 256 characters', signToken({ sub: 'x'.repeat(256) })],
      ['with a sub that holds a line break', signToken({ sub: 'a\r\nb' })],
      ['of 9 KiB', signToken({ pad: 'x'.repeat(6_700) })],
      ['with crit', signToken({}, { header: { crit: ['exp'] } })],
      [
        'with a key of its own',
        signToken({}, { header: { jku: 'http://127.0.0.1:9/', kid: '../../etc/passwd' }, secret: 'x' }),
      ],
      ['of another type', signToken({}, { header: { typ: 'logout+jwt' } })],
      ['that is none', 'a.b.c'],
      ['that is none either', '...'],
    ];

    it.each(badTokens)('%s is refused with 401', async (_what, token) => {
      const { status, headers } = await withToken(token);
      expect({ status, asks: headers['www-authenticate'] }).toEqual({
        status: 401,
        asks: 'Bearer error="invalid_token"',
      });
    });

    it('is refused in the same words whatever is wrong with it', async () => {
      const answers = await Promise.all(badTokens.map(([, token]) => withToken(token)));
      expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    });

    it('may be late by the tolerance of the clock', async () => {
      expect((await withToken(signToken({}, { expiresInSeconds: -1 }))).status).toBe(101);
    });

    it('leaves no trace in the log, good or bad', async () => {
      const good = signToken();
      const tokens = [...badTokens.map(([, token]) => token).filter((token) => token.length > 5), good];
      for (const token of tokens) {
        await withToken(token);
        await askWith({ 'Sec-WebSocket-Protocol': `push.v1, bearer.${token}` });
      }
      for (const client of clients) client.destroy();
      await app.close();

      expect(log.text).toContain('/push/ws');
      expect(
        tokens.filter((token) => log.text.includes(token) || log.text.includes(`${token.split('.')[1]}.`)),
      ).toEqual([]);
    });
  });

  it('a token leaves no trace in the log when it cannot be checked', async () => {
    await start({ authenticator: BrokenAuthenticator });
    const token = signToken();
    expect((await withToken(token)).status).toBe(503);
    expect(log.text).toContain('the issuer is away');
    expect(log.text).not.toContain(token);
  });

  it('a token signed by HS256 with the RSA public key is refused', async () => {
    await start({ auth: { jwt: { publicKey: rsaPem, algorithms: ['RS256'] } } });
    const secrets = [rsaPem, rsaPem.trim(), rsaPem.replaceAll('\n', '')];
    const answers = await Promise.all(secrets.map((secret) => withToken(signToken({}, { secret }))));
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401]);
  });

  it('a token in the query is let in where that is on, and leaves no trace in the log', async () => {
    await start({
      auth: { jwt: { secret: TEST_SECRET, algorithms: ['HS256'] }, accessTokenQuery: true },
    });
    const token = signToken();
    expect((await ask({ target: `/push/ws?access_token=${token}` })).status).toBe(101);
    expect((await ask({ target: `/push/ws?access_token=${token}x` })).status).toBe(401);
    expect(log.text).not.toContain(token);
  });

  describe('a cookie', () => {
    const shop = { Origin: 'https://shop.example' };

    beforeEach(() =>
      start({
        origins: [shop.Origin],
        auth: { jwt: { secret: TEST_SECRET, algorithms: ['HS256'] }, cookie: 'token' },
      }),
    );

    it.each<[string, Record<string, string>, number]>([
      ['a listed origin', shop, 101],
      ['a foreign origin', { Origin: 'https://evil.example' }, 403],
      [
        'a foreign origin that calls itself the same',
        { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'same-origin' },
        403,
      ],
      ['the origin null', { Origin: 'null' }, 403],
      ['no origin', {}, 401],
      ['no origin, from the same site', { 'Sec-Fetch-Site': 'same-site' }, 401],
      ['no origin, from the same origin', { 'Sec-Fetch-Site': 'same-origin' }, 101],
    ])('with %s gets the status it must', async (_what, headers, status) => {
      expect((await askWith({ Cookie: `a=b; token=${signToken()}`, ...headers })).status).toBe(status);
    });
  });

  describe('an origin', () => {
    beforeEach(() => start({ origins: ['https://shop.example', 'https://*.shop.example', 'app://shop'] }));

    async function statusFrom(origin: string | undefined, headers: Record<string, string> = {}): Promise<number> {
      return (await askWith({ Authorization: `Bearer ${signToken()}`, Origin: origin, ...headers })).status;
    }

    it.each([
      undefined,
      'https://shop.example',
      'https://shop.example:443',
      'https://www.shop.example',
      'https://a.b.shop.example',
      'app://shop',
    ])('%s is let in', async (origin) => {
      expect(await statusFrom(origin)).toBe(101);
    });

    it.each(
      [
        'null',
        '',
        '*',
        'http://shop.example',
        'https://shop.example:8443',
        'https://evil-shop.example',
        'https://evilshop.example',
        'https://shop.example.evil.example',
        'https://shop.example@evil.example',
        'https://evil.example/https://shop.example',
        'https://evil.example#.shop.example',
        'https://.shop.example',
        'https://shop.example, https://evil.example',
      ].map((origin) => [origin]),
    )('%j is refused', async (origin) => {
      expect(await statusFrom(origin)).toBe(403);
    });

    it('that is the own one is let in, with the scheme and the port that are really used', async () => {
      const host = `127.0.0.1:${app.port}`;
      expect(await statusFrom(`http://${host}`, { Host: host })).toBe(101);
      expect(await statusFrom(`https://${host}`, { Host: host })).toBe(403);
      expect(await statusFrom('http://127.0.0.1:1', { Host: host })).toBe(403);
    });

    it('is not made the own one by forwarded headers of who is not trusted', async () => {
      const headers = { 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'https' };
      expect(await statusFrom('https://evil.example', headers)).toBe(403);
    });

    it('given twice is refused', async () => {
      expect(await statusFrom('https://shop.example', { origin: 'https://evil.example' })).toBe(403);
    });
  });

  it('an origin is the own one behind a trusted proxy that says so', async () => {
    await start({ trustProxy: 1 });
    const headers = {
      Authorization: `Bearer ${signToken()}`,
      Origin: 'https://push.example',
      'X-Forwarded-Host': 'push.example',
      'X-Forwarded-Proto': 'https',
    };
    expect((await askWith(headers)).status).toBe(101);
  });
});
