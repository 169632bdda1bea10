import { describeReceived, quoteReceived } from '../../core/option-problem.js';
import type { OptionProblem } from '../../core/option-problem.js';

/** How to reach Redis, and what of it is this application's. */
export interface RedisBackingOptions {
  /**
   * Such as `redis://user:password@redis.example:6379/0`; `rediss://` for TLS. The server is a standalone one, or a name
   * that leads to whichever is the master.
   */
  readonly url: string;
  /**
   * What the nodes know each other's messages by, the same on all of them, at least 16 characters. Without it one is made up
   * and kept in Redis, where whoever can read keys can read it.
   */
  readonly secret?: string | undefined;
  /**
   * Before the names of all keys and channels. Applications that share a Redis each have one of their own.
   * @default 'push'
   */
  readonly keyPrefix?: string;
}

/** Applies where {@link RedisBackingOptions.keyPrefix} is left out. */
export const DEFAULT_KEY_PREFIX = 'push';

/** Braces would move the hash tag, and patterns of an ACL must be able to name it. */
const KEY_PREFIX = /^[A-Za-z0-9._:-]{1,64}$/;
const MIN_SECRET_LENGTH = 16;
const KNOWN = new Set(['url', 'secret', 'keyPrefix']);

/** What is wrong with the options. Never tells a password or a secret. */
export function checkRedisOptions(options: unknown): readonly OptionProblem[] {
  if (typeof options !== 'object' || options === null)
    return [{ path: '', received: describeReceived(options), expected: 'redis({ url })' }];
  const { url, secret, keyPrefix } = options as Readonly<Record<string, unknown>>;
  const problems: OptionProblem[] = [];
  for (const path of Object.keys(options))
    if (!KNOWN.has(path)) problems.push({ path, received: 'an option', expected: 'no option of this name' });
  if (!isRedisUrl(url)) {
    const expected = 'redis://host:port, or rediss:// for TLS, with the number of a database at most behind it';
    problems.push({ path: 'url', received: describeReceived(url), expected });
  }
  if (secret !== undefined && !(typeof secret === 'string' && secret.length >= MIN_SECRET_LENGTH)) {
    const expected = `a text of at least ${MIN_SECRET_LENGTH} characters`;
    problems.push({ path: 'secret', received: describeReceived(secret), expected });
  }
  if (keyPrefix !== undefined && !(typeof keyPrefix === 'string' && KEY_PREFIX.test(keyPrefix))) {
    const expected = '1 to 64 letters, digits and . _ : -';
    problems.push({ path: 'keyPrefix', received: quoteReceived(keyPrefix), expected });
  }
  return problems;
}

function isRedisUrl(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const { protocol, hostname, pathname, search, hash } = new URL(value);
  if (protocol !== 'redis:' && protocol !== 'rediss:') return false;
  // What the driver would read from a query is set by the backing, and must stay as it is.
  return hostname !== '' && /^(\/\d{0,5})?$/.test(pathname) && search === '' && hash === '';
}
