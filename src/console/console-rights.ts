import type { Principal } from '../core/principal.js';
import type { ConsoleSession } from '../protocol/console-frames.js';

/**
 * What a pass of the console may do, and only such a pass: no claim of a token can hold it, because scopes are separated by
 * spaces.
 */
export const CONSOLE_SCOPE = 'push console';

/** Who let somebody into the console: a token with scopes, or the guards of the host. */
export type ConsoleDoor = 'token' | 'guards';

/**
 * What somebody may do in the console; undefined where nothing. By a token it takes `push:admin`, and to send what REST asks
 * for. A node is everybody's, so a tenant has no say over it.
 */
export function rightsOf(
  { scopes, tenant }: Pick<Principal, 'scopes' | 'tenant'>,
  door: ConsoleDoor,
): ConsoleSession['may'] | undefined {
  const has = (scope: string) => scopes.includes(scope);
  if (door === 'guards') {
    return has(CONSOLE_SCOPE) ? { send: true, broadcast: true, drain: tenant === undefined } : undefined;
  }
  if (!has('push:admin')) return undefined;
  return { send: has('push:send'), broadcast: has('push:broadcast'), drain: tenant === undefined };
}
