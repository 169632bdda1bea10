/**
 * The pipes that are open in this process, of connections that messages reach and of those that are being closed,
 * whichever tenant's they are: what limits of connections count.
 */
export class OpenPipes {
  private readonly byAddress = new Map<string, number>();
  private open = 0;

  get count(): number {
    return this.open;
  }

  countOfAddress(address: string): number {
    return this.byAddress.get(address) ?? 0;
  }

  opened(address: string): void {
    this.open++;
    this.byAddress.set(address, this.countOfAddress(address) + 1);
  }

  closed(address: string): void {
    this.open--;
    const others = this.countOfAddress(address) - 1;
    if (others > 0) this.byAddress.set(address, others);
    else this.byAddress.delete(address);
  }
}
