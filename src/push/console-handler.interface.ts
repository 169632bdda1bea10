import type { Connection } from '../core/connection.js';
import type { ErrorCode } from '../protocol/error-codes.js';

/** What the console is answered: the data of a `push:ok`, or why not. */
export type ConsoleAnswer =
  | {
      readonly type: 'ok';
      readonly data: unknown;
      /** What is left to do once the answer is queued: it may end the connection that the answer goes to. */
      readonly after?: (() => void) | undefined;
    }
  | { readonly type: 'refused'; readonly code: ErrorCode; readonly detail: string };

/** Carries out what a page of the admin console asks over its connection. */
export interface ConsoleHandler {
  /** Judges who asks, too: anybody may try. Rejects with what is our own failure. */
  handle(connection: Connection, data: unknown): Promise<ConsoleAnswer>;
}
