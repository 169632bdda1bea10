import { generateKeyPairSync } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Logger } from '@nestjs/common';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { JwtAlgorithm } from '../../../src/auth/jwt-algorithms.js';
import { JwtAuthenticator } from '../../../src/auth/jwt.authenticator.js';
import { JwksKeySource } from '../../../src/auth/jwks-key-source.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { eventually } from '../../support/eventually.js';
import { JwksIssuer } from './jwks-issuer.js';
import { signAs } from './signing.js';

const NOW_SECONDS = 1_790_000_000;
const JWKS = { cooldownMs: 30_000, cacheMaxAgeMs: 600_000, timeoutMs: 10_000 };
/** Where the issuer does not answer. */
const IMPATIENT = { ...JWKS, timeoutMs: 500 };
const CLAIMS = { sub: '7', exp: NOW_SECONDS + 1_000_000 };

const first = generateKeyPairSync('rsa', { modulusLength: 2048 });
const second = generateKeyPairSync('rsa', { modulusLength: 2048 });
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const FIRST = { key: first.publicKey, kid: 'first', alg: 'RS256' };
const SECOND = { key: second.publicKey, kid: 'second', alg: 'RS256' };

let issuer: JwksIssuer;
let uri: string;
let clock: ManualClock;

beforeAll(() => Logger.overrideLogger(false));

beforeEach(async () => {
  issuer = new JwksIssuer();
  uri = await issuer.start();
  issuer.publish(FIRST);
  clock = new ManualClock(NOW_SECONDS * 1000);
});

afterEach(() => issuer.stop());

function createAuthenticator(algorithms: readonly JwtAlgorithm[] = ['RS256', 'ES256'], jwks = JWKS): JwtAuthenticator {
  return new JwtAuthenticator({ jwksUri: uri, algorithms, jwks }, clock);
}

function token(kid: string | undefined, { privateKey } = first, alg = 'RS256'): string {
  return signAs(alg, privateKey, { alg, kid }, CLAIMS);
}

const fail = (response: ServerResponse) => {
  response.statusCode = 503;
  response.end();
};
const hang = () => {};

