/** That something has changed, for whoever waits for it. */
export class News {
  private next = nextNews();

  /** Resolves with the next change. */
  get coming(): Promise<void> {
    return this.next.promise;
  }

  tell(): void {
    const { tell } = this.next;
    this.next = nextNews();
    tell();
  }
}

function nextNews() {
  let tell = (): void => {};
  const promise = new Promise<void>((resolve) => (tell = resolve));
  return { promise, tell };
}
