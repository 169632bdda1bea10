/** Defaults and checks of the `auth` slice of the options. The checks list every problem and never repeat a secret. */
import { describeReceived, quoteReceived } from '../core/option-problem.js';
import type { OptionProblem } from '../core/option-problem.js';
import type { JwksOptions, JwtOptions, PushAuthOptions } from './auth-options.interface.js';
import { JWT_ALGORITHMS, isJwtAlgorithm, usesSecret } from './jwt-algorithms.js';
import { publicKeyProblem } from './static-key-source.js';

/** How far the issuer's clock may be off, in seconds. */
export const DEFAULT_CLOCK_TOLERANCE_SECONDS = 5;
/** Longest token in bytes. */
export const DEFAULT_MAX_TOKEN_BYTES = 8192;
/** Verified tokens that are remembered. */
export const DEFAULT_MAX_REMEMBERED_TOKENS = 20_000;
/** How the keys of an issuer are fetched and kept. */
export const JWKS_DEFAULTS: { readonly [Name in keyof JwksOptions]-?: number } = {
  cooldownMs: 30_000,
  cacheMaxAgeMs: 600_000,
  timeoutMs: 3_000,
};

/** How far the clocks of issuer and server may be apart, in milliseconds. */
export function clockToleranceMsOf(jwt: Pick<JwtOptions, 'clockToleranceSeconds'> | undefined): number {
  return (jwt?.clockToleranceSeconds ?? DEFAULT_CLOCK_TOLERANCE_SECONDS) * 1000;
}

type Members = Readonly<Record<string, unknown>>;

const AUTH_KEYS: readonly (keyof PushAuthOptions)[] = ['jwt', 'cookie', 'accessTokenQuery', 'tenantClaim'];
const KEY_SOURCES = ['secret', 'publicKey', 'jwksUri'] as const satisfies readonly (keyof JwtOptions)[];
const JWT_KEYS: readonly (keyof JwtOptions)[] = [
  ...KEY_SOURCES,
  'algorithms',
  'audience',
  'issuer',
  'clockToleranceSeconds',
  'maxTokenBytes',
  'maxRememberedTokens',
  'jwks',
];
const DAY_MS = 86_400_000;
const MAX_CLOCK_TOLERANCE_SECONDS = 3600;
const MAX_REMEMBERED_TOKENS = 1_000_000;
const TOKEN_BYTES_RANGE = [256, 65_536] as const;
/** RFC 6265 section 4.1.1: a token of RFC 9110. */
const COOKIE_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/;

/** Every problem of the value as {@link PushAuthOptions}; none for undefined. `path` is where the value stands. */
export function checkAuthOptions(value: unknown, path: string): OptionProblem[] {
  if (value === undefined) return [];
  if (!isObject(value)) return [problem(path, value, 'an object such as { jwt: { secret, algorithms } }')];
  const problems = unknownKeys(value, AUTH_KEYS, path);
  const { jwt, cookie, accessTokenQuery, tenantClaim } = value;
  if (jwt !== undefined) problems.push(...checkJwtOptions(jwt, `${path}.jwt`));
  if (cookie !== undefined && !(typeof cookie === 'string' && COOKIE_NAME.test(cookie))) {
    problems.push(problem(`${path}.cookie`, cookie, 'the name of a cookie'));
  }
  if (accessTokenQuery !== undefined && typeof accessTokenQuery !== 'boolean') {
    problems.push(problem(`${path}.accessTokenQuery`, accessTokenQuery, 'true or false'));
  }
  if (tenantClaim !== undefined) problems.push(...checkTenantClaim(tenantClaim, jwt, `${path}.tenantClaim`));
  return problems;
}

/** Tokens that somebody else checks have no claim that is read here: to name one would keep nobody apart. */
function checkTenantClaim(value: unknown, jwt: unknown, path: string): OptionProblem[] {
  if (typeof value !== 'string' || value === '') return [problem(path, value, 'the name of a claim')];
  return jwt === undefined ? [problem(path, value, 'nothing without auth.jwt')] : [];
}

function checkJwtOptions(value: unknown, path: string): OptionProblem[] {
  if (!isObject(value)) return [problem(path, value, 'an object such as { secret, algorithms }')];
  return [
    ...unknownKeys(value, JWT_KEYS, path),
    ...checkKeys(value, path),
    ...checkAlgorithms(value, path),
    ...checkNames(value['audience'], `${path}.audience`),
    ...checkNames(value['issuer'], `${path}.issuer`),
    ...checkNumber(value['clockToleranceSeconds'], `${path}.clockToleranceSeconds`, 0, MAX_CLOCK_TOLERANCE_SECONDS),
    ...checkNumber(value['maxTokenBytes'], `${path}.maxTokenBytes`, ...TOKEN_BYTES_RANGE),
    ...checkNumber(value['maxRememberedTokens'], `${path}.maxRememberedTokens`, 0, MAX_REMEMBERED_TOKENS),
    ...checkJwks(value, path),
  ];
}

