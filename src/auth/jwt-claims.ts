import type { Principal } from '../core/principal.js';
import { isGroup, isTenant, isUserId } from '../protocol/names.js';

/** Shared, so that a connection without groups or scopes does not keep two arrays for that. */
const NONE: readonly string[] = Object.freeze([]);

/**
 * The principal that verified claims stand for; undefined where they name no user or no end, are of a wrong type, or
 * were issued after `latestIssueMs`, which only a wrong clock or a wrong issuer does. With a `tenantClaim` also where that
 * claim names no tenant.
 */
export function principalOf(claims: object, latestIssueMs: number, tenantClaim?: string): Principal | undefined {
  const { sub, exp, iat, jti, groups, scope } = claims as Readonly<Record<string, unknown>>;
  const expiresAtMs = readMoment(exp);
  const issuedAtMs = readMoment(iat);
  if (!isUserId(sub) || expiresAtMs === undefined) return undefined;
  if (iat !== undefined && (issuedAtMs === undefined || issuedAtMs > latestIssueMs)) return undefined;
  // A token id of another type could never be revoked.
  if (jti !== undefined && typeof jti !== 'string') return undefined;
  const principal = {
    userId: sub,
    groups: readGroups(groups),
    scopes: readScopes(scope),
    expiresAtMs,
    issuedAtMs,
    tokenId: jti,
  };
  if (tenantClaim === undefined) return principal;
  const tenant = Object.hasOwn(claims, tenantClaim) ? (claims as Record<string, unknown>)[tenantClaim] : undefined;
  return isTenant(tenant) ? { ...principal, tenant } : undefined;
}

/** RFC 7519 section 2, NumericDate. JSON can spell numbers that are infinite, such as `1e999`. */
function readMoment(value: unknown): number | undefined {
  if (typeof value !== 'number') return undefined;
  const momentMs = Math.floor(value * 1000);
  return Number.isFinite(momentMs) ? momentMs : undefined;
}

function readGroups(value: unknown): readonly string[] {
  return Array.isArray(value) ? distinct(value.filter(isGroup)) : NONE;
}

/** RFC 8693 section 4.2 has words with spaces between; some issuers send an array. */
function readScopes(value: unknown): readonly string[] {
  const words: unknown[] = typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? value : [];
  return distinct(words.filter((word): word is string => typeof word === 'string' && word !== ''));
}

function distinct(words: readonly string[]): readonly string[] {
  return words.length === 0 ? NONE : [...new Set(words)];
}
