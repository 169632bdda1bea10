/**
 * The checks of one handshake that look at who comes: the address over all nodes, the token, the user, the groups that
 * were asked for, what the server holds. Any of them may have to be waited for, and mostly none has to: so none costs a
 * promise, or a function to go on with, before that is known.
 */
import { extractCredential } from '../auth/token-extractor.js';
import type { Credential } from '../auth/token-extractor.js';
import { isLater } from '../core/now-or-later.js';
import type { NowOrLater } from '../core/now-or-later.js';
import type { Principal } from '../core/principal.js';
import { refused } from './admission.js';
import type { Admission, Verdict } from './admission.js';
import { judgeGroups, NO_GROUPS } from './asked-groups.js';
import type { GroupsVerdict } from './asked-groups.js';
import type { ConnectionLimits } from './connection-limits.js';
import type { HandshakePlace } from './handshake-places.js';
import type { HandshakeParts, HandshakeSpace } from './handshake-parts.js';
import type { HeldGroups } from './held-groups.js';
import { isSilence } from './membership-reads.js';
import type { Knock } from './pending-checks.js';
import { ADDRESS_LIMIT, Refusals } from './refusal.js';
import { cursorOf } from './request-cursor.js';
import { requestIdOf } from './request-id.js';

/** One check. Whatever becomes of it, what it holds is attached to the place. */
export class BearerCheck {
  constructor(
    private readonly parts: HandshakeParts,
    private readonly limits: ConnectionLimits,
    private readonly knock: Knock,
    private readonly place: HandshakePlace,
  ) {}

  /** The verdict. Throws or rejects where it cannot be reached. */
  run(): NowOrLater<Verdict> {
    const hasRoom = this.enterAddress();
    return isLater(hasRoom) ? hasRoom.then((has) => this.checkToken(has)) : this.checkToken(hasRoom);
  }

  private enterAddress(): NowOrLater<boolean> {
    const { address, purpose } = this.knock;
    if (purpose === 'call') return true;
    return purpose === 'connect'
      ? this.limits.enterAddress(address, this.place)
      : this.limits.hasRoomForAddress(address);
  }

  private checkToken(hasRoom: boolean): NowOrLater<Verdict> {
    if (!hasRoom) return refused(Refusals.addressLimit(ADDRESS_LIMIT));
    const credential = this.findCredential();
    if (!credential) return refused(Refusals.noToken('a token is missing: send one as Authorization: Bearer'));
    const bearer =
      credential.type === 'token' ? this.parts.access.judge(credential.text) : this.bearerOf(credential.text);
    return isLater(bearer)
      ? bearer.then((principal) => this.checkBearer(principal, credential))
      : this.checkBearer(bearer, credential);
  }

  private findCredential(): Credential | undefined {
    const { request, purpose } = this.knock;
    const { headers, query, method } = request;
    // An origin that is not allowed has not come so far.
    const isOriginListed = headers.origin !== undefined;
    const carrier = { method, headers, query, isOriginListed, takesTickets: purpose !== 'call' };
    return extractCredential(carrier, this.parts.tokenSources);
  }

  private async bearerOf(ticket: string): Promise<Principal | undefined> {
    const { access, tickets, clock, clockToleranceMs } = this.parts;
    const principal = await tickets.peek(ticket);
    // Much may have happened to the token since the ticket was issued for it.
    const isOver = !principal || clock.now() >= principal.expiresAtMs + clockToleranceMs || access.isRevoked(principal);
    return isOver ? undefined : principal;
  }

  private checkBearer(principal: Principal | undefined, credential: Credential): NowOrLater<Verdict> {
    if (!principal) return refused(Refusals.badToken('the token or ticket is not valid: get a new one'));
    this.knock.bearer = principal;
    if (this.knock.purpose === 'call') return this.admit(principal, NO_GROUPS);
    const space = this.parts.spaces.enter(principal.tenant);
    this.place.keepSpace(space);
    const hasRoom = this.enterUser(principal, space);
    return isLater(hasRoom)
      ? hasRoom.then((has) => this.checkGroups(has, principal, space, credential))
      : this.checkGroups(hasRoom, principal, space, credential);
  }

