/** A request as Express and Fastify both show it, and the readers of its parts. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Principal } from '../core/principal.js';
import type { PushErrorDetail } from '../core/push-error.js';
import { PushError } from '../core/push-error.js';
import { isGroup, isUserId } from '../protocol/names.js';
import type { PageRequest } from '../push/push-types.js';
import { ProblemException } from './problem.js';

/** What both platforms have in common. */
export interface RestRequest {
  readonly headers: IncomingHttpHeaders;
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
  readonly socket?: { readonly remoteAddress?: string | undefined } | undefined;
  /** With the query, as it was sent; Express changes `url` on the way, and keeps this. */
  readonly originalUrl?: string;
  readonly url?: string;
  /** What a guard of the host may have put there. */
  readonly user?: unknown;
}

const MAX_IDEMPOTENCY_KEY_LENGTH = 255;
const PREFERRED_WAIT = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,9})"?(?=$|[,;\s])/i;
const DIGITS = /^\d{1,9}$/;

/** A member of the request itself: keeping it in a WeakMap beside costs a tenth of a whole request in collections. */
const PRINCIPAL = Symbol('push principal');

interface JudgedRequest {
  [PRINCIPAL]?: Principal;
}

/** Keeps whom the token named; the built-in guard calls it once the token has been judged. */
export function rememberPrincipal(request: RestRequest, principal: Principal): void {
  (request as JudgedRequest)[PRINCIPAL] = principal;
}

/** Whom the token named; undefined where guards of the host have judged the request. */
export function principalOf(request: RestRequest): Principal | undefined {
  return (request as JudgedRequest)[PRINCIPAL];
}

/** Whose idempotency keys the request uses. */
export function callerOf(request: RestRequest): string {
  const principal = principalOf(request);
  if (principal) return `user:${principal.userId}`;
  const { user } = request;
  if (typeof user !== 'object' || user === null) return 'host';
  const { sub, userId, id } = user as Readonly<Record<string, unknown>>;
  const name = sub ?? userId ?? id;
  return typeof name === 'string' || typeof name === 'number' ? `host-user:${name}` : 'host';
}

/** The path as it was sent, still encoded, without the query. */
export function rawPathOf({ originalUrl, url = '' }: RestRequest): string {
  const [path = ''] = (originalUrl ?? url).split('?', 1);
  return path;
}

/** The user of the path, which the platform has decoded once. */
export function userInPath({ params }: RestRequest): string {
  return requireValid(params['userId'], isUserId, '/userId', 'must be 1 to 255 characters without control characters');
}

/** The group of the path. */
export function groupInPath({ params }: RestRequest): string {
  return requireValid(params['group'], isGroup, '/group', 'must be 1 to 128 of A-Z a-z 0-9 . _ : @ -');
}

/** The value of the `Idempotency-Key` header, or undefined. */
export function idempotencyKeyOf({ headers }: RestRequest): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && key.length > 0 && key.length <= MAX_IDEMPOTENCY_KEY_LENGTH) return key;
  throw new ProblemException({
    status: 400,
    code: 'invalid_argument',
    detail: `Idempotency-Key must have 1 to ${MAX_IDEMPOTENCY_KEY_LENGTH} characters`,
  });
}

/** The seconds of `Prefer: wait=<seconds>` (RFC 7240); undefined where there are none that can be read. */
export function preferredWaitSeconds({ headers }: RestRequest): number | undefined {
  const { prefer } = headers;
  if (prefer === undefined) return undefined;
  const seconds = PREFERRED_WAIT.exec(Array.isArray(prefer) ? prefer.join(',') : prefer)?.[1];
  return seconds === undefined ? undefined : Number(seconds);
}

/** One member of the query; undefined where it is absent. */
export function textInQuery({ query }: RestRequest, name: string): string | undefined {
  const value = query[name];
  if (value === undefined || typeof value === 'string') return value;
  throw invalid(`/${name}`, 'may be given once');
}

/** `?cursor=&limit=`. The range of the limit is checked by whoever makes the page. */
export function pageInQuery(request: RestRequest): PageRequest {
  const limit = textInQuery(request, 'limit');
  if (limit !== undefined && !DIGITS.test(limit)) throw invalid('/limit', 'must be a whole number');
  return { cursor: textInQuery(request, 'cursor'), limit: limit === undefined ? undefined : Number(limit) };
}

/** What all of them read, or one error with the problems of each. An error of another kind is thrown as it is. */
export function readAll<Values extends readonly unknown[]>(
  ...reads: { readonly [Index in keyof Values]: () => Values[Index] }
): Values {
  const problems: PushErrorDetail[] = [];
  const values = reads.map((read: () => unknown) => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof PushError) || !error.errors) throw error;
      problems.push(...error.errors);
      return undefined;
    }
  });
  if (problems.length > 0) throw invalidAll(problems);
  return values as unknown as Values;
}

/** An error with one problem. */
export function invalid(pointer: string, detail: string): PushError {
  return invalidAll([{ pointer, detail }]);
}

/** An error with these problems. */
export function invalidAll(errors: readonly PushErrorDetail[]): PushError {
  return new PushError('PUSH_ERR_INVALID_ARGUMENT', 'the request is not valid', { errors });
}

function requireValid(
  value: string | undefined,
  isValid: (value: unknown) => value is string,
  pointer: string,
  rule: string,
): string {
  if (isValid(value)) return value;
  throw invalid(pointer, rule);
}
