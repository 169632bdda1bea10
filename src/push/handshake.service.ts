/**
 * The checks before a connection is live, one pipeline for all transports, cheap ones first: draining, shape, version,
 * origin, capacity, address, token, user. Everything is decided before a transport is told to go ahead.
 *
 * While a handshake is checked it counts towards the limits, so that a crowd cannot slip through together. A peer that
 * leaves meanwhile gives its place back at once (`release`).
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { ClientAddress } from '../auth/client-address.js';
import { ownOrigin } from '../auth/client-address.js';
import type { OriginPolicy } from '../auth/origin-policy.js';
import type { PushAuthorizer } from '../auth/push-authorizer.js';
import { extractToken } from '../auth/token-extractor.js';
import type { TokenSources } from '../auth/token-extractor.js';
import type { Clock } from '../core/clock.js';
import type { ConnectionRegistry } from '../core/connection-registry.js';
import type { Principal } from '../core/principal.js';
import { retryAfter } from '../core/problem.js';
import { PushError } from '../core/push-error.js';
import { ErrorCode } from '../protocol/error-codes.js';
import { MAX_CURSOR_LENGTH } from '../protocol/limits.js';
import { isGroup } from '../protocol/names.js';
import type { AccessService } from './access.service.js';
import type { GroupOptions } from './group.service.js';
import { HandshakePlaces } from './handshake-places.js';
import type { HandshakePlace } from './handshake-places.js';
import { Refusals } from './refusal.js';
import type { Refusal } from './refusal.js';

/** What the number of connections is bounded by. */
export interface AdmissionOptions {
  /** Most connections of this process; past it 503. @default 20_000 */
  readonly maxConnections?: number;
  /** Most connections of one user; past it 429. @default 100 */
  readonly maxPerUser?: number;
  /** Most connections from one address; past it 429. 0: no limit. @default 0 */
  readonly maxPerIp?: number;
  /** Most handshakes that are being checked at the same time; past it 503. @default 1_000 */
  readonly maxPendingHandshakes?: number;
  /** Longest time for the checks of one handshake in milliseconds; past it 503. @default 5_000 */
  readonly authTimeoutMs?: number;
}

/** A request that wants to become a connection, as a transport saw it. */
export interface HandshakeRequest {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly query: URLSearchParams | undefined;
  readonly remoteAddress: string | undefined;
  readonly isEncrypted: boolean;
  /** What the transport itself finds wrong with the shape of the request. */
  readonly shapeProblem: Refusal | undefined;
}

/** What an admitted request may become. */
export interface Admission {
  readonly type: 'admitted';
  readonly principal: Principal;
  readonly address: string;
  /** The cursor that the client came with. */
  readonly cursor: string | undefined;
  /** Groups of `?groups=` that the authorizer granted. */
  readonly grantedGroups: readonly string[];
  /** Groups of `?groups=` that it did not, and those past the limit. */
  readonly refusedGroups: readonly RefusedGroup[];
}

/** A group that the client asked for and did not get. */
export interface RefusedGroup {
  readonly group: string;
  readonly code: typeof ErrorCode.Forbidden | typeof ErrorCode.LimitGroups;
}

/** A request that is turned away. */
export interface Rejection {
  readonly type: 'refused';
  readonly refusal: Refusal;
}

/** One handshake under way. Its place among the limits is kept until `release`. */
export interface Handshake {
  readonly verdict: Promise<Admission | Rejection>;
  /** Gives the place back: the connection has been registered, was refused, or its peer has left. */
  release(): void;
}

/** What the pipeline works with. */
export interface HandshakeParts {
  readonly registry: ConnectionRegistry;
  readonly access: AccessService;
  readonly authorizer: PushAuthorizer;
  readonly origins: OriginPolicy;
  readonly clientAddress: ClientAddress;
  readonly tokenSources: TokenSources;
  readonly clock: Clock;
  readonly options: Required<AdmissionOptions & GroupOptions>;
  /** Hears of checks that failed for a reason of our own. */
  readonly onFailure: (cause: unknown) => void;
}

/** The pipeline. */
export class HandshakeService {
  /** Until the application has started, and from the moment it begins to end, nobody is let in. */
  private isAccepting = false;
  private readonly places = new HandshakePlaces();
  /** Ends the checks that are under way with a refusal. */
  private readonly checks = new Set<(refusal: Refusal) => void>();

