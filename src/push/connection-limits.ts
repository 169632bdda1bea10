/**
 * How many connections a user and an address may have. What this node has itself is looked at first; where nodes share
 * a backing, it then asks what the others have. A handshake under way counts like a connection, so that a crowd cannot
 * slip through together.
 */
import { networkOf } from '../auth/address-network.js';
import type { ConnectionCounts } from '../backing/shared-limits.interface.js';
import type { ConnectionRegistry } from '../core/connection-registry.js';
import type { OpenPipes } from '../core/open-pipes.js';
import { accountOf } from '../core/principal.js';
import type { Principal } from '../core/principal.js';
import { HandshakePlaces } from './handshake-places.js';
import type { HandshakePlace } from './handshake-places.js';

/** The limits themselves. */
export interface ConnectionLimitOptions {
  readonly maxPerUser: number;
  /** 0: no limit. */
  readonly maxPerIp: number;
  readonly ipv6PrefixBits: number;
}

/** The pipes of this process, and who hears of their end. */
export type CountedPipes = Pick<OpenPipes, 'count' | 'countOfAddress' | 'watch'>;

/** Where the connections of the user's tenant are. */
type UserRegistry = Pick<ConnectionRegistry, 'ofUser'>;

/** Holds connections and handshakes against the limits. */
export class ConnectionLimits {
  readonly places: HandshakePlaces;

  constructor(
    private readonly pipes: CountedPipes,
    private readonly counts: ConnectionCounts,
    private readonly options: ConnectionLimitOptions,
  ) {
    this.places = new HandshakePlaces((address) => this.networkOf(address));
    if (!counts.isShared) return;
    pipes.watch(({ principal, address }, ofUser) => {
      const account = accountOf(principal);
      counts.settle(subjectOfUser(account), ofUser + this.places.ofUser(account));
      this.addressLeft(address);
    });
  }

  /** Whether one more of the address fits on this node. */
  hasPlaceForAddress(address: string): boolean {
    const { maxPerIp } = this.options;
    return maxPerIp === 0 || this.ofAddress(address) < maxPerIp;
  }

  /** Whether the address, which was given its place here, has room on all nodes. */
  enterAddress(address: string, place: HandshakePlace): boolean | Promise<boolean> {
    const { maxPerIp } = this.options;
    if (maxPerIp === 0) return true;
    if (this.counts.isShared) place.attach(() => this.addressLeft(address));
    return this.counts.enter(this.subjectOf(address), this.ofAddress(address), maxPerIp);
  }

  /** Whether the address would have room on all nodes; it was given no place. */
  hasRoomForAddress(address: string): boolean | Promise<boolean> {
    const { maxPerIp } = this.options;
    return maxPerIp === 0 || this.counts.hasRoom(this.subjectOf(address), this.ofAddress(address) + 1, maxPerIp);
  }

  /** Whether the user has room on all nodes. If there is some here, it takes the place. */
  enterUser(principal: Principal, registry: UserRegistry, place: HandshakePlace): boolean | Promise<boolean> {
    const { maxPerUser } = this.options;
    const account = accountOf(principal);
    if (registry.ofUser(principal.userId).length + this.places.ofUser(account) >= maxPerUser) return false;
    place.assignUser(account);
    return !this.counts.isShared || this.enterUserEverywhere(principal, registry, place);
  }

  private enterUserEverywhere(
    principal: Principal,
    registry: UserRegistry,
    place: HandshakePlace,
  ): boolean | Promise<boolean> {
    const account = accountOf(principal);
    const subject = subjectOfUser(account);
    const ofUser = () => registry.ofUser(principal.userId).length + this.places.ofUser(account);
    place.attach(() => this.counts.settle(subject, ofUser()));
    return this.counts.enter(subject, ofUser(), this.options.maxPerUser);
  }

  /** Whether the user would have room on all nodes; it takes no place. */
  hasRoomForUser(principal: Principal, registry: UserRegistry): boolean | Promise<boolean> {
    const { maxPerUser } = this.options;
    const account = accountOf(principal);
    const here = registry.ofUser(principal.userId).length + this.places.ofUser(account) + 1;
    return here <= maxPerUser && this.counts.hasRoom(subjectOfUser(account), here, maxPerUser);
  }

  private addressLeft(address: string): void {
    if (this.options.maxPerIp > 0) this.counts.settle(this.subjectOf(address), this.ofAddress(address));
  }

  private ofAddress(address: string): number {
    return this.pipes.countOfAddress(address) + this.places.fromAddress(address);
  }

  private subjectOf(address: string): string {
    return `address:${this.networkOf(address)}`;
  }

  private networkOf(address: string): string {
    return networkOf(address, this.options.ipv6PrefixBits);
  }
}

function subjectOfUser(account: string): string {
  return `user:${account}`;
}
