/** Why a line ended. All members are absent when it simply broke. */
export interface LineEnd {
  /** The close code, of the WebSocket or of `push:closing`. */
  readonly code?: number;
  /** The HTTP status of a refusal. */
  readonly status?: number;
  readonly retryAfterMs?: number | undefined;
  /** For people. */
  readonly reason?: string | undefined;
  /** This transport does not get through here; another may. */
  readonly isBlocked?: boolean;
  /** The token was the reason; there is a new one already. */
  readonly isTokenOld?: boolean;
  /** The server could not be reached. */
  readonly error?: unknown;
}
