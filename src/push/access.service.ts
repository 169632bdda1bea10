import type { PushAuthenticator } from '../auth/push-authenticator.js';
import type { RevocationList, RevokedTokens } from '../backing/revocation-list.interface.js';
import type { Clock } from '../core/clock.js';
import { isLater } from '../core/now-or-later.js';
import type { NowOrLater } from '../core/now-or-later.js';
import type { Principal } from '../core/principal.js';
import type { PushErrorDetail } from '../core/push-error.js';
import { parseIsoTime } from '../protocol/iso-time.js';
import type { ConsolePasses } from './console-passes.js';
import type { Revocation } from './push-types.js';
import { assertUserId, throwIfAny } from './send-validation.js';

/** Longest token id that can be revoked, in UTF-16 code units. */
const MAX_TOKEN_ID_LENGTH = 255;
/** `2026-01-31`, or with a time that names its zone. */
const ISO_8601 = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d))?$/;

/**
 * Who may come in: the authenticator's verdict, less the tokens that ended before their time. A host may inject it to
 * check tokens on its own routes the same way.
 */
export class AccessService {
  /** What the console is opened with by those whom guards of the host let in; undefined where there is none. */
  passes: ConsolePasses | undefined;

  /** @param clockToleranceMs How far the clock of whoever names a moment may be ahead. */
  constructor(
    private readonly authenticator: PushAuthenticator,
    private readonly revocations: RevocationList,
    private readonly clock: Pick<Clock, 'now'>,
    private readonly clockToleranceMs: number,
  ) {}

  /**
   * Resolves to the bearer of the token, or to undefined where the token is refused or revoked. Rejects where that
   * cannot be said at the moment.
   */
  async verify(token: string): Promise<Principal | undefined> {
    return this.judge(token);
  }

  /** As {@link verify}, without a promise where the authenticator needs none. Throws what it throws. */
  judge(token: string): NowOrLater<Principal | undefined> {
    const isPass = this.passes?.owns(token) === true;
    const bearer = isPass ? this.passes?.read(token) : this.authenticator.authenticate(token);
    return isLater(bearer) ? bearer.then((principal) => this.admissible(principal)) : this.admissible(bearer);
  }

  /** Whether the token that the principal came with has been revoked. */
  isRevoked(principal: Principal): boolean {
    return this.revocations.isRevoked(principal);
  }

  /**
   * Ends tokens of a tenant, the default one for undefined, from now on. Rejects with a PushError that lists what is wrong
   * with the revocation, or `PUSH_ERR_UNAVAILABLE` where it cannot be remembered.
   */
  async revoke(revocation: Revocation, tenant?: string): Promise<void> {
    await this.revocations.revoke({ ...this.read(revocation), tenant });
  }

  /** Resolves when this node knows which tokens other nodes have ended by now; rejects where that cannot be read. */
  async catchUp(): Promise<void> {
    await this.revocations.catchUp();
  }

  /** Names who hears of tokens that other nodes have ended. */
  onRevoked(listener: () => void): void {
    this.revocations.onRevoked(listener);
  }

  private admissible(principal: Principal | undefined): Principal | undefined {
    if (!principal) return undefined;
    const isOver = this.clock.now() >= principal.expiresAtMs + this.clockToleranceMs;
    return isOver || this.revocations.isRevoked(principal) ? undefined : principal;
  }

  private read({ sub, jti, issuedBefore }: Revocation): RevokedTokens {
    const given = [sub, jti, issuedBefore].filter((member) => member !== undefined);
    if (given.length !== 1) reject('', 'exactly one of sub, jti and issuedBefore');
    if (sub !== undefined) {
      assertUserId(sub, '/sub');
      return { type: 'user', userId: sub, untilMs: this.clock.now() };
    }
    if (jti !== undefined) {
      if (typeof jti !== 'string' || jti === '' || jti.length > MAX_TOKEN_ID_LENGTH) {
        reject('/jti', `1 to ${MAX_TOKEN_ID_LENGTH} characters`);
      }
      return { type: 'token', tokenId: jti };
    }
    return { type: 'issuedBefore', beforeMs: this.readPast(issuedBefore) };
  }

  /**
   * A moment to come would end tokens that nobody has yet, those of everybody: a moment in milliseconds is such a one. None
   * is older than the Unix epoch, and a moment before it would end nothing but those that do not say when they were issued.
   */
  private readPast(moment: unknown): number {
    const momentMs = readMoment(moment);
    if (momentMs < 0) reject('/issuedBefore', 'a moment that is not before the Unix epoch');
    if (momentMs > this.clock.now() + this.clockToleranceMs) {
      reject('/issuedBefore', 'a moment that is not to come: seconds since the Unix epoch, ISO 8601 text, or a date');
    }
    return momentMs;
  }
}

function readMoment(moment: unknown): number {
  const momentMs = momentOf(moment);
  if (!Number.isFinite(momentMs)) reject('/issuedBefore', 'seconds since the Unix epoch, ISO 8601 text, or a date');
  return momentMs;
}

function momentOf(moment: unknown): number {
  if (moment instanceof Date) return moment.getTime();
  if (typeof moment === 'number') return moment * 1000;
  return typeof moment === 'string' && ISO_8601.test(moment) ? parseIsoTime(moment) : Number.NaN;
}

function reject(pointer: string, detail: string): void {
  const problem: PushErrorDetail = { pointer, detail };
  throwIfAny([problem]);
}
