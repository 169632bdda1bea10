/**
 * Answers that are mostly there at once and sometimes take a while. A promise for each of them would cost every handshake
 * and every send turns of the microtask queue that only some need.
 */

/** A value, or a promise of it. */
export type NowOrLater<Value> = Value | PromiseLike<Value>;

/** Whether the value must be waited for. Promises of any make count, for a host's may be of another. */
export function isLater<Value>(answer: NowOrLater<Value>): answer is PromiseLike<Value> {
  return (
    typeof answer === 'object' && answer !== null && typeof (answer as Partial<PromiseLike<Value>>).then === 'function'
  );
}
