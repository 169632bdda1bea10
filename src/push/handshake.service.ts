/**
 * The checks before a connection is live, one pipeline for all transports, cheap ones first: draining, shape, version,
 * origin, capacity, address, token, user. Everything is decided before a transport is told to go ahead.
 *
 * While a handshake is checked it counts towards the limits, so that a crowd cannot slip through together. A peer that
 * leaves meanwhile gives its place back at once (`release`).
 */
import type { ClientAddress } from '../auth/client-address.js';
import { ownOrigin } from '../auth/client-address.js';
import type { OriginPolicy } from '../auth/origin-policy.js';
import type { PushAuthorizer } from '../auth/push-authorizer.js';
import { extractCredential } from '../auth/token-extractor.js';
import type { Credential, TokenSources } from '../auth/token-extractor.js';
import type { ConnectionCounts } from '../backing/shared-limits.interface.js';
import type { TicketStore } from '../backing/ticket-store.interface.js';
import type { Clock } from '../core/clock.js';
import type { Principal } from '../core/principal.js';
import { retryAfter } from '../core/problem.js';
import { PushError } from '../core/push-error.js';
import { Telemetry } from '../core/telemetry.js';
import { ErrorCode } from '../protocol/error-codes.js';
import { MAX_CURSOR_LENGTH } from '../protocol/limits.js';
import { isGroup } from '../protocol/names.js';
import type { AccessService } from './access.service.js';
import { refused } from './admission.js';
import type { Admission, Handshake, HandshakePurpose, HandshakeRequest, RefusedGroup, Rejection } from './admission.js';
import { ConnectionLimits } from './connection-limits.js';
import type { CountedPipes } from './connection-limits.js';
import type { GroupOptions } from './group.service.js';
import type { HandshakePlace } from './handshake-places.js';
import type { HeldGroups } from './held-groups.js';
import { PendingChecks } from './pending-checks.js';
import type { Knock, PendingCheck } from './pending-checks.js';
import { Refusals } from './refusal.js';
import type { Refusal } from './refusal.js';
import { requestIdOf } from './request-id.js';
import type { TenantSpace } from './tenant-space.js';

/** What the number of connections is bounded by. */
export interface AdmissionOptions {
  /** Most connections of this process; past it 503. @default 20_000 */
  readonly maxConnections?: number;
  /** Most connections of one user, on all nodes together; past it 429. @default 100 */
  readonly maxPerUser?: number;
  /** Most connections from one address, on all nodes together; past it 429. 0: no limit. @default 0 */
  readonly maxPerIp?: number;
  /** Most handshakes that are being checked at the same time; past it 503. @default 1_000 */
  readonly maxPendingHandshakes?: number;
  /** Longest time for the checks of one handshake in milliseconds; past it 503. @default 5_000 */
  readonly authTimeoutMs?: number;
}

/** What the pipeline asks of the space of the bearer's tenant. */
export type HandshakeSpace = Pick<TenantSpace, 'leave'> & {
  readonly registry: Pick<TenantSpace['registry'], 'ofUser'>;
  readonly groups: Pick<TenantSpace['groups'], 'expect'>;
  readonly log: Pick<TenantSpace['log'], 'isFollowing'>;
};

/** What the pipeline works with. */
export interface HandshakeParts {
  readonly pipes: CountedPipes;
  /** A space is kept until the place of the handshake is given back. */
  readonly spaces: { enter(tenant: string | undefined): HandshakeSpace };
  readonly access: AccessService;
  readonly tickets: TicketStore;
  readonly counts: ConnectionCounts;
  readonly authorizer: PushAuthorizer;
  readonly origins: OriginPolicy;
  readonly clientAddress: ClientAddress;
  readonly tokenSources: TokenSources;
  readonly clock: Clock;
  /** How far the clocks of issuer and server may be apart; a token lasts so much longer. */
  readonly clockToleranceMs: number;
  readonly options: Required<AdmissionOptions & GroupOptions>;
  /** Hears of checks that failed for a reason of our own. */
  readonly onFailure: (cause: unknown) => void;
  readonly telemetry?: Telemetry | undefined;
}

/** The pipeline. */
export class HandshakeService {
  /** Until the application has started, and from the moment it begins to end, nobody is let in. */
  private isAccepting = false;
  private readonly limits: ConnectionLimits;
  private readonly checks: PendingChecks;
  private readonly telemetry: Telemetry;

