/**
 * Verifies JSON Web Tokens after RFC 8725: a length limit before anything is parsed, algorithms that the options fix, the
 * signature before anything of the payload is read, `exp` and `sub` required, `nbf`, `aud` and `iss`, no `crit`, no claim
 * twice, no `iat` in the future.
 *
 * Everything is judged in one synchronous step, unless the key must be waited for: a handshake then spends no turn of the
 * event loop on it. A signature that a pair of keys was needed for is remembered; that of a secret costs no more to
 * verify than to look up.
 *
 * All refusals look the same from outside. A key that cannot be had at the moment is no refusal: it rejects.
 */
import type { KeyObject } from 'node:crypto';
import type { Clock } from '../core/clock.js';
import { isLater } from '../core/now-or-later.js';
import type { NowOrLater } from '../core/now-or-later.js';
import type { Principal } from '../core/principal.js';
import type { JwtOptions } from './auth-options.interface.js';
import { clockToleranceMsOf, DEFAULT_MAX_REMEMBERED_TOKENS, DEFAULT_MAX_TOKEN_BYTES } from './auth-options.js';
import { JwksKeySource } from './jwks-key-source.js';
import { usesSecret } from './jwt-algorithms.js';
import { isOver, principalOf } from './jwt-claims.js';
import type { ClaimRules } from './jwt-claims.js';
import { readJsonObject } from './jwt-json.js';
import { JwtShapeReader } from './jwt-shape.js';
import type { JwtShape } from './jwt-shape.js';
import { isSignedBy } from './jwt-signature.js';
import type { KeySource } from './key-source.interface.js';
import { PushAuthenticator } from './push-authenticator.js';
import { warnOfShortSecret } from './short-secret.js';
import { StaticKeySource } from './static-key-source.js';
import { VerifiedTokens } from './verified-tokens.js';
import type { VerifiedToken } from './verified-tokens.js';

/** The built-in authenticator. */
export class JwtAuthenticator extends PushAuthenticator {
  private readonly keys: KeySource;
  private readonly algorithms: ReadonlySet<string>;
  private readonly maxTokenBytes: number;
  private readonly rules: ClaimRules;
  private readonly verified: VerifiedTokens;
  private readonly shapes = new JwtShapeReader();

  /**
   * @param options As `checkAuthOptions` accepts them; throws where there is no key among them.
   * @param tenantClaim The claim that names the tenant; all users are of one tenant without it.
   */
  constructor(
    options: JwtOptions,
    private readonly clock: Pick<Clock, 'now'>,
    tenantClaim?: string,
  ) {
    super();
    if (options.secret !== undefined) warnOfShortSecret(options.secret, options.algorithms);
    this.keys = createKeySource(options, clock);
    this.algorithms = new Set(options.algorithms);
    this.maxTokenBytes = options.maxTokenBytes ?? DEFAULT_MAX_TOKEN_BYTES;
    this.rules = {
      clockToleranceMs: clockToleranceMsOf(options),
      audiences: listOf(options.audience),
      issuers: listOf(options.issuer),
      tenantClaim,
    };
    this.verified = new VerifiedTokens(options.maxRememberedTokens ?? DEFAULT_MAX_REMEMBERED_TOKENS);
  }

  override authenticate(token: string): NowOrLater<Principal | undefined> {
    if (token.length > this.maxTokenBytes) return undefined;
    const shape = this.shapes.read(token);
    if (!shape || !this.algorithms.has(shape.hint.alg)) return undefined;
    const { hint, input, signature } = shape;
    const digest = usesSecret(hint.alg) ? undefined : this.verified.digestOf(token);
    const known = digest === undefined ? undefined : this.verified.get(digest);
    const signer = this.keys.signerOf(hint, {
      known: known?.key,
      isSignedBy: (key) => isSignedBy(key, hint.alg, input, signature),
    });
    return isLater(signer)
      ? signer.then((key) => this.judge(shape, key, digest, known))
      : this.judge(shape, signer, digest, known);
  }

  private judge(
    { payload }: JwtShape,
    key: KeyObject | undefined,
    digest: string | undefined,
    known: VerifiedToken | undefined,
  ): Principal | undefined {
    if (!key) return undefined;
    if (known?.key === key) return this.lasts(known.principal) ? known.principal : undefined;
    const claims = readJsonObject(Buffer.from(payload, 'base64url'));
    const principal = claims && principalOf(claims, this.rules, this.clock.now());
    if (principal && digest !== undefined) this.verified.add(digest, { principal, key });
    return principal;
  }

  private lasts({ expiresAtMs }: Principal): boolean {
    return !isOver(expiresAtMs, this.rules, this.clock.now());
  }
}

function createKeySource({ secret, publicKey, jwksUri, jwks }: JwtOptions, clock: Pick<Clock, 'now'>): KeySource {
  if (secret !== undefined) return StaticKeySource.fromSecret(secret);
  if (publicKey !== undefined) return StaticKeySource.fromPublicKey(publicKey);
  if (jwksUri !== undefined) return new JwksKeySource(jwksUri, jwks, clock);
  throw new TypeError('JwtOptions need one of secret, publicKey and jwksUri');
}

function listOf(names: string | readonly string[] | undefined): readonly string[] | undefined {
  return typeof names === 'string' ? [names] : names;
}
