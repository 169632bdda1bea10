import { expect, it } from '@jest/globals';
import type { TestRedis } from './test-redis.js';

/** One call of a store, by the name of what it calls. */
export type StoreCalls = Readonly<Record<string, () => Promise<unknown>>>;

/** What every store in Redis does while Redis is away: refuses at once or within its second, and works when it is back. */
export function itRefusesWhileOutOfReach(redis: TestRedis, calls: () => StoreCalls): void {
  const outcomes = async (): Promise<Record<string, unknown>> => {
    const named = Object.entries(calls()).map(async ([name, call]) => [name, await outcomeOf(call())] as const);
    return Object.fromEntries(await Promise.all(named));
  };
  const each = (outcome: unknown) => Object.fromEntries(Object.keys(calls()).map((name) => [name, outcome]));
  const refusal = ['PUSH_ERR_UNAVAILABLE', expect.any(Number)];

  it('refuses every call while Redis is gone, and goes on when it is back', async () => {
    await redis.server.kill();
    try {
      expect(await outcomes()).toEqual(each(refusal));
    } finally {
      await redis.server.run();
      await redis.reached();
    }
    expect(await outcomes()).toEqual(each('done'));
  });

  it('refuses every call while Redis stands still', async () => {
    redis.server.freeze();
    try {
      expect(await outcomes()).toEqual(each(refusal));
    } finally {
      redis.server.thaw();
      await redis.reached();
    }
    expect(await outcomes()).toEqual(each('done'));
  });
}

async function outcomeOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
    return 'done';
  } catch (cause) {
    const { code, retryAfterMs } = cause as { readonly code?: string; readonly retryAfterMs?: number };
    return [code, retryAfterMs];
  }
}
