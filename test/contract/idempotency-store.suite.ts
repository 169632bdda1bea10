import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { IDEMPOTENCY_CLAIM_MS } from '../../src/backing/idempotency-store.interface.js';
import type { IdempotencyLimits, IdempotencyStore } from '../../src/backing/idempotency-store.interface.js';

/** A store to be judged, and the means to let its time pass. */
export interface IdempotencyStoreSubject {
  readonly store: IdempotencyStore;
  /** Moves the store's time forward. */
  advance(milliseconds: number): Promise<void> | void;
  /** Ends what the subject started. */
  close(): Promise<void> | void;
}

/** What every store of idempotency keys must keep to. `create` makes an empty one with these limits. */
export function describeIdempotencyStore(
  name: string,
  create: (limits: IdempotencyLimits) => Promise<IdempotencyStoreSubject> | IdempotencyStoreSubject,
  { resumesAfterMs }: { readonly resumesAfterMs?: number } = {},
): void {
  describe(`${name} as an IdempotencyStore`, () => {
    const request = { scope: 'user 7', key: 'k-1', fingerprint: 'f-1' };
    let subject: IdempotencyStoreSubject;
    let store: IdempotencyStore;

    const open = async (limits: IdempotencyLimits = {}): Promise<void> => {
      subject = await create(limits);
      store = subject.store;
    };
    const claimOf = async (used = request): Promise<string> => {
      const verdict = await store.begin(used);
      if (verdict.type !== 'new') throw new Error(`expected a new key, got ${verdict.type}`);
      return verdict.claim;
    };

    beforeEach(() => open());
    afterEach(() => subject.close());

    it('claims a key that nobody has used', async () => {
      expect(await store.begin(request)).toEqual({ type: 'new', claim: expect.any(String) });
    });

    it('gives each claim once, also after a start with nothing', async () => {
      const claims = [await claimOf(), await claimOf({ ...request, key: 'k-2' })];
      await subject.close();
      await open();
      claims.push(await claimOf(), await claimOf({ ...request, key: 'k-2' }));
      expect(new Set(claims).size).toBe(4);
    });

    it('answers inProgress with a time to wait until the request is completed', async () => {
      await claimOf();
      const verdict = await store.begin(request);
      expect(verdict).toEqual({ type: 'inProgress', retryAfterMs: expect.any(Number) });
      expect(verdict.type === 'inProgress' && verdict.retryAfterMs > 0).toBe(true);
    });

    it('replays the answer of a completed request as it was', async () => {
      const answer = '{"id":"m-1","text":"ü \\u2028 🙂","n":1.50}';
      await store.complete(request, await claimOf(), answer);
      expect(await store.begin(request)).toEqual({ type: 'replay', answer });
      expect(await store.begin(request)).toEqual({ type: 'replay', answer });
    });

    it('answers mismatch to another request with the key, in progress or completed', async () => {
      const other = { ...request, fingerprint: 'f-2' };
      const claim = await claimOf();
      expect(await store.begin(other)).toEqual({ type: 'mismatch' });
      await store.complete(request, claim, '1');
      expect(await store.begin(other)).toEqual({ type: 'mismatch' });
    });

    it('frees the key of an abandoned request', async () => {
      await store.abandon(request, await claimOf());
      expect((await store.begin({ ...request, fingerprint: 'f-2' })).type).toBe('new');
    });

    it.each([
      ['scopes', { scope: 'user 8', key: 'k-1' }],
      ['keys', { scope: 'user 7', key: 'k-2' }],
      ['scopes and keys that read the same together', { scope: 'user 7k', key: '-1' }],
    ])('keeps %s apart', async (_what, other) => {
      await store.complete(request, await claimOf(), '1');
      expect((await store.begin({ ...request, ...other })).type).toBe('new');
    });

    it('gives a key to one of a thousand that come at once', async () => {
      const verdicts = await Promise.all(Array.from({ length: 1_000 }, () => store.begin(request)));
      expect(verdicts.filter(({ type }) => type === 'new')).toHaveLength(1);
      expect(verdicts.filter(({ type }) => type === 'inProgress')).toHaveLength(999);
    });

    it('forgets an answer when its time is over and not before', async () => {
      await subject.close();
      await open({ ttlSeconds: 10 });
      await store.complete(request, await claimOf(), '1');
      await subject.advance(9_000);
      expect((await store.begin(request)).type).toBe('replay');
      await subject.advance(1_001);
      expect((await store.begin(request)).type).toBe('new');
    });

    if (resumesAfterMs === undefined) {
      it('ends a claim that nobody completes', async () => {
        await claimOf();
        await subject.advance(IDEMPOTENCY_CLAIM_MS - 1_000);
        expect((await store.begin(request)).type).toBe('inProgress');
        await subject.advance(1_001);
        expect((await store.begin(request)).type).toBe('new');
      });

      it('ignores the end of a claim that was over', async () => {
        const late = await claimOf();
        await subject.advance(IDEMPOTENCY_CLAIM_MS + 1);
        const present = await claimOf();
        await store.complete(request, late, '"late"');
        await store.abandon(request, late);
        expect((await store.begin(request)).type).toBe('inProgress');
        await store.complete(request, present, '"present"');
        expect(await store.begin(request)).toEqual({ type: 'replay', answer: '"present"' });
      });
    } else {
      it('hands the claim of a request that nobody completes to one who repeats it', async () => {
        const claim = await claimOf();
        await subject.advance(resumesAfterMs - 500);
        expect((await store.begin(request)).type).toBe('inProgress');
        await subject.advance(501);
        expect(await store.begin(request)).toEqual({ type: 'resume', claim });
        expect((await store.begin(request)).type).toBe('inProgress');
        await store.complete(request, claim, '1');
        expect(await store.begin(request)).toEqual({ type: 'replay', answer: '1' });
      });

      it('hands on a claim for as long as it would keep the answer', async () => {
        await open({ ttlSeconds: 100 });
        const claim = await claimOf();
        await subject.advance(99_000);
        expect(await store.begin(request)).toEqual({ type: 'resume', claim });
        await subject.advance(1_001);
        expect((await store.begin(request)).type).toBe('new');
      });

      it('is free again when a claim that was handed on is abandoned', async () => {
        const claim = await claimOf();
        await subject.advance(resumesAfterMs + 1);
        await store.begin(request);
        await store.abandon(request, claim);
        expect((await store.begin(request)).type).toBe('new');
      });
    }
  });
}
