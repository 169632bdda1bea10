/**
 * The checks before a connection is live, one pipeline for all transports, cheap ones first: draining, shape, version,
 * origin, capacity, address, token, user. Everything is decided before a transport is told to go ahead.
 *
 * While a handshake is checked it counts towards the limits, so that a crowd cannot slip through together. A peer that
 * leaves meanwhile gives its place back at once (`release`).
 */
import { ownOrigin } from '../auth/client-address.js';
import { isLater } from '../core/now-or-later.js';
import type { NowOrLater } from '../core/now-or-later.js';
import { retryAfter } from '../core/problem.js';
import { PushError } from '../core/push-error.js';
import { Telemetry } from '../core/telemetry.js';
import { AdmissionPace } from './admission-pace.js';
import { refused } from './admission.js';
import type { Handshake, HandshakePurpose, HandshakeRequest, Verdict } from './admission.js';
import { BearerCheck } from './bearer-check.js';
import { ConnectionLimits } from './connection-limits.js';
import type { HandshakePlace } from './handshake-places.js';
import { DecidedCheck, PendingChecks } from './pending-checks.js';
import type { Knock, PendingCheck } from './pending-checks.js';
import type { HandshakeParts } from './handshake-parts.js';
import { ADDRESS_LIMIT, Refusals } from './refusal.js';
import type { Refusal } from './refusal.js';
import { cursorOf, cursorProblem } from './request-cursor.js';
import { requestIdOf } from './request-id.js';
import type { ReturnWindow } from './return-window.js';

/** The pipeline. */
export class HandshakeService {
  /** Until the application has started, and from the moment it begins to end, nobody is let in. */
  private isAccepting = false;
  private returns: ReturnWindow | undefined;
  private readonly limits: ConnectionLimits;
  private readonly pace: AdmissionPace;
  private readonly checks: PendingChecks;
  private readonly telemetry: Telemetry;

  constructor(private readonly parts: HandshakeParts) {
    this.telemetry = parts.telemetry ?? new Telemetry();
    this.pace = new AdmissionPace(parts.clock, parts.options);
    this.limits = new ConnectionLimits(parts.pipes, parts.counts, parts.options);
    const overdue = () => Refusals.unavailable('the check took too long');
    this.checks = new PendingChecks(parts.clock, parts.options.authTimeoutMs, overdue, this.record);
  }

  /** The application has started: handshakes are checked from now on. */
  accept(): void {
    this.isAccepting = true;
    this.pace.start();
  }

  /**
   * The application begins to end: nobody is let in any more, those who are being checked included. They would hold up
   * the end, and come too late for the goodbye. Who comes with a cursor was here before, and is told when to come back
   * like those who still are.
   */
  stopAccepting(returns: ReturnWindow): void {
    this.isAccepting = false;
    this.returns = returns;
    this.pace.stop();
    this.checks.refuseAll(({ request }) => this.draining(request));
  }

  /** Begins the checks of one request. What can be decided at once is: its verdict is no promise. */
  begin(request: HandshakeRequest, purpose: HandshakePurpose = 'connect'): Handshake {
    const address = this.parts.clientAddress.of(request.remoteAddress, request.headers);
    const early = this.checkBeforeToken(request, address, purpose);
    const knock: Knock = { request, address, purpose, bearer: undefined };
    if (early) return this.decided(knock, refused(early));
    const { places } = this.limits;
    const place = purpose === 'connect' ? places.take(address) : places.visit();
    const verdict = this.checkNow(knock, place);
    if (!isLater(verdict)) return this.decided(knock, verdict, place);
    const check = this.checks.begin(place, knock);
    void this.carryOut(check, verdict);
    return check;
  }

  /** Whether a page of the request's origin may talk to this server; true where the request names none. */
  allowsOrigin({ headers, isEncrypted, remoteAddress }: HandshakeRequest): boolean {
    if (headers.origin === undefined) return true;
    const { origins, clientAddress } = this.parts;
    return origins.allows(
      headers.origin,
      ownOrigin(headers, isEncrypted, clientAddress.isForwardedTrusted(remoteAddress)),
    );
  }

