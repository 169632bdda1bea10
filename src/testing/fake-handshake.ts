/** The checks that a client of a test has in common with one that came through the handshake. */
import type { PushErrorDetail } from '../core/push-error.js';
import { isTenant } from '../protocol/names.js';
import { groupProblems, throwIfAny, userIdProblems } from '../push/send-validation.js';

/** Who connects in a test. */
export interface FakeClientOptions {
  /** @default the default tenant */
  readonly tenant?: string;
  readonly groups?: readonly string[];
  readonly scopes?: readonly string[];
  /** How long the token lasts. @default 3_600 */
  readonly expiresInSeconds?: number;
}

/** Who would be connected; what the options leave out has its default. */
export interface FakeKnock extends Required<Omit<FakeClientOptions, 'tenant'>> {
  readonly userId: string;
  readonly tenant: string | undefined;
}

/** What is there, and what may be. */
export interface FakePlaces {
  readonly connections: number;
  readonly maxConnections: number;
  readonly ofUser: number;
  readonly maxPerUser: number;
}

/** Throws a PushError that lists everything by which no good token could have brought this client. */
export function assertBearer(knock: FakeKnock, clockToleranceMs: number): void {
  const { userId, tenant, groups, scopes, expiresInSeconds } = knock;
  const errors = userIdProblems(userId);
  if (tenant !== undefined && !isTenant(tenant))
    errors.push({ pointer: '/tenant', detail: 'a tenant is 1 to 128 characters without control characters' });
  errors.push(...listProblems(groups, '/groups', groupProblems), ...listProblems(scopes, '/scopes', scopeProblems));
  const least = -clockToleranceMs / 1_000;
  if (!Number.isFinite(expiresInSeconds) || expiresInSeconds <= least)
    errors.push({ pointer: '/expiresInSeconds', detail: `a number greater than ${least}, or the token is over` });
  throwIfAny(errors);
}

/** Throws a PushError where the limits leave no room for one more. */
export function assertPlace({ connections, maxConnections, ofUser, maxPerUser }: FakePlaces): void {
  const errors: PushErrorDetail[] = [];
  if (connections >= maxConnections)
    errors.push({ pointer: '', detail: `maxConnections is ${maxConnections}: the handshake answers 503` });
  if (ofUser >= maxPerUser)
    errors.push({ pointer: '/userId', detail: `maxPerUser is ${maxPerUser}: the handshake answers 429` });
  throwIfAny(errors);
}

function listProblems(
  values: unknown,
  pointer: string,
  problemsOf: (value: unknown, pointer: string) => PushErrorDetail[],
): PushErrorDetail[] {
  if (!Array.isArray(values)) return [{ pointer, detail: 'must be a list' }];
  return values.flatMap((value, index) => problemsOf(value, `${pointer}/${index}`));
}

function scopeProblems(scope: unknown, pointer: string): PushErrorDetail[] {
  const isWord = typeof scope === 'string' && /^[^ ]+$/.test(scope);
  return isWord ? [] : [{ pointer, detail: 'a scope is one word' }];
}
