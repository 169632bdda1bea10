/** The place of one handshake under way among the limits. */
export class HandshakePlace {
  private userId: string | undefined;
  private isHeld = true;

  constructor(
    private readonly places: HandshakePlaces,
    private readonly address: string,
  ) {}

  /** The token has said whose handshake it is. A place that was given back takes no part any more. */
  assignUser(userId: string): void {
    if (!this.isHeld) return;
    this.userId = userId;
    this.places.count(this.address, userId, 0, 1);
  }

  /** Gives the place back, once. */
  release(): void {
    if (!this.isHeld) return;
    this.isHeld = false;
    this.places.count(this.address, this.userId, -1, this.userId === undefined ? 0 : -1);
  }
}

/** The places that handshakes under way hold, in all, by address and by user. */
export class HandshakePlaces {
  private readonly byAddress = new Map<string, number>();
  private readonly byUser = new Map<string, number>();
  private total = 0;

  get pending(): number {
    return this.total;
  }

  fromAddress(address: string): number {
    return this.byAddress.get(address) ?? 0;
  }

  ofUser(userId: string): number {
    return this.byUser.get(userId) ?? 0;
  }

  /** Takes a place, whether there is one or not: the limits are judged before. */
  take(address: string): HandshakePlace {
    this.count(address, undefined, 1, 0);
    return new HandshakePlace(this, address);
  }

  /** Changes the counts; for the places themselves. */
  count(address: string, userId: string | undefined, ofAddress: number, ofUser: number): void {
    this.total += ofAddress;
    change(this.byAddress, address, ofAddress);
    if (userId !== undefined) change(this.byUser, userId, ofUser);
  }
}

function change(counts: Map<string, number>, key: string, by: number): void {
  const next = (counts.get(key) ?? 0) + by;
  if (next > 0) counts.set(key, next);
  else counts.delete(key);
}
