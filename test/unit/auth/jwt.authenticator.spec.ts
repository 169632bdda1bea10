import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { JwtOptions } from '../../../src/auth/auth-options.interface.js';
import type { JwtAlgorithm } from '../../../src/auth/jwt-algorithms.js';
import { JwtAuthenticator } from '../../../src/auth/jwt.authenticator.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { cpuMsOf } from '../../support/cpu-time.js';
import { encode, signAs } from './signing.js';

const NOW_SECONDS = 1_790_000_000;
const SECRET = randomBytes(32);
const clock = new ManualClock(NOW_SECONDS * 1000);
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const otherRsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const p521 = generateKeyPairSync('ec', { namedCurve: 'P-521' });

const HEADER = { alg: 'HS256', typ: 'JWT' };
const CLAIMS = { sub: '7', iat: NOW_SECONDS - 10, exp: NOW_SECONDS + 600 };

function withSecret(options: Partial<JwtOptions> = {}): JwtAuthenticator {
  return new JwtAuthenticator({ secret: SECRET, algorithms: ['HS256'], ...options }, clock);
}

function withKey(publicKey: KeyObject, ...algorithms: JwtAlgorithm[]): JwtAuthenticator {
  return new JwtAuthenticator({ publicKey, algorithms }, clock);
}

function token(claims: Readonly<Record<string, unknown>> = {}, header: Readonly<Record<string, unknown>> = {}): string {
  return signAs('HS256', SECRET, { ...HEADER, ...header }, { ...CLAIMS, ...claims });
}

/** Signed well; what is wrong is the payload's text itself. */
function rawToken(payload: string | Buffer, header: string = JSON.stringify(HEADER)): string {
  return signAs('HS256', SECRET, header, payload);
}

async function isAccepted(text: string, options: Partial<JwtOptions> = {}): Promise<boolean> {
  return (await withSecret(options).authenticate(text)) !== undefined;
}

