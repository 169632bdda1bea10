/** So many tokens a second, and as many at once after a quiet second. Two numbers, no timer. */
export class TokenBucket {
  private tokens: number;
  private updatedAtMs: number;

  constructor(
    private readonly tokensPerSecond: number,
    nowMs: number,
  ) {
    this.tokens = tokensPerSecond;
    this.updatedAtMs = nowMs;
  }

  /** Takes one token if there is one. A clock that goes back gives nothing and takes nothing. */
  take(nowMs: number): boolean {
    if (!this.hasToken(nowMs)) return false;
    this.tokens -= 1;
    return true;
  }

  /** Whether there is a token to take. */
  hasToken(nowMs: number): boolean {
    const elapsedMs = Math.max(0, nowMs - this.updatedAtMs);
    this.updatedAtMs = nowMs;
    this.tokens = Math.min(this.tokensPerSecond, this.tokens + (elapsedMs * this.tokensPerSecond) / 1000);
    return this.tokens >= 1;
  }

  /** Milliseconds until there is a token again; 0 when there is one. */
  get retryAfterMs(): number {
    return this.tokens >= 1 ? 0 : Math.ceil(((1 - this.tokens) * 1000) / this.tokensPerSecond);
  }
}
