import type { HeldGroups } from './held-groups.js';
import type { TenantSpace } from './tenant-space.js';

/** The place of one handshake under way among the limits. */
export class HandshakePlace {
  private account: string | undefined;
  private space: Pick<TenantSpace, 'leave'> | undefined;
  private held: HeldGroups | undefined;
  private attached: (() => void)[] | undefined;
  private isHeld = true;

  constructor(
    private readonly places: HandshakePlaces,
    /** Undefined for a visit. */
    private readonly address: string | undefined,
  ) {}

  /** The token has said whose connection it will be. A visit, or a place that was given back, takes no part. */
  assignUser(account: string): void {
    if (!this.isHeld || this.address === undefined) return;
    this.account = account;
    this.places.countUser(account, 1);
  }

  /** The space that was entered is left with the place, at once where that was given back. */
  keepSpace(space: Pick<TenantSpace, 'leave'>): void {
    if (this.isHeld) this.space = space;
    else space.leave();
  }

  /** What the server holds for the user is released with the place, at once where that was given back. */
  keepHeld(held: HeldGroups): void {
    if (this.isHeld) this.held = held;
    else held.release();
  }

  /** Something else that is given back with the place, at once where that was given back. */
  attach(giveBack: () => void): void {
    if (this.isHeld) (this.attached ??= []).push(giveBack);
    else giveBack();
  }

  /** Gives the place back, once. */
  release(): void {
    if (!this.isHeld) return;
    this.isHeld = false;
    this.places.count(this.address, -1);
    if (this.account !== undefined) this.places.countUser(this.account, -1);
    this.held?.release();
    this.space?.leave();
    if (this.attached) for (const giveBack of this.attached) giveBack();
  }
}

/** The places that handshakes under way hold, in all, by address and by user. */
export class HandshakePlaces {
  private readonly byAddress = new PlaceCounts();
  private readonly byUser = new PlaceCounts();
  private visits = 0;
  private connects = 0;

  /** @param networkOf Whom an address is counted as. */
  constructor(private readonly networkOf: (address: string) => string = (address) => address) {}

  /** Handshakes under way. */
  get pending(): number {
    return this.connects + this.visits;
  }

  /** Those among them that will be connections. */
  get connecting(): number {
    return this.connects;
  }

  fromAddress(address: string): number {
    return this.byAddress.of(this.networkOf(address));
  }

  /** @param account The user and its tenant as one text. */
  ofUser(account: string): number {
    return this.byUser.of(account);
  }

  /** Takes the place of a connection to be, whether there is one or not: the limits are judged before. */
  take(address: string): HandshakePlace {
    this.count(address, 1);
    return new HandshakePlace(this, address);
  }

  /** Takes part in the number of handshakes only: no connection will come of it. */
  visit(): HandshakePlace {
    this.count(undefined, 1);
    return new HandshakePlace(this, undefined);
  }

  /** Changes the counts; for the places themselves. */
  count(address: string | undefined, by: number): void {
    if (address === undefined) {
      this.visits += by;
      return;
    }
    this.connects += by;
    this.byAddress.change(this.networkOf(address), by);
  }

  /** Changes the count of a user; for the places themselves. */
  countUser(account: string, by: number): void {
    this.byUser.change(account, by);
  }
}

/**
 * Counts by name. Mostly there is one handshake at a time, over in the turn in which it came: its names are kept beside the
 * map, which would have to make room for each of them only to let it go again.
 */
class PlaceCounts {
  private lone: string | undefined;
  private ofLone = 0;
  private readonly others = new Map<string, number>();

  of(name: string): number {
    return name === this.lone ? this.ofLone : (this.others.get(name) ?? 0);
  }

  change(name: string, by: number): void {
    if (this.lone === undefined && !this.others.has(name)) this.lone = name;
    const next = this.of(name) + by;
    if (name !== this.lone) {
      if (next > 0) this.others.set(name, next);
      else this.others.delete(name);
      return;
    }
    this.ofLone = Math.max(0, next);
    if (next <= 0) this.lone = undefined;
  }
}