  private checkBeforeToken(request: HandshakeRequest, address: string, purpose: HandshakePurpose): Refusal | undefined {
    const { options, pipes } = this.parts;
    if (!this.isAccepting) return this.draining(request);
    const malformed = malformationOf(request, purpose);
    if (malformed) return malformed;
    if (!this.allowsOrigin(request))
      return Refusals.originNotAllowed('the origin of the page is not in the origins option');
    const { pending, connecting } = this.limits.places;
    if (pending >= options.maxPendingHandshakes) return this.pace.later('too many handshakes are being checked');
    if (purpose === 'call') return undefined;
    if (pipes.count + connecting >= options.maxConnections)
      return Refusals.serverFull('there is no room for another connection: come back later');
    const noTime = this.pace.judge(purpose === 'check');
    if (noTime) return noTime;
    return this.limits.hasPlaceForAddress(address) ? undefined : Refusals.addressLimit(ADDRESS_LIMIT);
  }

  private draining(request: HandshakeRequest): Refusal {
    const refusal = Refusals.draining('this server is about to end: come back in a moment');
    const waitMs = cursorOf(request) === undefined ? undefined : this.returns?.take();
    return waitMs === undefined ? refusal : { ...refusal, headers: retryAfter(waitMs), waitMs };
  }

  private decided(knock: Knock, verdict: Verdict, place?: HandshakePlace): Handshake {
    this.record(knock, verdict);
    return new DecidedCheck(verdict, place);
  }

  /** As far as can be said without waiting. */
  private checkNow(knock: Knock, place: HandshakePlace): NowOrLater<Verdict> {
    try {
      return new BearerCheck(this.parts, this.limits, knock, place).run();
    } catch (cause) {
      return refused(this.troubleOf(cause, knock));
    }
  }

  private async carryOut(check: PendingCheck, verdict: PromiseLike<Verdict>): Promise<void> {
    try {
      this.checks.settle(check, await verdict);
    } catch (cause) {
      if (this.checks.settle(check, refused(refusalOf(cause)))) this.troubleOf(cause, check.knock);
    }
  }

  /** Trouble of our own becomes a refusal that says to come back. */
  private troubleOf(cause: unknown, { request }: Knock): Refusal {
    if (!(cause instanceof PushError)) this.parts.onFailure(cause, { requestId: requestIdOf(request) });
    return refusalOf(cause);
  }

  private readonly record = ({ request, address, purpose, bearer }: Knock, verdict: Verdict): void => {
    const { counters, listeners } = this.telemetry;
    const refusal = verdict.type === 'refused' ? verdict.refusal : undefined;
    if (purpose === 'connect') counters.handshakes.add(refusal?.code ?? 'admitted');
    if (!refusal) return;
    const { status, code, detail } = refusal;
    const who = { userId: bearer?.userId, tenant: bearer?.tenant, group: undefined, target: undefined };
    listeners.refused?.({ purpose, address, requestId: requestIdOf(request), ...who, status, code, detail });
  };
}

/** What is malformed comes before a version that is not spoken. */
function malformationOf(request: HandshakeRequest, purpose: HandshakePurpose): Refusal | undefined {
  const { shapeProblem } = request;
  if (purpose === 'call' || (shapeProblem && shapeProblem.code !== 'unsupported_version')) return shapeProblem;
  return cursorProblem(request) ?? shapeProblem;
}

/** What is out of reach for a while says when to come back, and was logged where it was found out. */
function refusalOf(cause: unknown): Refusal {
  const refusal = Refusals.unavailable('the check failed');
  const waitMs = cause instanceof PushError ? cause.retryAfterMs : undefined;
  return waitMs === undefined ? refusal : { ...refusal, headers: retryAfter(waitMs) };
}
