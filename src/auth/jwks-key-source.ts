/**
 * The keys that an issuer publishes (RFC 7517). `jose` fetches, reads and picks them; when it fetches is decided here:
 *
 * - at the first token, when the keys are older than `cacheMaxAgeMs`, and at once for a token with an unknown key id, or
 *   with none and the signature of none of the keys, but for the sake of those at most every `cooldownMs`: strangers make
 *   them up for nothing;
 * - one fetch at a time, shared by all who wait for it;
 * - after a failure not before a back-off is over, and while there are keys nobody waits for that attempt, so that a
 *   dead issuer costs one handshake its time limit and not every one;
 * - the last good keys stay until there are newer ones. An empty answer is a failure.
 *
 * A token may fit several keys: it names none, or two have the same id. Each is tried then, up to {@link MAX_TRIED_KEYS},
 * so that a bad token costs as many signatures and no more.
 */
import { KeyObject } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { CryptoKey, FetchImplementation, RemoteJWKSet } from 'jose';
import type { Clock } from '../core/clock.js';
import { PushError } from '../core/push-error.js';
import type { JwksOptions } from './auth-options.interface.js';
import { JWKS_DEFAULTS } from './auth-options.js';
import { isWeakRsaKey } from './jwt-algorithms.js';
import type { KeyHint, KeySource } from './key-source.interface.js';
import { findSigner } from './signature-test.js';
import type { SignatureTest } from './signature-test.js';

const FIRST_BACK_OFF_MS = 1_000;
const MAX_BACK_OFF_MS = 30_000;
/** Longest answer of an issuer. A set of a hundred keys has some 50 KiB, with certificates some 400. */
const MAX_SET_BYTES = 1_048_576;

/** Most keys of a set that one token is held against. */
const MAX_TRIED_KEYS = 8;

/** Follows the keys of one issuer. Asks nothing of it before the first token. */
export class JwksKeySource implements KeySource {
  private readonly options: typeof JWKS_DEFAULTS;
  private readonly logger = new Logger(JwksKeySource.name);
  private readonly keyObjects = new WeakMap<CryptoKey, KeyObject>();
  private opening: Promise<RemoteJWKSet> | undefined;
  private attempt: Promise<boolean> | undefined;
  private fetchedAtMs: number | undefined;
  /** When a fetch for the sake of an unknown key id began last. */
  private searchedAtMs = Number.NEGATIVE_INFINITY;
  private failures = 0;
  private nextAttemptAtMs = 0;
  private lastFailure: unknown;

  constructor(
    private readonly uri: string,
    options: JwksOptions | undefined,
    private readonly clock: Pick<Clock, 'now'>,
  ) {
    this.options = {
      cooldownMs: options?.cooldownMs ?? JWKS_DEFAULTS.cooldownMs,
      cacheMaxAgeMs: options?.cacheMaxAgeMs ?? JWKS_DEFAULTS.cacheMaxAgeMs,
      timeoutMs: options?.timeoutMs ?? JWKS_DEFAULTS.timeoutMs,
    };
  }

  async signerOf(hint: KeyHint, test: SignatureTest): Promise<KeyObject | undefined> {
    const askedAtMs = this.clock.now();
    this.opening ??= openKeySet(this.uri, this.options.timeoutMs);
    const keySet = await this.opening;
    if (!(await this.hasKeys(keySet))) throw this.unavailable();
    const keys = await this.find(keySet, hint);
    const signer = findSigner(keys, test);
    // A key that is named and known is the one: that it has not signed the token makes nobody look for another.
    const isJudged = signer !== undefined || (hint.kid !== undefined && keys.length > 0);
    if (isJudged || !this.maySearch(askedAtMs)) return signer;
    if (this.mayAttempt) this.searchedAtMs = this.clock.now();
    return (await this.refresh(keySet)) ? findSigner(await this.find(keySet, hint), test) : undefined;
  }

  /** Whether it is worth asking the issuer again: not where its keys were fetched for this very question. */
  private maySearch(askedAtMs: number): boolean {
    const isKnownBefore = this.fetchedAtMs !== undefined && this.fetchedAtMs < askedAtMs;
    return isKnownBefore && this.clock.now() - this.searchedAtMs >= this.options.cooldownMs;
  }

  private async hasKeys(keySet: RemoteJWKSet): Promise<boolean> {
    if (this.fetchedAtMs === undefined) return this.mayAttempt && this.fetch(keySet);
    if (this.ageMs >= this.options.cacheMaxAgeMs) await this.refresh(keySet);
    return true;
  }

