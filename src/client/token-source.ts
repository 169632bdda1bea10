import { PushClientError } from './client-errors.js';

/**
 * What a header can carry and, as a word of its own, a subprotocol. Any other text would fail each request before it is
 * sent, so that no server could ever refuse it: the page of a captive portal, say.
 */
const CARRIABLE = /^[!-~]+$/;

/** Keeps the application's token until it is refused or about to end, and asks for the next one once for all who wait. */
export class TokenSource {
  readonly #ask: () => string | Promise<string>;
  readonly #timeoutMs: number;
  #renewal: Promise<string> | undefined;
  /** The token of now, or the one that is being asked for; undefined while there is none. */
  present: Promise<string> | undefined;
  /** Whose tokens these are, as the first welcome has said. */
  userId: string | undefined;

  /** Past `timeoutMs` a token counts as one that the application could not give. */
  constructor(ask: () => string | Promise<string>, timeoutMs: number) {
    this.#ask = ask;
    this.#timeoutMs = timeoutMs;
  }

  /** The token. Rejects with `token_failed` when the application has none to give. */
  get(): Promise<string> {
    if (!this.present) {
      const next = (this.present = this.#next());
      next.catch(() => this.drop(next));
    }
    return this.present;
  }

  /** Asks for the next token, and leaves the present one in its place. Rejects as {@link get}. */
  renew(): Promise<string> {
    return (this.#renewal ??= this.#next().finally(() => (this.#renewal = undefined)));
  }

  /** Forgets the token, so that the next {@link get} asks. One that has been replaced meanwhile is left alone. */
  drop(stale = this.present): void {
    if (stale === this.present) this.present = undefined;
  }

  async #next(): Promise<string> {
    try {
      const asked = this.#ask();
      const signal = AbortSignal.timeout(this.#timeoutMs);
      const late = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      });
      const token = await Promise.race([asked, late]);
      if (CARRIABLE.test(token)) return token;
      throw new TypeError('this is no token');
    } catch (cause) {
      throw new PushClientError('token_failed', undefined, cause);
    }
  }
}