describe('JwtAuthenticator with the keys of an issuer', () => {
  it('asks nothing before the first token, and once for all later ones', async () => {
    const authenticator = createAuthenticator();
    expect(issuer.fetches).toBe(0);
    for (let round = 0; round < 5; round++) expect(await authenticator.authenticate(token('first'))).toBeDefined();
    expect(issuer.fetches).toBe(1);
  });

  it('fetches once for fifty tokens that come together', async () => {
    const authenticator = createAuthenticator();
    const verdicts = await Promise.all(
      Array.from({ length: 50 }, async () => authenticator.authenticate(token('first'))),
    );
    expect(verdicts.every((principal) => principal?.userId === '7')).toBe(true);
    expect(issuer.fetches).toBe(1);
  });

  it('verifies RSA and EC keys of one set', async () => {
    issuer.publish(FIRST, { key: curve.publicKey, kid: 'curve', alg: 'ES256' });
    const authenticator = createAuthenticator();
    expect(await authenticator.authenticate(token('first'))).toBeDefined();
    expect(await authenticator.authenticate(token('curve', curve, 'ES256'))).toBeDefined();
  });

  it('verifies a token that names no key where one key alone can be meant', async () => {
    const authenticator = createAuthenticator();
    expect(await authenticator.authenticate(token(undefined))).toBeDefined();
  });

  it.each([
    ['names no key', undefined, SECOND],
    ['names two', 'first', { ...SECOND, kid: 'first' }],
  ])('holds a token that %s against each that can be meant', async (_, kid, other) => {
    issuer.publish({ key: curve.publicKey, kid: 'curve', alg: 'ES256' }, { key: weak.publicKey, kid }, FIRST, other);
    const authenticator = createAuthenticator();
    for (const pair of [first, second, first, second]) {
      expect(await authenticator.authenticate(token(kid, pair))).toBeDefined();
    }
    for (const pair of [stranger, weak]) expect(await authenticator.authenticate(token(kid, pair))).toBeUndefined();
  });

  it('holds a token against eight keys and no more', async () => {
    const others = Array.from({ length: 8 }, () => SECOND);
    issuer.publish(...others.slice(1), FIRST);
    expect(await createAuthenticator().authenticate(token(undefined))).toBeDefined();
    issuer.publish(...others, FIRST);
    expect(await createAuthenticator().authenticate(token(undefined))).toBeUndefined();
  });

  it('remembers a token that names no key with the one that it was signed with', async () => {
    issuer.publish(FIRST, SECOND);
    const authenticator = createAuthenticator();
    const text = token(undefined, second);
    const principal = await authenticator.authenticate(text);
    expect(principal).toBeDefined();
    expect(await authenticator.authenticate(text)).toBe(principal);
    issuer.publish(FIRST);
    clock.advance(JWKS.cacheMaxAgeMs);
    expect(await authenticator.authenticate(text)).toBeUndefined();
  });

  describe('against forgery', () => {
    it('refuses the signature of another key of the set', async () => {
      issuer.publish(FIRST, SECOND);
      const authenticator = createAuthenticator();
      expect(await authenticator.authenticate(token('second', first))).toBeUndefined();
      expect(await authenticator.authenticate(token('second', second))).toBeDefined();
    });

    it('refuses HS256 signed with the public key, and an EC name on an RSA key', async () => {
      const authenticator = createAuthenticator();
      const pem = first.publicKey.export({ type: 'spki', format: 'pem' }).toString();
      expect(
        await authenticator.authenticate(signAs('HS256', pem, { alg: 'HS256', kid: 'first' }, CLAIMS)),
      ).toBeUndefined();
      expect(await authenticator.authenticate(token('first', curve, 'ES256'))).toBeUndefined();
    });

    it('asks the issuer nothing for an algorithm that is not on the list', async () => {
      const authenticator = createAuthenticator(['ES256']);
      expect(await authenticator.authenticate(token('first'))).toBeUndefined();
      expect(issuer.fetches).toBe(0);
    });

    it('does not use an RSA key that is too short', async () => {
      issuer.publish({ key: weak.publicKey, kid: 'weak', alg: 'RS256' });
      expect(await createAuthenticator().authenticate(token('weak', weak))).toBeUndefined();
    });

    it('does not use a key for another purpose', async () => {
      issuer.answer = (response) => {
        const jwk = { ...first.publicKey.export({ format: 'jwk' }), kid: 'first', use: 'enc' };
        response.end(JSON.stringify({ keys: [jwk] }));
      };
      expect(await createAuthenticator().authenticate(token('first'))).toBeUndefined();
    });

    it('follows no redirect', async () => {
      issuer.answer = (response) => {
        response.writeHead(302, { location: `${uri}/elsewhere` }).end();
      };
      await expect(createAuthenticator().authenticate(token('first'))).rejects.toMatchObject({
        code: 'PUSH_ERR_UNAVAILABLE',
      });
      expect(issuer.fetches).toBe(1);
    });

    it('fetches no more than once in the cooldown for a flood of unknown key ids', async () => {
      const authenticator = createAuthenticator();
      expect(await authenticator.authenticate(token('first'))).toBeDefined();
      const flood = () =>
        Promise.all(
          Array.from({ length: 100 }, async (_, index) => authenticator.authenticate(token(`made-up-${index}`))),
        );
      clock.advance(1);
      expect((await flood()).every((principal) => principal === undefined)).toBe(true);
      await flood();
      clock.advance(JWKS.cooldownMs - 1);
      await flood();
      expect(issuer.fetches).toBe(2);
      clock.advance(1);
      await flood();
      await flood();
      expect(issuer.fetches).toBe(3);
    });

    it('fetches no more than once in the cooldown for a flood of tokens that name no key and are signed with none', async () => {
      const authenticator = createAuthenticator();
      expect(await authenticator.authenticate(token(undefined))).toBeDefined();
      clock.advance(1);
      for (let round = 0; round < 20; round++) {
        expect(await authenticator.authenticate(token(undefined, stranger))).toBeUndefined();
      }
      expect(issuer.fetches).toBe(2);
    });

    it('fetches nothing for a bad signature in the name of a key', async () => {
      const authenticator = createAuthenticator();
      expect(await authenticator.authenticate(token('first'))).toBeDefined();
      clock.advance(JWKS.cooldownMs);
      expect(await authenticator.authenticate(token('first', stranger))).toBeUndefined();
      expect(issuer.fetches).toBe(1);
    });

    it('does not fetch twice for a first token with an unknown key id', async () => {
      expect(await createAuthenticator().authenticate(token('made-up'))).toBeUndefined();
      expect(issuer.fetches).toBe(1);
    });
  });

  describe('when the issuer rotates its keys', () => {
    it('takes a new key at once, and the next one when the cooldown is over', async () => {
      const authenticator = createAuthenticator();
      await authenticator.authenticate(token('first'));
      clock.advance(1);
      issuer.publish(FIRST, SECOND);
      expect(await authenticator.authenticate(token('second', second))).toBeDefined();
      expect(await authenticator.authenticate(token('first'))).toBeDefined();
      expect(issuer.fetches).toBe(2);

      issuer.publish({ ...FIRST, kid: 'third' });
      expect(await authenticator.authenticate(token('third'))).toBeUndefined();
      clock.advance(JWKS.cooldownMs);
      expect(await authenticator.authenticate(token('third'))).toBeDefined();
      expect(issuer.fetches).toBe(3);
    });

    it('takes a new key at once also for tokens that name none', async () => {
      const authenticator = createAuthenticator();
      await authenticator.authenticate(token(undefined));
      clock.advance(1);
      issuer.publish(FIRST, SECOND);
      expect(await authenticator.authenticate(token(undefined, second))).toBeDefined();
      expect(await authenticator.authenticate(token(undefined, first))).toBeDefined();
      expect(issuer.fetches).toBe(2);
    });

    it('drops a withdrawn key when its set is too old', async () => {
      const authenticator = createAuthenticator();
      await authenticator.authenticate(token('first'));
      issuer.publish(SECOND);
      clock.advance(JWKS.cacheMaxAgeMs - 1);
      expect(await authenticator.authenticate(token('first'))).toBeDefined();
      expect(issuer.fetches).toBe(1);
      clock.advance(1);
      expect(await authenticator.authenticate(token('first'))).toBeUndefined();
      expect(issuer.fetches).toBe(2);
    });

    it('takes another key under the same id', async () => {
      const authenticator = createAuthenticator();
      await authenticator.authenticate(token('first'));
      issuer.publish({ ...FIRST, key: second.publicKey });
      clock.advance(JWKS.cacheMaxAgeMs);
      expect(await authenticator.authenticate(token('first', second))).toBeDefined();
      expect(await authenticator.authenticate(token('first', first))).toBeUndefined();
    });
  });

  describe('while the issuer is away', () => {
    it.each<[string, (response: ServerResponse) => void]>([
      ['answers 503', fail],
      ['hangs', hang],
      ['resets the connection', (response) => response.destroy()],
      ['answers with HTML', (response) => response.end('<html>')],
      ['answers with no keys', (response) => response.end('{"keys":[]}')],
      ['answers with something else', (response) => response.end('{"error":"busy"}')],
      ['answers with null', (response) => response.end('null')],
      ['answers with keys that are none', (response) => response.end('{"keys":[5]}')],
      ['answers with megabytes', (response) => response.end(`{"keys":[{"kty":"oct","k":"${'x'.repeat(1_048_576)}"}]}`)],
    ])('keeps the last good keys, and comes back to it, when it %s', async (_, answer) => {
      const authenticator = createAuthenticator(undefined, answer === hang ? IMPATIENT : JWKS);
      await authenticator.authenticate(token('first'));
      issuer.answer = answer;
      clock.advance(JWKS.cacheMaxAgeMs);
      expect(await authenticator.authenticate(token('first'))).toBeDefined();
      expect(issuer.fetches).toBe(2);

      issuer.answer = (response) => issuer.serve(response);
      issuer.publish(SECOND);
      clock.advance(60_000);
      await eventually(async () => {
        expect(await authenticator.authenticate(token('second', second))).toBeDefined();
      });
      expect(issuer.fetches).toBe(3);
    });

    it('makes nobody wait for an issuer that has just failed', async () => {
      const authenticator = createAuthenticator(undefined, { ...JWKS, timeoutMs: 1_000 });
      await authenticator.authenticate(token('first'));
      issuer.answer = hang;
      clock.advance(JWKS.cacheMaxAgeMs);
      await authenticator.authenticate(token('first'));
      // Signing takes its time on a busy machine, which is not what is measured.
      const [known, unknown] = [token('first'), token('unknown')];
      const startedAt = performance.now();
      for (let round = 0; round < 50; round++) {
        clock.advance(1000);
        expect(await authenticator.authenticate(known)).toBeDefined();
        expect(await authenticator.authenticate(unknown)).toBeUndefined();
      }
      expect(performance.now() - startedAt).toBeLessThan(1_000);
    });

    it('leaves it alone until the back-off is over, also while there are keys', async () => {
      const authenticator = createAuthenticator();
      await authenticator.authenticate(token('first'));
      issuer.answer = fail;
      clock.advance(JWKS.cacheMaxAgeMs);
      await authenticator.authenticate(token('first'));
      const before = issuer.fetches;
      for (let round = 0; round < 20; round++) {
        await authenticator.authenticate(token('first'));
        await authenticator.authenticate(token('unknown'));
        // A request of the test's own, answered after any that the authenticator had sent.
        await fetch(uri);
      }
      expect(issuer.fetches - before).toBe(20);
    });

    it('asks less and less often, at most every 30 seconds in the end', async () => {
      issuer.answer = fail;
      const authenticator = createAuthenticator();
      const fetchedAt: number[] = [];
      for (let second = 0; second <= 100; second++) {
        const before = issuer.fetches;
        await expect(authenticator.authenticate(token('first'))).rejects.toMatchObject({ status: 503 });
        if (issuer.fetches > before) fetchedAt.push(second);
        clock.advance(1000);
      }
      expect(fetchedAt).toEqual([0, 1, 3, 7, 15, 31, 61, 91]);
    });

    it('rejects while there have never been keys, and says when to try again', async () => {
      issuer.answer = fail;
      const authenticator = createAuthenticator();
      await expect(authenticator.authenticate(token('first'))).rejects.toMatchObject({
        code: 'PUSH_ERR_UNAVAILABLE',
        status: 503,
        retryAfterMs: 1000,
      });
      issuer.answer = (response) => issuer.serve(response);
      clock.advance(999);
      await expect(authenticator.authenticate(token('first'))).rejects.toMatchObject({ retryAfterMs: 1 });
      expect(issuer.fetches).toBe(1);
      clock.advance(1);
      expect(await authenticator.authenticate(token('first'))).toBeDefined();
    });

    it('refuses what is no token without asking for keys', async () => {
      issuer.answer = fail;
      const authenticator = createAuthenticator();
      expect(await authenticator.authenticate('junk')).toBeUndefined();
      expect(await authenticator.authenticate('')).toBeUndefined();
      expect(issuer.fetches).toBe(0);
    });

    it('waits for a hanging issuer no longer than its time, and all together', async () => {
      issuer.answer = hang;
      const authenticator = createAuthenticator(undefined, IMPATIENT);
      const startedAt = performance.now();
      const attempts = await Promise.allSettled(
        Array.from({ length: 50 }, async () => authenticator.authenticate(token('first'))),
      );
      for (const attempt of attempts) {
        expect(attempt).toMatchObject({
          status: 'rejected',
          reason: { code: 'PUSH_ERR_UNAVAILABLE', retryAfterMs: 1000 },
        });
      }
      expect(performance.now() - startedAt).toBeLessThan(10 * IMPATIENT.timeoutMs);
      expect(issuer.fetches).toBe(1);
    });
  });
});

describe('JwksKeySource', () => {
  const ANY = { known: undefined, isSignedBy: () => true };

  it('gives the same KeyObject for the same key, and another when the key changed', async () => {
    const source = new JwksKeySource(uri, JWKS, clock);
    const key = await source.signerOf({ alg: 'RS256', kid: 'first' }, ANY);
    expect(key).toBeDefined();
    expect(await source.signerOf({ alg: 'RS256', kid: 'first' }, ANY)).toBe(key);
    issuer.publish({ ...FIRST, key: second.publicKey });
    clock.advance(JWKS.cacheMaxAgeMs);
    const next = await source.signerOf({ alg: 'RS256', kid: 'first' }, ANY);
    expect(next?.equals(second.publicKey)).toBe(true);
  });

  it('works with its defaults', async () => {
    const source = new JwksKeySource(uri, undefined, clock);
    expect(await source.signerOf({ alg: 'RS256', kid: 'first' }, ANY)).toBeDefined();
  });
});