  /** Says whether there are newer keys now. Does not wait for an issuer that failed the last time. */
  private async refresh(keySet: RemoteJWKSet): Promise<boolean> {
    if (!this.mayAttempt) return false;
    const attempt = this.fetch(keySet);
    return this.failures === 0 && attempt;
  }

  /** Milliseconds since the keys were fetched. */
  private get ageMs(): number {
    return this.fetchedAtMs === undefined ? Infinity : this.clock.now() - this.fetchedAtMs;
  }

  private get mayAttempt(): boolean {
    return this.attempt !== undefined || this.clock.now() >= this.nextAttemptAtMs;
  }

  /** Fetches, or joins the fetch under way. Resolves to whether it succeeded; never rejects. */
  private fetch(keySet: RemoteJWKSet): Promise<boolean> {
    this.attempt ??= keySet
      .reload()
      .then(
        () => this.fetchSucceeded(),
        (cause: unknown) => this.fetchFailed(cause),
      )
      .finally(() => {
        this.attempt = undefined;
      });
    return this.attempt;
  }

  private fetchSucceeded(): boolean {
    if (this.failures > 0) this.logger.log('The keys of the token issuer can be fetched again.');
    this.failures = 0;
    this.lastFailure = undefined;
    this.fetchedAtMs = this.clock.now();
    return true;
  }

  private fetchFailed(cause: unknown): boolean {
    const backOffMs = Math.min(FIRST_BACK_OFF_MS * 2 ** this.failures, MAX_BACK_OFF_MS);
    if (this.failures === 0) {
      const meanwhile = this.fetchedAtMs === undefined ? 'no token can be checked' : 'the last good ones are used';
      this.logger.warn(`The keys of the token issuer cannot be fetched; meanwhile ${meanwhile}. ${String(cause)}`);
    }
    this.failures++;
    this.lastFailure = cause;
    this.nextAttemptAtMs = this.clock.now() + backOffMs;
    return false;
  }

  /** The keys that may be meant; weak ones are none. */
  private async find(keySet: RemoteJWKSet, { alg, kid }: KeyHint): Promise<readonly KeyObject[]> {
    try {
      return this.strongOf([await keySet(kid === undefined ? { alg } : { alg, kid })]);
    } catch (cause) {
      return this.strongOf(await keysOf(cause));
    }
  }

  private strongOf(keys: readonly CryptoKey[]): readonly KeyObject[] {
    return keys.map((key) => this.keyObjectOf(key)).filter((key) => !isWeakRsaKey(key));
  }

  private keyObjectOf(key: CryptoKey): KeyObject {
    const known = this.keyObjects.get(key);
    if (known) return known;
    const made = KeyObject.from(key);
    this.keyObjects.set(key, made);
    return made;
  }

  private unavailable(): PushError {
    return new PushError('PUSH_ERR_UNAVAILABLE', 'the keys of the token issuer cannot be fetched', {
      retryAfterMs: Math.max(0, this.nextAttemptAtMs - this.clock.now()),
      cause: this.lastFailure,
    });
  }
}

/** Loads `jose` only where it is used. Its own refreshing is switched off: when to fetch is decided above. */
async function openKeySet(uri: string, timeoutDuration: number): Promise<RemoteJWKSet> {
  const { createRemoteJWKSet, customFetch } = await import('jose');
  return createRemoteJWKSet(new URL(uri), {
    timeoutDuration,
    cooldownDuration: Infinity,
    cacheMaxAge: Infinity,
    [customFetch]: fetchSomeKeys,
  });
}

/** What `jose` gives with its error where several keys fit, and nothing where none does. */
async function keysOf(cause: unknown): Promise<readonly CryptoKey[]> {
  const found: CryptoKey[] = [];
  if (!(cause instanceof Error && Symbol.asyncIterator in cause)) return found;
  for await (const key of cause as AsyncIterable<CryptoKey>) {
    found.push(key);
    if (found.length === MAX_TRIED_KEYS) break;
  }
  return found;
}

/** A set without keys, as an issuer may serve while it starts, must not take the place of the last good one. */
const fetchSomeKeys: FetchImplementation = async (url, options) => {
  const response = await fetch(url, options);
  if (response.status !== 200) throw new Error(`the issuer answered with status ${response.status}`);
  const text = await readText(response);
  const { keys } = JSON.parse(text) as { readonly keys?: unknown };
  if (!Array.isArray(keys) || keys.length === 0) throw new Error('the issuer answered with no keys');
  return new Response(text);
};

/** The whole body, unless it is too long: `response.text()` would take whatever comes until the time is over. */
async function readText({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > MAX_SET_BYTES) throw new Error(`the issuer answered with more than ${MAX_SET_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
