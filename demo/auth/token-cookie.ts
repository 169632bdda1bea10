/** The cookie by which a page's own `EventSource` and `WebSocket` are known: neither can set a header. */
export const TOKEN_COOKIE = 'push_token';

/** Browsers drop a cookie past 4,096 bytes, and a header that long is refused on the way. */
const MAX_COOKIE_BYTES = 4_000;

/** Where and how long a cookie holds. */
export interface CookieLife {
  readonly maxAgeSeconds: number;
  /** Whether the browser is to send it over TLS alone. */
  readonly isSecure: boolean;
}

/**
 * The `Set-Cookie` that keeps the token out of reach of scripts and of other sites' requests; undefined where the token
 * is too long for a cookie.
 */
export function tokenCookie(token: string, { maxAgeSeconds, isSecure }: CookieLife): string | undefined {
  if (token.length > MAX_COOKIE_BYTES) return undefined;
  const attributes = [`Max-Age=${maxAgeSeconds}`, 'Path=/', 'HttpOnly', 'SameSite=Strict'];
  return [`${TOKEN_COOKIE}=${token}`, ...attributes, ...(isSecure ? ['Secure'] : [])].join('; ');
}
