import type { Clock } from './clock.js';

/** The answer; rejects where it takes longer than `timeoutMs`. What comes of it after that is not heard. */
export function withinTime<Value>(
  clock: Pick<Clock, 'after'>,
  timeoutMs: number,
  answer: PromiseLike<Value>,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(timeoutMs, () => reject(new Error(`not done within ${timeoutMs} ms`)));
    answer.then(
      (value) => {
        cancel();
        resolve(value);
      },
      (cause: unknown) => {
        cancel();
        reject(cause instanceof Error ? cause : new Error('the answer failed', { cause }));
      },
    );
  });
}