  private checkGroups(
    hasRoom: boolean,
    principal: Principal,
    space: HandshakeSpace,
    credential: Credential,
  ): NowOrLater<Verdict> {
    if (!hasRoom) return refused(Refusals.userLimit('this user has too many connections: close one first'));
    const groups = this.judgeGroups(principal);
    return isLater(groups)
      ? groups.then((verdict) => this.checkHeld(principal, verdict, space, credential))
      : this.checkHeld(principal, groups, space, credential);
  }

  private enterUser(principal: Principal, { registry }: HandshakeSpace): NowOrLater<boolean> {
    return this.knock.purpose === 'connect'
      ? this.limits.enterUser(principal, registry, this.place)
      : this.limits.hasRoomForUser(principal, registry);
  }

  private judgeGroups(principal: Principal): NowOrLater<GroupsVerdict> {
    const { authorizer, options } = this.parts;
    const asked = this.knock.request.query?.getAll('groups').filter(Boolean).join(',');
    return asked ? judgeGroups(authorizer, principal, asked, options.maxGroupsPerConnection) : NO_GROUPS;
  }

  /** As late as can be, so that next to nothing can change before the connection is there. */
  private checkHeld(
    principal: Principal,
    groups: GroupsVerdict,
    space: HandshakeSpace,
    credential: Credential,
  ): NowOrLater<Verdict> {
    if (this.knock.purpose === 'check') return this.admit(principal, groups);
    const { started } = space;
    const expected = started
      ? started.then(() => this.expectHeld(space, principal.userId))
      : this.expectHeld(space, principal.userId);
    return isLater(expected)
      ? expected.then((held) => this.finish(principal, groups, held, credential))
      : this.finish(principal, groups, expected, credential);
  }

  private finish(
    principal: Principal,
    groups: GroupsVerdict,
    heldGroups: HeldGroups | undefined,
    credential: Credential,
  ): NowOrLater<Verdict> {
    const admission = this.admit(principal, groups, heldGroups);
    // A ticket is spent by the connection that it opens, not by a refusal that says to come back.
    return credential.type === 'ticket' ? this.redeem(credential.text, admission) : admission;
  }

  /** What the server holds for the user follows every change until the place is given back. */
  private expectHeld(space: HandshakeSpace, userId: string): NowOrLater<HeldGroups | undefined> {
    if (space.groups.isSilent) return undefined;
    const expected = space.groups.expect(userId);
    if (isLater(expected)) return this.attachHeld(space, expected);
    this.place.keepHeld(expected);
    return expected;
  }

  private async attachHeld(
    { log }: HandshakeSpace,
    expected: PromiseLike<HeldGroups>,
  ): Promise<HeldGroups | undefined> {
    try {
      const held = await expected;
      this.place.keepHeld(held);
      return held;
    } catch (cause) {
      // Until its groups are known it gets nothing, which is no way to go on where they are refused while messages flow.
      if (log.isFollowing && !isSilence(cause)) throw cause;
      return undefined;
    }
  }

  private async redeem(ticket: string, admission: Admission): Promise<Verdict> {
    const isSpent = await this.parts.tickets.redeem(ticket);
    return isSpent ? admission : refused(Refusals.badToken('the ticket was used before: get a new one'));
  }

  private admit(
    principal: Principal,
    { grantedGroups, refusedGroups }: GroupsVerdict,
    heldGroups?: HeldGroups,
  ): Admission {
    const { request, address } = this.knock;
    const cursor = cursorOf(request);
    const requestId = requestIdOf(request);
    return { type: 'admitted', principal, address, cursor, heldGroups, grantedGroups, refusedGroups, requestId };
  }
}
