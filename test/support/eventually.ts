import { setTimeout as sleep } from 'node:timers/promises';

/** How long to wait, and what to call the thing that was waited for when it does not come. */
export interface EventuallyOptions {
  /** @default 20_000, for a busy machine; who waits in vain waits that long */
  readonly timeoutMs?: number;
  /** @default 5 */
  readonly intervalMs?: number;
  /** Named in the error. @default the source of the condition */
  readonly what?: string;
}

/**
 * Waits until the condition holds: it returns true, or it returns nothing and its expectations do not throw. Rejects
 * after `timeoutMs` with what the condition threw last.
 */
export async function eventually(
  condition: () => boolean | void | Promise<boolean | void>,
  options: EventuallyOptions = {},
): Promise<void> {
  await eventuallyDefined(async () => ((await condition()) === false ? undefined : true), {
    what: String(condition),
    ...options,
  });
}

/** Waits until `find` returns something other than `undefined` or `null`, and gives that back. */
export async function eventuallyDefined<Found>(
  find: () => Found | undefined | null | Promise<Found | undefined | null>,
  { timeoutMs = 20_000, intervalMs = 5, what = String(find) }: EventuallyOptions = {},
): Promise<Found> {
  // The monotonic clock: tests may put another `Date` in place.
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let cause: unknown;
    try {
      const found = await find();
      if (found !== undefined && found !== null) return found;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= deadline) {
      const reason = cause === undefined ? '' : `: ${messageOf(cause)}`;
      throw new Error(`did not happen within ${timeoutMs} ms: ${what}${reason}`, { cause });
    }
    await sleep(intervalMs);
  }
}

/** Not `instanceof`: Jest runs tests in a realm of their own, whose `Error` is not the one that Node throws. */
function messageOf(cause: unknown): string {
  return typeof cause === 'object' && cause !== null && 'message' in cause ? String(cause.message) : String(cause);
}
