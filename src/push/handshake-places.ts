/** The place of one handshake under way among the limits. */
export class HandshakePlace {
  private account: string | undefined;
  private readonly attached: (() => void)[] = [];
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

  /** Something else that is given back with the place, at once where that was given back. */
  attach(giveBack: () => void): void {
    if (this.isHeld) this.attached.push(giveBack);
    else giveBack();
  }

  /** Gives the place back, once. */
  release(): void {
    if (!this.isHeld) return;
    this.isHeld = false;
    this.places.count(this.address, -1);
    if (this.account !== undefined) this.places.countUser(this.account, -1);
    for (const giveBack of this.attached) giveBack();
  }
}

/** The places that handshakes under way hold, in all, by address and by user. */
export class HandshakePlaces {
  private readonly byAddress = new Map<string, number>();
  private readonly byUser = new Map<string, number>();
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
    return this.byAddress.get(this.networkOf(address)) ?? 0;
  }

  /** @param account The user and its tenant as one text. */
  ofUser(account: string): number {
    return this.byUser.get(account) ?? 0;
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
    change(this.byAddress, this.networkOf(address), by);
  }

  /** Changes the count of a user; for the places themselves. */
  countUser(account: string, by: number): void {
    change(this.byUser, account, by);
  }
}

function change(counts: Map<string, number>, key: string, by: number): void {
  const next = (counts.get(key) ?? 0) + by;
  if (next > 0) counts.set(key, next);
  else counts.delete(key);
}
