/**
 * Verifies JSON Web Tokens after RFC 8725. The signature, `nbf`, `exp`, `aud` and `iss` are judged by `@nestjs/jwt`,
 * with algorithms that the options fix. Around it stands what that library lets pass: a length limit before anything is
 * parsed, `exp` and `sub` required, no `crit`, no claim twice, no `iat` in the future.
 *
 * A token that was verified lately is not verified from scratch: its end and its key are judged each time, the rest of
 * it cannot change.
 *
 * All refusals look the same from outside. A key that cannot be had at the moment is no refusal: it rejects.
 */
import type { KeyObject } from 'node:crypto';
import { JwtService } from '@nestjs/jwt';
import type { JwtModuleOptions } from '@nestjs/jwt';
import type { Clock } from '../core/clock.js';
import type { Principal } from '../core/principal.js';
import type { JwtOptions } from './auth-options.interface.js';
import {
  DEFAULT_CLOCK_TOLERANCE_SECONDS,
  DEFAULT_MAX_REMEMBERED_TOKENS,
  DEFAULT_MAX_TOKEN_BYTES,
} from './auth-options.js';
import { JwksKeySource } from './jwks-key-source.js';
import { principalOf } from './jwt-claims.js';
import { readJwtShape } from './jwt-shape.js';
import type { KeySource } from './key-source.interface.js';
import { PushAuthenticator } from './push-authenticator.js';
import { StaticKeySource } from './static-key-source.js';
import { VerifiedTokens } from './verified-tokens.js';

/** The built-in authenticator. */
export class JwtAuthenticator extends PushAuthenticator {
  private readonly keys: KeySource;
  private readonly algorithms: ReadonlySet<string>;
  private readonly maxTokenBytes: number;
  private readonly clockToleranceMs: number;
  private readonly verified: VerifiedTokens;
  private readonly verifyOptions: NonNullable<JwtModuleOptions['verifyOptions']>;
  /** One for each key, made at its first token; it goes when the key goes. */
  private readonly verifiers = new WeakMap<KeyObject, JwtService>();

  /**
   * @param options As `checkAuthOptions` accepts them; throws where there is no key among them.
   * @param tenantClaim The claim that names the tenant; all users are of one tenant without it.
   */
  constructor(
    options: JwtOptions,
    private readonly clock: Pick<Clock, 'now'>,
    private readonly tenantClaim?: string,
  ) {
    super();
    const clockTolerance = options.clockToleranceSeconds ?? DEFAULT_CLOCK_TOLERANCE_SECONDS;
    this.keys = createKeySource(options, clock);
    this.algorithms = new Set(options.algorithms);
    this.maxTokenBytes = options.maxTokenBytes ?? DEFAULT_MAX_TOKEN_BYTES;
    this.clockToleranceMs = clockTolerance * 1000;
    this.verified = new VerifiedTokens(options.maxRememberedTokens ?? DEFAULT_MAX_REMEMBERED_TOKENS);
    this.verifyOptions = {
      algorithms: [...options.algorithms],
      clockTolerance,
      ...(options.audience === undefined ? {} : { audience: oneOf(options.audience) }),
      ...(options.issuer === undefined ? {} : { issuer: oneOf(options.issuer) }),
    };
  }

  override async authenticate(token: string): Promise<Principal | undefined> {
    if (token.length > this.maxTokenBytes) return undefined;
    const digest = this.verified.digestOf(token);
    const known = digest === undefined ? undefined : this.verified.get(digest);
    if (known && digest !== undefined) {
      if ((await this.keys.keyFor(known.hint)) === known.key && !this.isOver(known.principal)) return known.principal;
      this.verified.remove(digest);
    }
    return this.authenticateAnew(token, digest);
  }

  private async authenticateAnew(token: string, digest: string | undefined): Promise<Principal | undefined> {
    const shape = readJwtShape(token);
    if (!shape || !this.algorithms.has(shape.hint.alg)) return undefined;
    const key = await this.keys.keyFor(shape.hint);
    const claims = key && (await this.verify(token, key));
    if (!claims || Object.keys(claims).length !== shape.claimCount) return undefined;
    const principal = principalOf(claims, this.clock.now() + this.clockToleranceMs, this.tenantClaim);
    if (principal && digest !== undefined) this.verified.add(digest, { principal, key, hint: shape.hint });
    return principal;
  }

  private isOver({ expiresAtMs }: Principal): boolean {
    return this.clock.now() >= expiresAtMs + this.clockToleranceMs;
  }

  private async verify(token: string, key: KeyObject): Promise<object | undefined> {
    try {
      return await this.verifierOf(key).verifyAsync<object>(token, { clockTimestamp: this.nowSeconds() });
    } catch {
      return undefined;
    }
  }

  private verifierOf(key: KeyObject): JwtService {
    let verifier = this.verifiers.get(key);
    if (!verifier) {
      verifier = new JwtService({ secret: key, verifyOptions: this.verifyOptions });
      this.verifiers.set(key, verifier);
    }
    return verifier;
  }

  /** Not 0, which the library takes for "not given". */
  private nowSeconds(): number {
    return Math.max(1, Math.floor(this.clock.now() / 1000));
  }
}

function createKeySource({ secret, publicKey, jwksUri, jwks }: JwtOptions, clock: Pick<Clock, 'now'>): KeySource {
  if (secret !== undefined) return StaticKeySource.fromSecret(secret);
  if (publicKey !== undefined) return StaticKeySource.fromPublicKey(publicKey);
  if (jwksUri !== undefined) return new JwksKeySource(jwksUri, jwks, clock);
  throw new TypeError('JwtOptions need one of secret, publicKey and jwksUri');
}

function oneOf(names: string | readonly string[]): [string, ...string[]] {
  const [first = '', ...others] = typeof names === 'string' ? [names] : names;
  return [first, ...others];
}
