/** What a browser has and Node has not: the Web Locks of an origin, and a page that sleeps and wakes. */

interface Waiting {
  readonly grant: () => void;
  readonly fail: (error: Error) => void;
}

/** One lock per name, granted in turn; `steal` takes it from its holder (Web Locks API). */
export class FakeLocks {
  private holder: Waiting | undefined;
  private readonly queue: Waiting[] = [];

  request(
    _name: string,
    options: { readonly signal?: AbortSignal; readonly steal?: boolean },
    whenHeld: () => Promise<unknown>,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        grant: () => {
          this.holder = waiting;
          void whenHeld().then((result) => {
            if (this.holder === waiting) this.next();
            resolve(result);
          });
        },
        fail: reject,
      };
      options.signal?.addEventListener('abort', () => {
        const place = this.queue.indexOf(waiting);
        if (place < 0) return;
        this.queue.splice(place, 1);
        reject(new Error('aborted'));
      });
      if (options.steal) {
        const robbed = this.holder;
        waiting.grant();
        robbed?.fail(new Error('stolen'));
      } else if (this.holder) this.queue.push(waiting);
      else queueMicrotask(() => waiting.grant());
    });
  }

  private next(): void {
    this.holder = undefined;
    this.queue.shift()?.grant();
  }
}

/** Puts globals in place; answers how to take them away. */
export function install(globals: Readonly<Record<string, unknown>>): () => void {
  const former = Object.keys(globals).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  return () => {
    for (const [name, descriptor] of former) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      else Reflect.deleteProperty(globalThis, name);
    }
  };
}