  constructor(private readonly parts: HandshakeParts) {
    this.telemetry = parts.telemetry ?? new Telemetry();
    this.limits = new ConnectionLimits(parts.pipes, parts.counts, parts.options);
    const overdue = () => Refusals.unavailable('the check took too long');
    this.checks = new PendingChecks(parts.clock, parts.options.authTimeoutMs, overdue, this.record);
  }

  /** The application has started: handshakes are checked from now on. */
  accept(): void {
    this.isAccepting = true;
  }

  /**
   * The application begins to end: nobody is let in any more, those who are being checked included. They would hold up
   * the end, and come too late for the goodbye.
   */
  stopAccepting(): void {
    this.isAccepting = false;
    this.checks.refuseAll(draining());
  }

  /** Begins the checks of one request. */
  begin(request: HandshakeRequest, purpose: HandshakePurpose = 'connect'): Handshake {
    const address = this.parts.clientAddress.of(request.remoteAddress, request.headers);
    const early = this.checkBeforeToken(request, address, purpose);
    const knock = { request, address, purpose };
    if (early) {
      const verdict = refused(early);
      this.record(knock, verdict);
      return { verdict: Promise.resolve(verdict), release: holdsNothing };
    }
    const { places } = this.limits;
    const check = this.checks.begin(purpose === 'connect' ? places.take(address) : places.visit(), knock);
    void this.carryOut(check);
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
    if (!this.isAccepting) return draining();
    const malformed = request.shapeProblem ?? (purpose === 'call' ? undefined : cursorProblem(request));
    if (malformed) return malformed;
    if (!this.allowsOrigin(request)) return Refusals.originNotAllowed('add it to the origins option to allow it');
    const { pending, connecting } = this.limits.places;
    if (pending >= options.maxPendingHandshakes) return Refusals.serverFull('too many handshakes are being checked');
    if (purpose === 'call') return undefined;
    if (pipes.count + connecting >= options.maxConnections) return Refusals.serverFull('come back later');
    return this.limits.hasPlaceForAddress(address) ? undefined : tooManyOfAddress();
  }

  /** Trouble of our own becomes a refusal that says to come back. */
  private async carryOut(check: PendingCheck): Promise<void> {
    try {
      this.checks.settle(check, await this.checkToken(check));
    } catch (cause) {
      const isNews = this.checks.settle(check, refused(refusalOf(cause)));
      if (isNews && !(cause instanceof PushError)) this.parts.onFailure(cause);
    }
  }

  private readonly record = ({ request, address, purpose }: Knock, verdict: Admission | Rejection): void => {
    const { counters, listeners } = this.telemetry;
    const refusal = verdict.type === 'refused' ? verdict.refusal : undefined;
    if (purpose === 'connect') counters.handshakes.add(refusal?.code ?? 'admitted');
    if (!refusal) return;
    const { status, code, detail } = refusal;
    listeners.refused?.({ purpose, address, requestId: requestIdOf(request), status, code, detail });
  };

  private async checkToken({ place, knock }: PendingCheck): Promise<Admission | Rejection> {
    const { request, address, purpose } = knock;
    const fromAddress = this.enterAddress(place, knock);
    if (fromAddress !== true && !(await fromAddress)) return refused(tooManyOfAddress());
    const credential = this.credentialOf(request, purpose);
    if (!credential) return refused(Refusals.noToken('send one as Authorization: Bearer'));
    const principal = await this.identify(credential);
    if (!principal) return refused(Refusals.badToken('get a new one'));
    if (purpose === 'call') return admitted(principal, address);
    const space = this.enter(place, principal);
    const ofUser =
      purpose === 'connect'
        ? this.limits.enterUser(principal, space.registry, place)
        : this.limits.hasRoomForUser(principal, space.registry);
    if (ofUser !== true && !(await ofUser)) return refused(Refusals.userLimit('close another one first'));
    const asked = request.query?.get('groups');
    const groups = asked ? await this.judgeGroups(principal, asked) : undefined;
    // As late as can be, so that next to nothing can change before the connection is there.
    const heldGroups = purpose === 'connect' ? await this.expectHeld(place, space, principal.userId) : undefined;
    // A ticket is spent by the connection that it opens, not by a refusal that says to come back.
    if (purpose === 'connect' && credential.type === 'ticket' && !(await this.parts.tickets.redeem(credential.text)))
      return refused(Refusals.badToken('get a new one'));
    return { ...admitted(principal, address, cursorOf(request), groups), heldGroups, requestId: requestIdOf(request) };
  }

