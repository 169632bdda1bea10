import type { Connection } from './connection.js';

/**
 * The pipes that are open in this process, of connections that messages reach and of those that are being closed,
 * whichever tenant's they are: what limits of connections count.
 */
export class OpenPipes {
  private readonly byAddress = new Map<string, number>();
  private open = 0;
  private onLeft: (connection: Connection, othersOfUser: number) => void = () => {};

  /** @param networkOf Whom an address is counted as. */
  constructor(private readonly networkOf: (address: string) => string = (address) => address) {}

  get count(): number {
    return this.open;
  }

  countOfAddress(address: string): number {
    return this.byAddress.get(this.networkOf(address)) ?? 0;
  }

  /**
   * Calls back when a connection counts no longer towards its user, with how many the user has left, and when it does no
   * longer towards its address.
   */
  watch(onLeft: (connection: Connection, othersOfUser: number) => void): void {
    this.onLeft = onLeft;
  }

  /** A connection is being closed, or its pipe is gone; `othersOfUser` connections of the user are still there. */
  left(connection: Connection, othersOfUser: number): void {
    this.onLeft(connection, othersOfUser);
  }

  opened(address: string): void {
    this.open++;
    const network = this.networkOf(address);
    this.byAddress.set(network, (this.byAddress.get(network) ?? 0) + 1);
  }

  closed(address: string): void {
    this.open--;
    const network = this.networkOf(address);
    const others = (this.byAddress.get(network) ?? 0) - 1;
    if (others > 0) this.byAddress.set(network, others);
    else this.byAddress.delete(network);
  }
}
