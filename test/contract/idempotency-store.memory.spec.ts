import { describe, expect, it } from '@jest/globals';
import { MemoryIdempotencyStore } from '../../src/backing/memory/memory-idempotency-store.js';
import { describeIdempotencyStore } from './idempotency-store.suite.js';

describeIdempotencyStore('MemoryIdempotencyStore', (limits) => {
  let nowMs = 1_700_000_000_000;
  return {
    store: new MemoryIdempotencyStore(limits, { now: () => nowMs }),
    advance: (milliseconds) => void (nowMs += milliseconds),
    close: () => undefined,
  };
});

describe('MemoryIdempotencyStore', () => {
  const request = (key: string) => ({ scope: 's', key, fingerprint: 'f' });

  it('is full at maxKeys for new keys and goes on answering for known ones', async () => {
    let nowMs = 0;
    const store = new MemoryIdempotencyStore({ maxKeys: 2, ttlSeconds: 10 }, { now: () => nowMs });
    const first = await store.begin(request('a'));
    if (first.type === 'new') await store.complete(request('a'), first.claim, '1');
    await store.begin(request('b'));
    expect(await store.begin(request('c'))).toEqual({ type: 'full', retryAfterMs: expect.any(Number) });
    expect((await store.begin(request('a'))).type).toBe('replay');
    expect((await store.begin(request('b'))).type).toBe('inProgress');
    nowMs += 10_000;
    expect((await store.begin(request('c'))).type).toBe('new');
  });

  it('is full when the kept answers pass maxBytes', async () => {
    const store = new MemoryIdempotencyStore({ maxBytes: 1_000 });
    const first = await store.begin(request('a'));
    if (first.type === 'new') await store.complete(request('a'), first.claim, 'x'.repeat(900));
    expect((await store.begin(request('b'))).type).toBe('full');
  });

  it('gives back the bytes of what it forgot', async () => {
    let nowMs = 0;
    const store = new MemoryIdempotencyStore({ maxBytes: 1_000, ttlSeconds: 1 }, { now: () => nowMs });
    for (let round = 0; round < 5; round++) {
      const verdict = await store.begin(request('a'));
      expect(verdict.type).toBe('new');
      if (verdict.type === 'new') await store.complete(request('a'), verdict.claim, 'x'.repeat(900));
      nowMs += 1_000;
    }
  });

  it('holds nothing of what is over once it is used again', async () => {
    let nowMs = 0;
    const store = new MemoryIdempotencyStore({ ttlSeconds: 1 }, { now: () => nowMs });
    for (let index = 0; index < 1_000; index++) {
      const verdict = await store.begin(request(`k-${index}`));
      if (verdict.type === 'new' && index % 2) await store.complete(request(`k-${index}`), verdict.claim, '1');
    }
    expect(store.size).toBe(1_000);
    nowMs += 60_000;
    await store.begin(request('another'));
    expect(store.size).toBe(1);
  });
});