  private credentialOf(request: HandshakeRequest, purpose: HandshakePurpose): Credential | undefined {
    const { headers, query, method } = request;
    const isOriginListed = headers.origin !== undefined && this.allowsOrigin(request);
    return extractCredential(
      { method, headers, query, isOriginListed, takesTickets: purpose !== 'call' },
      this.parts.tokenSources,
    );
  }

  private async identify({ type, text }: Credential): Promise<Principal | undefined> {
    const { access, tickets, clock, clockToleranceMs } = this.parts;
    if (type === 'token') return access.verify(text);
    const principal = await tickets.peek(text);
    // Much may have happened to the token since the ticket was issued for it.
    const isOver = !principal || clock.now() >= principal.expiresAtMs + clockToleranceMs || access.isRevoked(principal);
    return isOver ? undefined : principal;
  }

  private enter(place: HandshakePlace, { tenant }: Principal): HandshakeSpace {
    const space = this.parts.spaces.enter(tenant);
    place.attach(() => space.leave());
    return space;
  }

  /** What the server holds for the user follows every change until the place is given back. */
  private async expectHeld(
    place: HandshakePlace,
    { groups, log }: HandshakeSpace,
    userId: string,
  ): Promise<HeldGroups | undefined> {
    try {
      const held = await groups.expect(userId);
      place.attach(() => held.release());
      return held;
    } catch (cause) {
      // While messages flow it would miss those of its groups. While they are out of reach too it can wait for both.
      if (log.isFollowing) throw cause;
      return undefined;
    }
  }

  private enterAddress(place: HandshakePlace, { address, purpose }: Knock): boolean | Promise<boolean> {
    if (purpose === 'call') return true;
    return purpose === 'connect' ? this.limits.enterAddress(address, place) : this.limits.hasRoomForAddress(address);
  }

  private async judgeGroups(principal: Principal, asked: string): Promise<GroupsVerdict> {
    const names = [...new Set(asked.split(','))];
    const maxGroups = this.parts.options.maxGroupsPerConnection;
    const grantedGroups: string[] = [];
    const refusedGroups: RefusedGroup[] = [];
    for (const group of names.slice(0, maxGroups)) {
      if (isGroup(group) && (await this.parts.authorizer.canJoin(principal, group))) grantedGroups.push(group);
      else refusedGroups.push({ group, code: ErrorCode.Forbidden });
    }
    for (const group of names.slice(maxGroups)) refusedGroups.push({ group, code: ErrorCode.LimitGroups });
    return { grantedGroups, refusedGroups };
  }
}

type GroupsVerdict = Pick<Admission, 'grantedGroups' | 'refusedGroups'>;

const NO_GROUPS: GroupsVerdict = { grantedGroups: [], refusedGroups: [] };

function holdsNothing(): void {}

function admitted(
  principal: Principal,
  address: string,
  cursor?: string,
  { grantedGroups, refusedGroups } = NO_GROUPS,
): Admission {
  return { type: 'admitted', principal, address, cursor, heldGroups: undefined, grantedGroups, refusedGroups };
}

function tooManyOfAddress(): Refusal {
  return Refusals.addressLimit('close another one first');
}

function draining(): Refusal {
  return Refusals.draining('come back in a moment');
}

/** What is out of reach for a while says when to come back, and was logged where it was found out. */
function refusalOf(cause: unknown): Refusal {
  const refusal = Refusals.unavailable('the check failed');
  const waitMs = cause instanceof PushError ? cause.retryAfterMs : undefined;
  return waitMs === undefined ? refusal : { ...refusal, headers: retryAfter(waitMs) };
}

/** An empty one is none: an event source that has had nothing yet sends such a header. */
function cursorOf({ lastEventId, query }: HandshakeRequest): string | undefined {
  return lastEventId || query?.get('cursor') || undefined;
}

/** Also of the one that does not count, so that the answer does not hang on which of them comes first. */
function cursorProblem({ lastEventId = '', query }: HandshakeRequest): Refusal | undefined {
  const longest = Math.max(Buffer.byteLength(lastEventId), Buffer.byteLength(query?.get('cursor') ?? ''));
  return longest > MAX_CURSOR_LENGTH
    ? Refusals.malformed(`a cursor has at most ${MAX_CURSOR_LENGTH} bytes`)
    : undefined;
}
