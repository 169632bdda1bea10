import { PushClientError } from './client-errors.js';

/** Keeps the application's token until it is refused or about to end, and asks for the next one once for all who wait. */
export class TokenSource {
  readonly #ask: () => string | Promise<string>;
  /** The token of now, or the one that is being asked for; undefined while there is none. */
  present: Promise<string> | undefined;

  constructor(ask: () => string | Promise<string>) {
    this.#ask = ask;
  }

  /** The token. Rejects with `token_failed` when the application has none to give. */
  get(): Promise<string> {
    if (!this.present) {
      const next = (this.present = this.#next());
      next.catch(() => this.drop(next));
    }
    return this.present;
  }

  /** Asks for the next token. The present one goes on until that is there, and where there is none. Rejects as {@link get}. */
  renew(): Promise<string> {
    const next = this.#next();
    next.then(
      () => (this.present = next),
      () => {},
    );
    return next;
  }

  /** Forgets the token, so that the next {@link get} asks. One that has been replaced meanwhile is left alone. */
  drop(stale = this.present): void {
    if (stale === this.present) this.present = undefined;
  }

  async #next(): Promise<string> {
    try {
      return await this.#ask();
    } catch (cause) {
      throw new PushClientError('token_failed', undefined, cause);
    }
  }
}