function checkKeys(options: Members, path: string): OptionProblem[] {
  const given = KEY_SOURCES.filter((name) => options[name] !== undefined);
  if (given.length !== 1) {
    const received = given.length === 0 ? 'none of them' : given.join(' and ');
    return [{ path, received, expected: 'exactly one of secret, publicKey and jwksUri' }];
  }
  const { secret, publicKey, jwksUri } = options;
  if (secret !== undefined && !isSecret(secret)) {
    return [problem(`${path}.secret`, secret, 'a text or a Buffer that is not empty')];
  }
  if (publicKey !== undefined) {
    const expected = publicKeyProblem(publicKey, listedAlgorithms(options));
    if (expected !== undefined) return [problem(`${path}.publicKey`, publicKey, expected)];
  }
  if (jwksUri !== undefined && !isFetchable(jwksUri)) {
    return [problem(`${path}.jwksUri`, jwksUri, 'an https: or http: address without user and password')];
  }
  return [];
}

function checkAlgorithms(options: Members, path: string): OptionProblem[] {
  const at = `${path}.algorithms`;
  const { algorithms } = options;
  const oneOf = JWT_ALGORITHMS.join(', ');
  if (!Array.isArray(algorithms) || algorithms.length === 0) {
    return [problem(at, algorithms, `a list of one or more of ${oneOf}`)];
  }
  const problems = algorithms.flatMap((algorithm: unknown, index) =>
    isJwtAlgorithm(algorithm)
      ? []
      : [{ path: `${at}[${index}]`, received: quoteReceived(algorithm), expected: `one of ${oneOf}` }],
  );
  const misfits = mixedAlgorithms(options);
  if (misfits !== undefined)
    problems.push({ path: at, received: listedAlgorithms(options).join(', '), expected: misfits });
  return problems;
}

/**
 * An HS algorithm beside a public key is how tokens are forged: the public key would be the secret (RFC 8725 section
 * 2.1). So an algorithm of the wrong kind is an error at start, not a matter of the token.
 */
function mixedAlgorithms(options: Members): string | undefined {
  const secretly = listedAlgorithms(options).map(usesSecret);
  if (new Set(secretly).size > 1) return 'either HS algorithms or others, not both';
  const { secret, publicKey, jwksUri } = options;
  if (secret !== undefined && secretly.includes(false)) return 'HS algorithms, as there is a secret';
  if ((publicKey !== undefined || jwksUri !== undefined) && secretly.includes(true)) {
    return 'RS, PS or ES algorithms, as there is a public key';
  }
  return undefined;
}

function checkJwks(options: Members, path: string): OptionProblem[] {
  const { jwks, jwksUri } = options;
  const at = `${path}.jwks`;
  if (jwks === undefined) return [];
  if (!isObject(jwks)) return [problem(at, jwks, 'an object')];
  const names = Object.keys(JWKS_DEFAULTS);
  const problems = [
    ...unknownKeys(jwks, names, at),
    ...names.flatMap((name) => checkNumber(jwks[name], `${at}.${name}`, 1, DAY_MS)),
  ];
  if (jwksUri === undefined) problems.push(problem(at, jwks, 'nothing without jwksUri'));
  return problems;
}

function checkNames(value: unknown, path: string): OptionProblem[] {
  const isName = (name: unknown) => typeof name === 'string' && name !== '';
  const isFine =
    value === undefined || isName(value) || (Array.isArray(value) && value.length > 0 && value.every(isName));
  return isFine ? [] : [problem(path, value, 'a text or a list of texts, none of them empty')];
}

function checkNumber(value: unknown, path: string, min: number, max: number): OptionProblem[] {
  if (value === undefined || (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max)) {
    return [];
  }
  return [problem(path, value, `a whole number from ${min} to ${max}`)];
}

function unknownKeys(value: Members, known: readonly string[], path: string): OptionProblem[] {
  return Object.keys(value)
    .filter((key) => !known.includes(key))
    .map((key) => ({ path: `${path}.${key}`, received: 'an option', expected: `one of ${known.join(', ')}` }));
}

function listedAlgorithms({ algorithms }: Members) {
  return Array.isArray(algorithms) ? (algorithms as unknown[]).filter(isJwtAlgorithm) : [];
}

function isSecret(value: unknown): boolean {
  return (typeof value === 'string' || Buffer.isBuffer(value)) && value.length > 0;
}

/** `fetch` takes no address with a user and a password. */
function isFetchable(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const { protocol, username, password } = new URL(value);
  return (protocol === 'https:' || protocol === 'http:') && username === '' && password === '';
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function problem(path: string, value: unknown, expected: string): OptionProblem {
  return { path, received: describeReceived(value), expected };
}
