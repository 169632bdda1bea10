import { describe, expect, it } from '@jest/globals';
import { MemoryIdempotencyStore } from '../../../src/backing/memory/memory-idempotency-store.js';
import { PushError } from '../../../src/core/push-error.js';
import { fingerprintOf, IdempotencyService } from '../../../src/push/idempotency.service.js';

const request = { scope: 'user 7', key: 'k-1', fingerprint: 'f-1' };

describe('IdempotencyService', () => {
  it('runs one of a thousand parallel requests with the same key', async () => {
    const service = new IdempotencyService(new MemoryIdempotencyStore());
    let runCount = 0;
    const action = async () => {
      runCount++;
      await new Promise((resolve) => setImmediate(resolve));
      return { id: 'm-1' };
    };
    const outcomes = await Promise.allSettled(Array.from({ length: 1_000 }, () => service.run(request, action)));
    expect(runCount).toBe(1);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason.code).toBe('PUSH_ERR_IDEMPOTENCY_IN_PROGRESS');
    }
    expect(await service.run(request, action)).toEqual({ answer: { id: 'm-1' }, isReplay: true });
    expect(runCount).toBe(1);
  });

  it('refuses another request with the key', async () => {
    const service = new IdempotencyService(new MemoryIdempotencyStore());
    await service.run(request, async () => 1);
    const other = service.run({ ...request, fingerprint: 'f-2' }, async () => 2);
    await expect(other).rejects.toMatchObject({ code: 'PUSH_ERR_IDEMPOTENCY_MISMATCH', status: 422 });
  });

  it('says when to come back when the store is full', async () => {
    const service = new IdempotencyService(new MemoryIdempotencyStore({ maxKeys: 0 }));
    const refused = service.run(request, async () => 1);
    await expect(refused).rejects.toMatchObject({ code: 'PUSH_ERR_IDEMPOTENCY_FULL', status: 503 });
    await expect(refused).rejects.toHaveProperty('retryAfterMs', expect.any(Number));
  });

  it('leaves the key unused when the action fails', async () => {
    const service = new IdempotencyService(new MemoryIdempotencyStore());
    const failure = new PushError('PUSH_ERR_UNAVAILABLE', 'away');
    await expect(service.run(request, () => Promise.reject(failure))).rejects.toBe(failure);
    expect(await service.run(request, async () => 'done')).toEqual({ answer: 'done', isReplay: false });
  });

  it('keeps the key in progress when nobody knows whether the action was done', async () => {
    const service = new IdempotencyService(new MemoryIdempotencyStore());
    const failure = new PushError('PUSH_ERR_PUBLISH_UNKNOWN', 'no answer');
    await expect(service.run(request, () => Promise.reject(failure))).rejects.toBe(failure);
    const repeated = service.run(request, async () => 'done twice');
    await expect(repeated).rejects.toMatchObject({ code: 'PUSH_ERR_IDEMPOTENCY_IN_PROGRESS' });
  });

  it('runs a request of which nobody knows again with the claim that it had, and keeps the claim when that fails', async () => {
    const store = new MemoryIdempotencyStore();
    store.begin = async () => ({ type: 'resume', claim: 'the first' });
    const abandoned: string[] = [];
    store.abandon = async (_request, claim) => void abandoned.push(claim);
    const service = new IdempotencyService(store);
    expect(await service.run(request, async (claim) => claim)).toEqual({ answer: 'the first', isReplay: false });
    const failure = new PushError('PUSH_ERR_UNAVAILABLE', 'away');
    await expect(service.run(request, () => Promise.reject(failure))).rejects.toBe(failure);
    expect(abandoned).toEqual([]);
  });

  it('answers what was done although the store has gone away meanwhile', async () => {
    const store = new MemoryIdempotencyStore();
    store.complete = () => Promise.reject(new PushError('PUSH_ERR_UNAVAILABLE', 'away'));
    const outcome = await new IdempotencyService(store).run(request, async () => 'done');
    expect(outcome).toEqual({ answer: 'done', isReplay: false });
  });
});

describe('fingerprintOf', () => {
  it('does not depend on the order of members', () => {
    expect(fingerprintOf({ a: 1, b: { c: 2, d: [3] } })).toBe(fingerprintOf({ b: { d: [3], c: 2 }, a: 1 }));
  });

  it.each([
    [{ a: 1 }, { a: 2 }],
    [{ a: 1 }, { a: '1' }],
    [
      [1, 2],
      [2, 1],
    ],
    [{ a: 1 }, [['a', 1]]],
    [{ members: [['a', 1]] }, { a: 1 }],
    [{ a: null }, {}],
    [{}, []],
  ])('tells %j from %j', (one, other) => {
    expect(fingerprintOf(one)).not.toBe(fingerprintOf(other));
  });
});
