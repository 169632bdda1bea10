/**
 * Where the token lies while the tab is open. A page of the host on the same origin may put one there and then open the
 * console in the same tab; docs/console.md names the key.
 */
const KEY = 'nestjs-push.console.token';

/** The token, or undefined where there is none. */
export function storedToken(): string | undefined {
  return attempt(() => sessionStorage.getItem(KEY) ?? undefined);
}

/** Keeps it, or forgets what was kept. */
export function storeToken(token: string | undefined): void {
  attempt(() => (token === undefined ? sessionStorage.removeItem(KEY) : sessionStorage.setItem(KEY, token)));
}

/** A browser may forbid all storage: then a token lasts as long as the page. */
function attempt<Value>(action: () => Value): Value | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