describe('JwtAuthenticator', () => {
  describe('with a token in order', () => {
    it('says all that a principal holds', async () => {
      const claims = { groups: ['room:1', 'vip'], scope: 'push:send push:admin', jti: 'id-1', name: 'not kept' };
      expect(await withSecret().authenticate(token(claims))).toEqual({
        userId: '7',
        groups: ['room:1', 'vip'],
        scopes: ['push:send', 'push:admin'],
        expiresAtMs: CLAIMS.exp * 1000,
        issuedAtMs: CLAIMS.iat * 1000,
        tokenId: 'id-1',
      });
    });

    it('accepts one with sub and exp alone', async () => {
      const text = rawToken(JSON.stringify({ sub: '7', exp: CLAIMS.exp }), JSON.stringify({ alg: 'HS256' }));
      expect(await withSecret().authenticate(text)).toEqual({
        userId: '7',
        groups: [],
        scopes: [],
        expiresAtMs: CLAIMS.exp * 1000,
        issuedAtMs: undefined,
        tokenId: undefined,
      });
    });

    it('shares the empty lists of principals, and nobody can change them', async () => {
      const first = await withSecret().authenticate(token());
      const second = await withSecret().authenticate(token({ sub: '8', groups: ['not a group'], scope: ' ' }));
      expect(first?.groups).toBe(second?.groups);
      expect(first?.scopes).toBe(second?.scopes);
      expect(Object.isFrozen(first?.groups)).toBe(true);
    });

    it('leaves out what is no group name, and repetitions', async () => {
      const groups = ['a', 'b c', '', 5, null, ['d'], 'x'.repeat(129), 'a', 'ü', 'e\n'];
      expect((await withSecret().authenticate(token({ groups })))?.groups).toEqual(['a']);
    });

    it('takes groups from an array only', async () => {
      expect((await withSecret().authenticate(token({ groups: 'a b' })))?.groups).toEqual([]);
      expect((await withSecret().authenticate(token({ groups: { 0: 'a', length: 1 } })))?.groups).toEqual([]);
    });

    it.each([
      ['words with spaces between', 'a  b a', ['a', 'b']],
      ['an array', ['a', 'b', 5, ''], ['a', 'b']],
      ['an array of words with spaces between', ['a b', ' c'], ['a', 'b', 'c']],
      ['a number', 5, []],
      ['an object', { a: true }, []],
    ])('reads a scope that is %s', async (_, scope, expected) => {
      expect((await withSecret().authenticate(token({ scope })))?.scopes).toEqual(expected);
    });

    it.each(['JWT', 'jwt', 'at+jwt', 'application/at+jwt'])('accepts the type %s', async (typ) => {
      await expect(isAccepted(token({}, { typ }))).resolves.toBe(true);
    });

    it('accepts a sub of 255 characters of any script', async () => {
      const sub = 'ü'.repeat(255);
      expect((await withSecret().authenticate(token({ sub })))?.userId).toBe(sub);
    });

    it('takes a secret that is text', async () => {
      const text = signAs('HS256', 'a secret with ü', HEADER, CLAIMS);
      await expect(isAccepted(text, { secret: 'a secret with ü' })).resolves.toBe(true);
    });
  });

  describe('with each algorithm', () => {
    it.each<JwtAlgorithm>(['HS256', 'HS384', 'HS512'])('verifies %s', async (alg) => {
      const text = signAs(alg, SECRET, { alg }, CLAIMS);
      await expect(isAccepted(text, { algorithms: [alg] })).resolves.toBe(true);
    });

    it.each<[JwtAlgorithm, typeof rsa]>([
      ['RS256', rsa],
      ['RS384', rsa],
      ['RS512', rsa],
      ['PS256', rsa],
      ['PS384', rsa],
      ['PS512', rsa],
      ['ES256', p256],
      ['ES384', p384],
      ['ES512', p521],
    ])('verifies %s, and not with another key', async (alg, { privateKey, publicKey }) => {
      const text = signAs(alg, privateKey, { alg }, CLAIMS);
      const stranger = alg.startsWith('ES')
        ? generateKeyPairSync('ec', {
            namedCurve: { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }[alg as 'ES256' | 'ES384' | 'ES512'],
          }).publicKey
        : otherRsa.publicKey;
      expect(await withKey(publicKey, alg).authenticate(text)).toMatchObject({ userId: '7' });
      expect(await withKey(stranger, alg).authenticate(text)).toBeUndefined();
    });

    it('takes a public key in PEM', async () => {
      const publicKey = p256.publicKey.export({ type: 'spki', format: 'pem' }).toString();
      const authenticator = new JwtAuthenticator({ publicKey, algorithms: ['ES256'] }, clock);
      expect(
        await authenticator.authenticate(signAs('ES256', p256.privateKey, { alg: 'ES256' }, CLAIMS)),
      ).toBeDefined();
    });
  });

  describe('against forgery', () => {
    it('refuses another secret and a changed payload', async () => {
      const [header, , signature] = token().split('.');
      await expect(isAccepted(signAs('HS256', randomBytes(32), HEADER, CLAIMS))).resolves.toBe(false);
      await expect(isAccepted(`${header}.${encode({ ...CLAIMS, sub: '1' })}.${signature}`)).resolves.toBe(false);
    });

    it.each(['none', 'None', 'NONE', 'nOnE'])('refuses alg %s, signed or not', async (alg) => {
      const input = `${encode({ alg })}.${encode(CLAIMS)}`;
      const [, , signature] = token().split('.');
      await expect(isAccepted(`${input}.`)).resolves.toBe(false);
      await expect(isAccepted(`${input}.${signature}`)).resolves.toBe(false);
      expect(await withKey(rsa.publicKey, 'RS256').authenticate(`${input}.`)).toBeUndefined();
    });

    it('refuses a token of the right algorithm without its signature', async () => {
      const [header, payload] = token().split('.');
      await expect(isAccepted(`${header}.${payload}.`)).resolves.toBe(false);
      await expect(isAccepted(`${header}.${payload}`)).resolves.toBe(false);
    });

    it('refuses HS256 signed with the text of the RSA public key', async () => {
      const spki = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString();
      const pkcs1 = rsa.publicKey.export({ type: 'pkcs1', format: 'pem' }).toString();
      const der = rsa.publicKey.export({ type: 'spki', format: 'der' });
      for (const secret of [spki, spki.trim(), pkcs1, der]) {
        const text = signAs('HS256', secret, HEADER, CLAIMS);
        expect(await withKey(rsa.publicKey, 'RS256').authenticate(text)).toBeUndefined();
        expect(
          await new JwtAuthenticator({ publicKey: spki, algorithms: ['RS256'] }, clock).authenticate(text),
        ).toBeUndefined();
      }
    });

    it('refuses an algorithm that is not on the list though the key could verify it', async () => {
      const authenticator = withKey(rsa.publicKey, 'RS256');
      expect(
        await authenticator.authenticate(signAs('RS512', rsa.privateKey, { alg: 'RS512' }, CLAIMS)),
      ).toBeUndefined();
      expect(
        await authenticator.authenticate(signAs('PS256', rsa.privateKey, { alg: 'PS256' }, CLAIMS)),
      ).toBeUndefined();
      await expect(isAccepted(signAs('HS512', SECRET, { alg: 'HS512' }, CLAIMS))).resolves.toBe(false);
    });

    it('refuses a header that names another algorithm than the signature is of', async () => {
      const text = signAs('RS512', rsa.privateKey, { alg: 'RS256' }, CLAIMS);
      expect(await withKey(rsa.publicKey, 'RS256').authenticate(text)).toBeUndefined();
    });

    it('does not take the key from the header', async () => {
      const jwk = otherRsa.publicKey.export({ format: 'jwk' });
      const header = {
        alg: 'RS256',
        kid: '../../dev/null',
        jku: 'http://127.0.0.1:1/',
        x5u: 'http://127.0.0.1:1/',
        jwk,
      };
      const authenticator = withKey(rsa.publicKey, 'RS256');
      expect(await authenticator.authenticate(signAs('RS256', otherRsa.privateKey, header, CLAIMS))).toBeUndefined();
      expect(await authenticator.authenticate(signAs('RS256', rsa.privateKey, header, CLAIMS))).toBeDefined();
    });

    it.each([['exp'], ['b64'], ['unknown']])('refuses crit: ["%s"]', async (name) => {
      await expect(isAccepted(token({}, { crit: [name], [name]: false }))).resolves.toBe(false);
    });

    it.each([[[]], [null], ['exp'], [false]])('refuses crit: %j', async (crit) => {
      await expect(isAccepted(token({}, { crit }))).resolves.toBe(false);
    });

    it.each(['dpop+jwt', 'logout+jwt', 'secevent+jwt', '', 5, null])('refuses the type %p', async (typ) => {
      await expect(isAccepted(token({}, { typ }))).resolves.toBe(false);
    });

    it.each([5, null, {}, ['k']])('refuses a kid that is %j', async (kid) => {
      await expect(isAccepted(token({}, { kid }))).resolves.toBe(false);
    });
  });

  describe('with claims that are missing or wrong', () => {
    it.each([
      ['no exp', { exp: undefined }],
      ['a text as exp', { exp: String(CLAIMS.exp) }],
      ['null as exp', { exp: null }],
      ['no sub', { sub: undefined }],
      ['an empty sub', { sub: '' }],
      ['a number as sub', { sub: 7 }],
      ['a control character in sub', { sub: '7\n8' }],
      ['a sub of 256 characters', { sub: 'x'.repeat(256) }],
      ['a text as iat', { iat: 'now' }],
      ['a number as jti', { jti: 5 }],
      ['a text as nbf', { nbf: '0' }],
      ['null as nbf', { nbf: null }],
    ])('refuses %s', async (_, claims) => {
      await expect(isAccepted(token(claims))).resolves.toBe(false);
    });

    it('refuses an exp, and ignores no nbf, that is infinite', async () => {
      await expect(isAccepted(rawToken('{"sub":"7","exp":1e999}'))).resolves.toBe(false);
      await expect(isAccepted(rawToken(`{"sub":"7","exp":${CLAIMS.exp},"nbf":1e999}`))).resolves.toBe(false);
      await expect(isAccepted(rawToken(`{"sub":"7","exp":${CLAIMS.exp},"iat":1e999}`))).resolves.toBe(false);
    });

    it('refuses the claims sub and exp when they are only inherited', async () => {
      const text = rawToken(`{"__proto__":{"sub":"7","exp":${CLAIMS.exp}}}`);
      await expect(isAccepted(text)).resolves.toBe(false);
    });
  });

  describe('with a claim that names the tenant', () => {
    const authenticator = (claim = 'tenant') => {
      return new JwtAuthenticator({ secret: SECRET, algorithms: ['HS256'] }, clock, claim);
    };

    it.each(['acme', 'a:b', 'a%3Ab', '{x}', '../', '__proto__', 'constructor', '7', 'é', 'e\u0301', '漢'.repeat(128)])(
      'says the tenant %j as it is',
      async (tenant) => {
        expect(await authenticator().authenticate(token({ tenant }))).toMatchObject({ userId: '7', tenant });
      },
    );

    it.each([undefined, null, '', 7, {}, ['acme'], 'a\u0000', 'a\nb', 'a\u0085b', '\ud800', 'x'.repeat(129)])(
      'refuses %j as the tenant',
      async (tenant) => {
        expect(await authenticator().authenticate(token({ tenant }))).toBeUndefined();
      },
    );

    it('refuses a claim that is only inherited', async () => {
      expect(await authenticator('constructor').authenticate(token())).toBeUndefined();
      expect(await authenticator('__proto__').authenticate(token())).toBeUndefined();
    });

    it('knows the tenant of a token that it has seen before', async () => {
      const same = authenticator();
      const text = token({ tenant: 'acme' });
      const first = await same.authenticate(text);
      expect(await same.authenticate(text)).toEqual(first);
      expect(first?.tenant).toBe('acme');
    });

    it('reads no tenant where no claim is named', async () => {
      const principal = await withSecret().authenticate(token({ tenant: 'acme' }));
      expect(principal).toBeDefined();
      expect(principal).not.toHaveProperty('tenant');
    });
  });

  describe('over time', () => {
    it.each([
      ['exp', -5, false],
      ['exp', -4, true],
      ['nbf', 5, true],
      ['nbf', 6, false],
      ['iat', 5, true],
      ['iat', 6, false],
    ])('with a tolerance of 5 s, %s at now%+d is accepted: %p', async (claim, offset, accepted) => {
      await expect(isAccepted(token({ [claim]: NOW_SECONDS + offset }))).resolves.toBe(accepted);
    });

    it('keeps the tolerance that it is given', async () => {
      const late = token({ exp: NOW_SECONDS - 50 });
      await expect(isAccepted(late, { clockToleranceSeconds: 60 })).resolves.toBe(true);
      await expect(isAccepted(token({ exp: NOW_SECONDS }), { clockToleranceSeconds: 0 })).resolves.toBe(false);
      await expect(isAccepted(token({ exp: NOW_SECONDS + 1 }), { clockToleranceSeconds: 0 })).resolves.toBe(true);
    });

    it('goes by the clock that it is given', async () => {
      const moving = new ManualClock(NOW_SECONDS * 1000);
      const authenticator = new JwtAuthenticator({ secret: SECRET, algorithms: ['HS256'] }, moving);
      const text = token({ exp: NOW_SECONDS + 60 });
      expect(await authenticator.authenticate(text)).toBeDefined();
      moving.advance(65_000);
      expect(await authenticator.authenticate(text)).toBeUndefined();
    });
  });

  describe('with a token that was verified before', () => {
    const signed = (claims: object = {}) =>
      signAs('ES256', p256.privateKey, { alg: 'ES256' }, { ...CLAIMS, ...claims });
    const remembering = (options: Partial<JwtOptions> = {}, at: ManualClock = clock) => {
      return new JwtAuthenticator({ publicKey: p256.publicKey, algorithms: ['ES256'], ...options }, at);
    };

    it('gives the same principal again, and remembers none where that is switched off', async () => {
      const authenticator = remembering();
      const forgetful = remembering({ maxRememberedTokens: 0 });
      const text = signed();

      expect(await authenticator.authenticate(text)).toBe(await authenticator.authenticate(text));
      expect(await forgetful.authenticate(text)).not.toBe(await forgetful.authenticate(text));
      expect(await forgetful.authenticate(text)).toEqual(await authenticator.authenticate(text));
    });

    it('verifies it each time where that costs no more: with a secret', async () => {
      const authenticator = withSecret();
      const text = token();
      const first = await authenticator.authenticate(text);
      expect(await authenticator.authenticate(text)).not.toBe(first);
      expect(await authenticator.authenticate(text)).toEqual(first);
    });

    it('remembers as many as the option says, the latest ones', async () => {
      const authenticator = remembering({ maxRememberedTokens: 2 });
      const texts = ['1', '2', '3'].map((sub) => signed({ sub }));
      const first = await Promise.all(texts.map(async (text) => authenticator.authenticate(text)));

      expect(await authenticator.authenticate(texts[2]!)).toBe(first[2]);
      expect(await authenticator.authenticate(texts[1]!)).toBe(first[1]);
      expect(await authenticator.authenticate(texts[0]!)).not.toBe(first[0]);
    });

    it('refuses it once it has ended', async () => {
      const moving = new ManualClock(NOW_SECONDS * 1000);
      const authenticator = remembering({}, moving);
      const text = signed();
      await authenticator.authenticate(text);

      moving.advance((600 + 5) * 1000 - 1);
      expect(await authenticator.authenticate(text)).toBeDefined();
      moving.advance(1);
      expect(await authenticator.authenticate(text)).toBeUndefined();
    });

    it.each([
      ['a secret', () => withSecret(), token()],
      ['a pair of keys', () => remembering(), signed()],
    ])('refuses one that differs from it in its signature alone, with %s', async (_, create, text) => {
      const authenticator = create();
      expect(await authenticator.authenticate(text)).toBeDefined();

      const [header, payload, signature = ''] = text.split('.');
      expect(await authenticator.authenticate(`${header}.${payload}.${'A'.repeat(signature.length)}`)).toBeUndefined();
      expect(await authenticator.authenticate(`${header}.${payload}.${signature}A`)).toBeUndefined();
      expect(await authenticator.authenticate(`${text} `)).toBeUndefined();
    });
  });

  describe('with an audience and an issuer', () => {
    it.each([
      ['push', 'push', true],
      ['push', ['shop', 'push'], true],
      [['push', 'feed'], 'feed', true],
      ['push', 'pushy', false],
      ['push', ['shop'], false],
      ['push', undefined, false],
      ['push', [], false],
    ])('audience %j: aud %j is accepted: %p', async (audience, aud, accepted) => {
      await expect(isAccepted(token({ aud }), { audience })).resolves.toBe(accepted);
    });

    it.each([
      ['https://id.example', 'https://id.example', true],
      [['https://a.example', 'https://b.example'], 'https://b.example', true],
      ['https://id.example', 'https://id.example.evil', false],
      ['https://id.example', undefined, false],
      ['https://id.example', ['https://id.example'], false],
    ])('issuer %j: iss %j is accepted: %p', async (issuer, iss, accepted) => {
      await expect(isAccepted(token({ iss }), { issuer })).resolves.toBe(accepted);
    });

    it('looks at neither where none is configured', async () => {
      await expect(isAccepted(token({ aud: 'x', iss: 'y' }))).resolves.toBe(true);
    });
  });

  describe('with junk', () => {
    const [header = '', payload = '', signature = ''] = token().split('.');

    it.each([
      ['nothing', ''],
      ['dots', '..'],
      ['many dots', '.'.repeat(8000)],
      ['one segment', header],
      ['four segments', `${header}.${payload}.${signature}.${signature}`],
      ['five segments, as an encrypted token has', `${header}..${payload}.${signature}.${signature}`],
      ['an empty header', `.${payload}.${signature}`],
      ['an empty payload', `${header}..${signature}`],
      ['spaces around', ` ${token()} `],
      ['a NUL', `${header}.${payload}\0.${signature}`],
      ['another script', `${header}.${payload}.ü${signature}`],
      ['standard base64', `${header}.${payload}.+/==`],
    ])('refuses %s', async (_, text) => {
      await expect(isAccepted(text)).resolves.toBe(false);
    });

    it.each(['null', '5', '"HS256"', '[]', '{', '', '{"alg":"HS256"', '{"alg":["HS256"]}', '{"alg":{"toString":1}}'])(
      'refuses the header %s',
      async (text) => {
        await expect(isAccepted(rawToken(JSON.stringify(CLAIMS), text))).resolves.toBe(false);
      },
    );

    it.each(['null', '5', '"text"', '[]', '[{"sub":"7"}]', '{', '', 'true', '{"sub":"7","exp":1e10}}'])(
      'refuses the payload %s, though signed',
      async (text) => {
        await expect(isAccepted(rawToken(text))).resolves.toBe(false);
        await expect(isAccepted(rawToken(text, '{"alg":"HS256"}'))).resolves.toBe(false);
      },
    );

    it('refuses a claim or a header member that is given twice', async () => {
      const { exp } = CLAIMS;
      await expect(isAccepted(rawToken(`{"sub":"7","exp":${exp}}`))).resolves.toBe(true);
      await expect(isAccepted(rawToken(`{"sub":"1","sub":"7","exp":${exp}}`))).resolves.toBe(false);
      await expect(isAccepted(rawToken(`{"sub":"1","s\\u0075b":"7","exp":${exp}}`))).resolves.toBe(false);
      await expect(isAccepted(rawToken(`{"sub":"7","exp":${exp}}`, '{"alg":"none","alg":"HS256"}'))).resolves.toBe(
        false,
      );
    });

    it('is not misled by colons and braces in texts and deeper down', async () => {
      const claims = { 'a:{"': '}:"\\', b: { c: 1, d: { e: [{ f: ':' }] } }, groups: ['room:1'] };
      expect((await withSecret().authenticate(token(claims)))?.groups).toEqual(['room:1']);
    });

    it('refuses a token past 8 KiB and accepts one of just that', async () => {
      const filled = (length: number) => token({ filler: 'x'.repeat(length) });
      let length = 6000;
      while (filled(length + 1).length <= 8192) length++;
      expect(filled(length).length).toBeGreaterThan(8190);
      await expect(isAccepted(filled(length))).resolves.toBe(true);
      await expect(isAccepted(filled(length + 2))).resolves.toBe(false);
    });

    it('keeps the length limit that it is given', async () => {
      const text = token({ filler: 'x'.repeat(9000) });
      await expect(isAccepted(text, { maxTokenBytes: 16_384 })).resolves.toBe(true);
      await expect(isAccepted(token(), { maxTokenBytes: 100 })).resolves.toBe(false);
    });

    it('refuses a megabyte without reading it', async () => {
      const text = token({ filler: 'x'.repeat(1_000_000) });
      const authenticator = withSecret();
      const spentMs = await cpuMsOf(async () => {
        for (let round = 0; round < 1000; round++) expect(await authenticator.authenticate(text)).toBeUndefined();
      });
      expect(spentMs).toBeLessThan(1000);
    });

    it('refuses JSON that nests deep, in the payload and in the header', async () => {
      const deep = '['.repeat(2500) + ']'.repeat(2500);
      await expect(isAccepted(rawToken(`{"sub":"7","exp":${CLAIMS.exp},"a":${deep}}`))).resolves.toBe(false);
      await expect(isAccepted(rawToken(JSON.stringify(CLAIMS), `{"alg":"HS256","a":${deep}}`))).resolves.toBe(false);
      await expect(isAccepted(rawToken('['.repeat(5000)))).resolves.toBe(false);
    });

    it('refuses what is not in UTF-8, of which several names would become one', async () => {
      const payload = `{"sub":"a\u00ff","exp":${CLAIMS.exp}}`;
      await expect(isAccepted(rawToken(Buffer.from(payload)))).resolves.toBe(true);
      await expect(isAccepted(rawToken(Buffer.from(payload, 'latin1')))).resolves.toBe(false);
    });

    it('leaves prototypes alone', async () => {
      await withSecret().authenticate(
        rawToken(
          `{"sub":"7","exp":${CLAIMS.exp},"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}`,
        ),
      );
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    });
  });

  it('throws at once where there is no key', () => {
    expect(() => new JwtAuthenticator({ algorithms: ['HS256'] }, clock)).toThrow(/secret, publicKey and jwksUri/);
  });
});
