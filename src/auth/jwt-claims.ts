import type { Principal } from '../core/principal.js';
import { isGroup, isTenant, isUserId } from '../protocol/names.js';

/** Shared, so that a connection without groups or scopes does not keep two arrays for that. */
const NONE: readonly string[] = Object.freeze([]);

/** What claims must say beside who comes and until when. */
export interface ClaimRules {
  /** How far the issuer's clock may be off. */
  readonly clockToleranceMs: number;
  /** `aud` must hold one of these; undefined: it is not looked at. */
  readonly audiences: readonly string[] | undefined;
  /** `iss` must be one of these; undefined: it is not looked at. */
  readonly issuers: readonly string[] | undefined;
  /** The claim that names the tenant; undefined: all users are of one. */
  readonly tenantClaim: string | undefined;
}

type Claims = Readonly<Record<string, unknown>>;

/**
 * The principal that verified claims stand for at this moment (RFC 7519 section 4.1). Undefined where they name no user,
 * no end or no tenant, are of a wrong type, not for us, over, not valid yet, or issued in the future, which only a wrong
 * clock or a wrong issuer does.
 */
export function principalOf(claims: Claims, rules: ClaimRules, nowMs: number): Principal | undefined {
  const { sub, exp, iat, nbf, jti, groups, scope } = claims;
  const expiresAtMs = readMoment(exp);
  if (!isUserId(sub) || expiresAtMs === undefined || isOver(expiresAtMs, rules, nowMs)) return undefined;
  const latestMs = nowMs + rules.clockToleranceMs;
  if (isLater(iat, latestMs) || isLater(nbf, latestMs) || !isForUs(claims, rules)) return undefined;
  // A token id of another type could never be revoked.
  if (jti !== undefined && typeof jti !== 'string') return undefined;
  const principal = {
    userId: sub,
    groups: readGroups(groups),
    scopes: readScopes(scope),
    expiresAtMs,
    issuedAtMs: readMoment(iat),
    tokenId: jti,
  };
  const { tenantClaim } = rules;
  if (tenantClaim === undefined) return principal;
  const tenant = Object.hasOwn(claims, tenantClaim) ? claims[tenantClaim] : undefined;
  return isTenant(tenant) ? { ...principal, tenant } : undefined;
}

/** Whether a token that ends then has ended by now. */
export function isOver(expiresAtMs: number, { clockToleranceMs }: ClaimRules, nowMs: number): boolean {
  return nowMs >= expiresAtMs + clockToleranceMs;
}

/** Whether the claim is there and no moment until then. */
function isLater(claim: unknown, latestMs: number): boolean {
  if (claim === undefined) return false;
  const momentMs = readMoment(claim);
  return momentMs === undefined || momentMs > latestMs;
}

function isForUs({ aud, iss }: Claims, { audiences, issuers }: ClaimRules): boolean {
  if (issuers && !(typeof iss === 'string' && issuers.includes(iss))) return false;
  if (!audiences) return true;
  const named: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  return named.some((name) => typeof name === 'string' && audiences.includes(name));
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

/** RFC 8693 section 4.2 has words with spaces between; some issuers send an array. No scope has a space in it. */
function readScopes(value: unknown): readonly string[] {
  const texts: unknown[] = Array.isArray(value) ? value : [value];
  const words = texts.flatMap((text) => (typeof text === 'string' ? text.split(' ') : []));
  return distinct(words.filter((word) => word !== ''));
}

function distinct(words: readonly string[]): readonly string[] {
  return words.length === 0 ? NONE : [...new Set(words)];
}
