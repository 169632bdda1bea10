import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { checkAuthOptions } from '../../../src/auth/auth-options.js';

const SECRET = 'a-secret-that-nobody-may-see-in-a-log';
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const weakRsa = generateKeyPairSync('rsa', { modulusLength: 1024 });
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const PEM = { type: 'spki', format: 'pem' } as const;

function problemsOf(jwt: unknown) {
  return checkAuthOptions({ jwt }, 'auth');
}

function pathsOf(jwt: unknown): string[] {
  return problemsOf(jwt).map(({ path }) => path);
}

describe('checkAuthOptions', () => {
  it.each([
    ['nothing', undefined],
    ['an empty object', {}],
    ['a secret', { jwt: { secret: SECRET, algorithms: ['HS256', 'HS512'] } }],
    ['a secret of bytes', { jwt: { secret: Buffer.alloc(32, 1), algorithms: ['HS256'] } }],
    ['a PEM key', { jwt: { publicKey: rsa.publicKey.export(PEM).toString(), algorithms: ['RS256', 'PS512'] } }],
    ['a KeyObject', { jwt: { publicKey: p256.publicKey, algorithms: ['ES256'] } }],
    [
      'a key set',
      {
        jwt: {
          jwksUri: 'https://id.example/jwks',
          algorithms: ['RS256', 'ES256'],
          jwks: { cooldownMs: 1, cacheMaxAgeMs: 1, timeoutMs: 1 },
        },
      },
    ],
    [
      'everything',
      {
        jwt: {
          secret: SECRET,
          algorithms: ['HS256'],
          audience: ['a', 'b'],
          issuer: 'c',
          clockToleranceSeconds: 0,
          maxTokenBytes: 4096,
          maxRememberedTokens: 0,
        },
        cookie: '__Host-session',
        accessTokenQuery: true,
        tenantClaim: 'https://id.example/tenant',
      },
    ],
    [
      'members that are undefined',
      { jwt: undefined, cookie: undefined, accessTokenQuery: undefined, tenantClaim: undefined },
    ],
  ])('accepts %s', (_, value) => {
    expect(checkAuthOptions(value, 'auth')).toEqual([]);
  });

  it.each([null, 5, SECRET, [], true])('wants an object, not %j', (value) => {
    expect(checkAuthOptions(value, 'auth')).toMatchObject([{ path: 'auth' }]);
    expect(problemsOf(value)).toMatchObject([{ path: 'auth.jwt' }]);
  });

  it.each(['', 5, null, ['tenant'], true])('wants the name of a claim as tenantClaim, not %j', (tenantClaim) => {
    const jwt = { secret: SECRET, algorithms: ['HS256'] };
    expect(checkAuthOptions({ jwt, tenantClaim }, 'auth')).toMatchObject([{ path: 'auth.tenantClaim' }]);
  });

  it('refuses a tenantClaim that nothing reads', () => {
    const [problem, ...others] = checkAuthOptions({ tenantClaim: 'tenant' }, 'auth');
    expect(problem).toMatchObject({ path: 'auth.tenantClaim', expected: 'nothing without auth.jwt' });
    expect(others).toEqual([]);
  });

  it('lists every problem at once', () => {
    const value = {
      jwt: {
        secret: '',
        algorithms: ['none', 'HS256', 'XX'],
        audience: [],
        issuer: 5,
        clockToleranceSeconds: -1,
        maxTokenBytes: '8192',
        jwks: { coolDown: 5 },
        secretKey: SECRET,
      },
      cookie: 'a b',
      accessTokenQuery: 'yes',
      jwks: {},
    };
    expect(
      checkAuthOptions(value, 'auth')
        .map(({ path }) => path)
        .toSorted(),
    ).toEqual([
      'auth.accessTokenQuery',
      'auth.cookie',
      'auth.jwks',
      'auth.jwt.algorithms[0]',
      'auth.jwt.algorithms[2]',
      'auth.jwt.audience',
      'auth.jwt.clockToleranceSeconds',
      'auth.jwt.issuer',
      'auth.jwt.jwks',
      'auth.jwt.jwks.coolDown',
      'auth.jwt.maxTokenBytes',
      'auth.jwt.secret',
      'auth.jwt.secretKey',
    ]);
  });

  it('never repeats what may be a secret, wherever it was put', () => {
    const values = [
      SECRET,
      { jwt: SECRET },
      { secret: SECRET },
      { cookie: `${SECRET} ` },
      { jwt: { secretOrKey: SECRET, jwksUri: SECRET, algorithms: SECRET } },
      { jwt: { publicKey: SECRET, algorithms: ['RS256'] } },
      { jwt: { publicKey: rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }), algorithms: ['RS256'] } },
      { jwt: { jwksUri: `https://user:${SECRET}@id.example/`, algorithms: ['RS256'] } },
      { jwt: { secret: [SECRET], algorithms: ['HS256'] } },
    ];
    for (const value of values) {
      const problems = checkAuthOptions(value, 'auth');
      expect(problems).not.toEqual([]);
      expect(JSON.stringify(problems)).not.toContain(SECRET);
      expect(JSON.stringify(problems)).not.toContain('PRIVATE');
    }
  });

  describe('of keys', () => {
    it('wants exactly one', () => {
      expect(pathsOf({ algorithms: ['HS256'] })).toEqual(['auth.jwt']);
      const both = problemsOf({ secret: SECRET, jwksUri: 'https://id.example/', algorithms: ['HS256'] });
      expect(both[0]).toMatchObject({ path: 'auth.jwt', received: 'secret and jwksUri' });
    });

    it.each(['', Buffer.alloc(0), 5, {}, null, createSecretKey(Buffer.alloc(32))])(
      'refuses the secret %p',
      (secret) => {
        expect(pathsOf({ secret, algorithms: ['HS256'] })).toEqual(['auth.jwt.secret']);
      },
    );

    it.each([
      ['text that is no key', 'key'],
      ['a private key', rsa.privateKey],
      ['a private key in PEM', rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
      ['a private key in PKCS 1', rsa.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()],
      ['a secret KeyObject', createSecretKey(Buffer.alloc(32))],
      ['an RSA key of 1024 bits', weakRsa.publicKey],
      ['a key of another kind', p256.publicKey],
      ['a key that no algorithm is for', generateKeyPairSync('ed25519').publicKey],
      ['a number', 5],
    ])('refuses as public key for RS256 %s', (_, publicKey) => {
      expect(pathsOf({ publicKey, algorithms: ['RS256'] })).toEqual(['auth.jwt.publicKey']);
    });

    it('refuses a public key that one of the algorithms cannot use', () => {
      expect(problemsOf({ publicKey: p256.publicKey, algorithms: ['ES256', 'ES384'] })).toMatchObject([
        { path: 'auth.jwt.publicKey', expected: expect.stringContaining('ES384') },
      ]);
    });

    it.each(['/jwks', 'ftp://id.example/', 'file:///etc/passwd', 'id.example', 'https://user@id.example/', 5])(
      'refuses the address %j',
      (jwksUri) => {
        expect(pathsOf({ jwksUri, algorithms: ['RS256'] })).toEqual(['auth.jwt.jwksUri']);
      },
    );
  });

  describe('of algorithms', () => {
    it.each([undefined, [], 'HS256', null, {}])('refuses %j, as none is chosen by default', (algorithms) => {
      expect(pathsOf({ secret: SECRET, algorithms })).toEqual(['auth.jwt.algorithms']);
    });

    it.each(['none', 'None', 'hs256', 'EdDSA', 'HS1', '', 5])('refuses %j', (algorithm) => {
      expect(pathsOf({ secret: SECRET, algorithms: ['HS256', algorithm] })).toEqual(['auth.jwt.algorithms[1]']);
    });

    it('refuses HS beside others, and each beside the wrong kind of key', () => {
      const jwksUri = 'https://id.example/jwks';
      expect(pathsOf({ secret: SECRET, algorithms: ['HS256', 'RS256'] })).toEqual(['auth.jwt.algorithms']);
      expect(pathsOf({ publicKey: rsa.publicKey, algorithms: ['RS256', 'HS256'] })).toEqual(['auth.jwt.algorithms']);
      expect(pathsOf({ jwksUri, algorithms: ['HS256'] })).toEqual(['auth.jwt.algorithms']);
      expect(pathsOf({ publicKey: rsa.publicKey, algorithms: ['HS256'] })).toEqual(['auth.jwt.algorithms']);
      expect(pathsOf({ secret: SECRET, algorithms: ['RS256'] })).toEqual(['auth.jwt.algorithms']);
    });
  });

  it.each([
    ['clockToleranceSeconds', [-1, 3601, 1.5, '5', null, Number.NaN]],
    ['maxRememberedTokens', [-1, 1.5, '10', 1_000_001]],
    ['maxTokenBytes', [0, 255, 65_537, 1.5, '8192', Infinity]],
    ['audience', ['', [], [''], 5, ['a', 5], null]],
    ['issuer', ['', [], [''], 5, /a/]],
    ['jwks', [{}, null, 5]],
  ])('refuses as %s %j', (name, values) => {
    for (const value of values) {
      expect(pathsOf({ secret: SECRET, algorithms: ['HS256'], [name]: value })).toEqual([`auth.jwt.${name}`]);
    }
  });

  it.each([0, -1, 1.5, '5', Infinity])('refuses %p for each time of a key set', (value) => {
    const jwks = { cooldownMs: value, cacheMaxAgeMs: value, timeoutMs: value };
    expect(pathsOf({ jwksUri: 'https://id.example/', algorithms: ['RS256'], jwks })).toEqual([
      'auth.jwt.jwks.cooldownMs',
      'auth.jwt.jwks.cacheMaxAgeMs',
      'auth.jwt.jwks.timeoutMs',
    ]);
  });

  it.each(['', 'a b', 'a=b', 'a;b', 'ü', 5, true])('refuses the cookie name %j', (cookie) => {
    expect(checkAuthOptions({ cookie }, 'auth')).toMatchObject([{ path: 'auth.cookie' }]);
  });
});
