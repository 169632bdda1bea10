import { describe, expect, it } from '@jest/globals';
import { TokenBucket } from '../../../src/core/token-bucket.js';

function takeAll(bucket: TokenBucket, nowMs: number): number {
  let taken = 0;
  while (bucket.take(nowMs)) taken++;
  return taken;
}

describe('TokenBucket', () => {
  it('gives a second worth of tokens at once and then its rate', () => {
    const bucket = new TokenBucket(100, 0);

    expect(takeAll(bucket, 0)).toBe(100);
    expect(takeAll(bucket, 50)).toBe(5);
    expect(takeAll(bucket, 10_000)).toBe(100);
  });

  it('says when the next token is there', () => {
    const bucket = new TokenBucket(10, 0);
    takeAll(bucket, 0);

    expect(bucket.retryAfterMs).toBe(100);
    expect(bucket.take(99)).toBe(false);
    expect(bucket.take(100)).toBe(true);
  });

  it('gives nothing for a clock that goes back', () => {
    const bucket = new TokenBucket(10, 10_000);
    takeAll(bucket, 10_000);

    expect(bucket.take(0)).toBe(false);
    expect(bucket.take(100)).toBe(true);
  });
});
