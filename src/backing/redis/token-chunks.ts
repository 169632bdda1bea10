import type { TokenVerdict } from '../shared-limits.interface.js';

/** Takes so many tokens of the subject's bucket, or none. Does not reject. */
export type TakeChunk = (
  subject: string,
  tokensPerSecond: number,
  size: number,
) => TokenVerdict | Promise<TokenVerdict>;

interface Allowance {
  tokens: number;
  updatedAtMs: number;
  tokensPerSecond: number;
  /** The bucket has nothing to give until then. */
  emptyUntilMs: number;
  /** A chunk that is on its way. */
  coming: Promise<TokenVerdict> | undefined;
}

/** A chunk is so small a part of a second's tokens. */
const CHUNK_PART = 10;
/** So small a part of the rate a subject has without anybody being asked. */
const FREE_PART = 100;
const FORGOTTEN_AT_A_TIME = 2;

/**
 * The tokens that this node holds for each subject. It begins with a chunk, gains a little by itself, and takes another
 * chunk when less than half of one is left: who is quiet costs no call, who is busy one for each chunk, and nobody
 * waits for it unless all are spent.
 */
export class TokenChunks {
  private readonly allowances = new Map<string, Allowance>();

  constructor(private readonly takeChunk: TakeChunk) {}

  /** Subjects that tokens are held for, those that hold as many as a stranger but are not forgotten yet among them. */
  get size(): number {
    return this.allowances.size;
  }

  /** Takes one token, at once where this node holds one. */
  take(subject: string, tokensPerSecond: number): TokenVerdict | Promise<TokenVerdict> {
    const allowance = this.allowanceOf(subject, tokensPerSecond);
    const emptyForMs = Math.ceil(allowance.emptyUntilMs - allowance.updatedAtMs);
    if (allowance.tokens < 1) return emptyForMs > 0 ? refused(emptyForMs) : this.takeLater(subject, allowance);
    allowance.tokens -= 1;
    if (emptyForMs <= 0 && allowance.tokens < chunkOf(tokensPerSecond) / 2) void this.fetch(subject, allowance);
    return granted(allowance);
  }

  private async takeLater(subject: string, allowance: Allowance): Promise<TokenVerdict> {
    for (;;) {
      const verdict = await this.fetch(subject, allowance);
      // Others who waited for the same chunk may have been quicker.
      if (allowance.tokens >= 1) {
        allowance.tokens -= 1;
        return granted(allowance);
      }
      if (!verdict.isGranted) return verdict;
    }
  }

  private fetch(subject: string, allowance: Allowance): Promise<TokenVerdict> {
    allowance.coming ??= this.fetchChunk(subject, allowance);
    return allowance.coming;
  }

  /** A whole chunk if there is one, else a single token. */
  private async fetchChunk(subject: string, allowance: Allowance): Promise<TokenVerdict> {
    const { tokensPerSecond } = allowance;
    let size = chunkOf(tokensPerSecond);
    let verdict = await this.takeChunk(subject, tokensPerSecond, size);
    if (!verdict.isGranted && size > 1 && verdict.remaining >= 1) {
      size = 1;
      verdict = await this.takeChunk(subject, tokensPerSecond, size);
    }
    allowance.coming = undefined;
    if (verdict.isGranted) {
      allowance.tokens += size;
      return verdict;
    }
    // Nobody has to wait for a whole chunk.
    const waitMs = Math.max(1, Math.ceil(verdict.retryAfterMs - ((size - 1) * 1000) / tokensPerSecond));
    allowance.emptyUntilMs = performance.now() + waitMs;
    return refused(waitMs);
  }

  private allowanceOf(subject: string, tokensPerSecond: number): Allowance {
    const nowMs = performance.now();
    this.forgetIdle(nowMs);
    const chunk = chunkOf(tokensPerSecond);
    const allowance = this.allowances.get(subject) ?? {
      tokens: chunk,
      updatedAtMs: nowMs,
      tokensPerSecond,
      emptyUntilMs: 0,
      coming: undefined,
    };
    allowance.tokensPerSecond = tokensPerSecond;
    allowance.tokens = tokensAt(allowance, nowMs);
    allowance.updatedAtMs = nowMs;
    this.allowances.delete(subject);
    this.allowances.set(subject, allowance);
    return allowance;
  }

  private forgetIdle(nowMs: number): void {
    let looked = 0;
    for (const [subject, allowance] of this.allowances) {
      const isIdle = !allowance.coming && tokensAt(allowance, nowMs) >= chunkOf(allowance.tokensPerSecond);
      if (looked++ >= FORGOTTEN_AT_A_TIME || !isIdle) return;
      this.allowances.delete(subject);
    }
  }
}

function chunkOf(tokensPerSecond: number): number {
  return Math.max(1, Math.floor(tokensPerSecond / CHUNK_PART));
}

/** What was taken may be more than a chunk; what comes by itself fills up to one. */
function tokensAt({ tokens, updatedAtMs, tokensPerSecond }: Allowance, nowMs: number): number {
  const gained = ((nowMs - updatedAtMs) * tokensPerSecond) / FREE_PART / 1000;
  return Math.max(tokens, Math.min(chunkOf(tokensPerSecond), tokens + gained));
}

function granted({ tokens }: Allowance): TokenVerdict {
  return { isGranted: true, remaining: Math.floor(tokens), retryAfterMs: 0 };
}

function refused(retryAfterMs: number): TokenVerdict {
  return { isGranted: false, remaining: 0, retryAfterMs };
}