  constructor(private readonly parts: HandshakeParts) {}

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
    for (const end of this.checks) end(draining());
  }

  /** Begins the checks of one request. */
  begin(request: HandshakeRequest): Handshake {
    const { clientAddress } = this.parts;
    const address = clientAddress.of(request.remoteAddress, request.headers);
    const early = this.checkBeforeToken(request, address);
    if (early) return { verdict: Promise.resolve({ type: 'refused', refusal: early }), release: () => {} };
    const place = this.places.take(address);
    return { verdict: this.bounded(this.checkToken(request, address, place)), release: () => place.release() };
  }

  private checkBeforeToken(request: HandshakeRequest, address: string): Refusal | undefined {
    const { options, registry } = this.parts;
    if (!this.isAccepting) return draining();
    const malformed = request.shapeProblem ?? cursorProblem(request.query);
    if (malformed) return malformed;
    if (!this.isOriginAllowed(request)) return Refusals.originNotAllowed('add it to the origins option to allow it');
    const { pending } = this.places;
    if (pending >= options.maxPendingHandshakes) return Refusals.serverFull('too many handshakes are being checked');
    if (registry.pipeCount + pending >= options.maxConnections) return Refusals.serverFull('come back later');
    const fromAddress = registry.countOfAddress(address) + this.places.fromAddress(address);
    if (options.maxPerIp > 0 && fromAddress >= options.maxPerIp)
      return Refusals.addressLimit('close another one first');
    return undefined;
  }

  private async checkToken(
    request: HandshakeRequest,
    address: string,
    place: HandshakePlace,
  ): Promise<Admission | Rejection> {
    const { access, tokenSources, registry, options } = this.parts;
    const { headers, query, method } = request;
    const isOriginListed = headers.origin !== undefined && this.isOriginAllowed(request);
    const token = extractToken({ method, headers, query, isOriginListed }, tokenSources);
    if (token === undefined) return refused(Refusals.noToken('send one as Authorization: Bearer'));
    const principal = await access.verify(token);
    if (!principal) return refused(Refusals.badToken('get a new one'));
    const { userId } = principal;
    if (registry.ofUser(userId).length + this.places.ofUser(userId) >= options.maxPerUser) {
      return refused(Refusals.userLimit('close another one first'));
    }
    place.assignUser(userId);
    const cursor = query?.get('cursor') ?? undefined;
    return { type: 'admitted', principal, address, cursor, ...(await this.judgeGroups(principal, query)) };
  }

  private isOriginAllowed({ headers, isEncrypted, remoteAddress }: HandshakeRequest): boolean {
    if (headers.origin === undefined) return true;
    const { origins, clientAddress } = this.parts;
    return origins.allows(
      headers.origin,
      ownOrigin(headers, isEncrypted, clientAddress.isForwardedTrusted(remoteAddress)),
    );
  }

  private async judgeGroups(principal: Principal, query: URLSearchParams | undefined) {
    const asked = query?.get('groups');
    const names = asked ? [...new Set(asked.split(','))] : [];
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

  /**
   * Ends the wait after `authTimeoutMs` or when the application ends, and turns trouble of our own into a refusal that
   * says to come back.
   */
  private async bounded(verdict: Promise<Admission | Rejection>): Promise<Admission | Rejection> {
    let forget = () => {};
    const ended = new Promise<Rejection>((resolve) => {
      const end = (refusal: Refusal) => resolve(refused(refusal));
      const { clock, options } = this.parts;
      const cancel = clock.after(options.authTimeoutMs, () => end(Refusals.unavailable('the check took too long')));
      this.checks.add(end);
      forget = () => {
        cancel();
        this.checks.delete(end);
      };
    });
    try {
      return await Promise.race([verdict, ended]);
    } catch (cause) {
      return refused(this.unavailable(cause));
    } finally {
      forget();
    }
  }

  /** What is out of reach for a while says when to come back, and was logged where it was found out. */
  private unavailable(cause: unknown): Refusal {
    const refusal = Refusals.unavailable('the check failed');
    if (!(cause instanceof PushError)) this.parts.onFailure(cause);
    else if (cause.retryAfterMs !== undefined) return { ...refusal, headers: retryAfter(cause.retryAfterMs) };
    return refusal;
  }
}

function draining(): Refusal {
  return Refusals.draining('come back in a moment');
}

function refused(refusal: Refusal): Rejection {
  return { type: 'refused', refusal };
}

function cursorProblem(query: URLSearchParams | undefined): Refusal | undefined {
  const cursor = query?.get('cursor');
  if (!cursor || Buffer.byteLength(cursor) <= MAX_CURSOR_LENGTH) return undefined;
  return Refusals.malformed(`a cursor has at most ${MAX_CURSOR_LENGTH} bytes`);
}
