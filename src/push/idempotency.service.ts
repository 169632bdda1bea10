import { createHash } from 'node:crypto';
import type {
  IdempotencyStore,
  IdempotencyVerdict,
  IdempotentRequest,
} from '../backing/idempotency-store.interface.js';
import { PushError } from '../core/push-error.js';

/** What became of a request with a key. */
export interface IdempotentOutcome<Answer> {
  readonly answer: Answer;
  /** The answer is that of an earlier request, and nothing was done now. */
  readonly isReplay: boolean;
}

/** Carries out what comes with an idempotency key once, and answers those who repeat it with the first answer. */
export class IdempotencyService {
  constructor(private readonly store: IdempotencyStore) {}

  /**
   * Runs the action unless the same request was carried out before; its answer, a JSON value, is kept then. An action
   * that throws leaves the key unused, but claimed where nobody knows whether it was done: whoever repeats it runs it again
   * with the same claim, under which it does nothing twice. Rejects with `PUSH_ERR_IDEMPOTENCY_MISMATCH`,
   * `PUSH_ERR_IDEMPOTENCY_IN_PROGRESS` or `PUSH_ERR_IDEMPOTENCY_FULL` without running the action.
   */
  async run<Answer>(
    request: IdempotentRequest,
    action: (claim: string) => Promise<Answer>,
  ): Promise<IdempotentOutcome<Answer>> {
    const verdict = await this.store.begin(request);
    if (verdict.type === 'new' || verdict.type === 'resume') {
      const isFirst = verdict.type === 'new';
      return { answer: await this.carryOut(request, verdict.claim, action, isFirst), isReplay: false };
    }
    if (verdict.type === 'replay') return { answer: JSON.parse(verdict.answer) as Answer, isReplay: true };
    throw errorOf(verdict);
  }

  private async carryOut<Answer>(
    request: IdempotentRequest,
    claim: string,
    action: (claim: string) => Promise<Answer>,
    isFirst: boolean,
  ): Promise<Answer> {
    let answer: Answer;
    try {
      answer = await action(claim);
    } catch (error) {
      // It may have been done, now or before: whoever repeats it must not have it done twice.
      if (!isFirst || (error instanceof PushError && error.code === 'PUSH_ERR_PUBLISH_UNKNOWN')) throw error;
      // Losing the claim as well would hide why the action failed; it ends by itself in time.
      await this.store.abandon(request, claim).catch(() => undefined);
      throw error;
    }
    // It was done and the answer is known: a store that fails now must not make it look undone.
    await this.store.complete(request, claim, JSON.stringify(answer)).catch(() => undefined);
    return answer;
  }
}

type Refusal = Exclude<IdempotencyVerdict, { readonly type: 'new' | 'resume' | 'replay' }>;

const REFUSALS = {
  mismatch: ['PUSH_ERR_IDEMPOTENCY_MISMATCH', 'the idempotency key was used for another request'],
  inProgress: ['PUSH_ERR_IDEMPOTENCY_IN_PROGRESS', 'the same request is still in progress'],
  full: ['PUSH_ERR_IDEMPOTENCY_FULL', 'too many idempotency keys are kept'],
} as const;

function errorOf(verdict: Refusal): PushError {
  const [code, message] = REFUSALS[verdict.type];
  return new PushError(code, message, 'retryAfterMs' in verdict ? { retryAfterMs: verdict.retryAfterMs } : {});
}

/** Tells one request from another: equal for JSON values that are equal, whatever the order of their members. */
export function fingerprintOf(request: unknown): string {
  return createHash('sha256').update(canonicalJson(request)).digest('base64url');
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value ?? null, (_key, member: unknown) => (isObject(member) ? sortMembers(member) : member));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Members as a list, because an object would put those that look like numbers first; wrapped to differ from a list. */
function sortMembers(value: object): { readonly members: readonly [string, unknown][] } {
  return { members: Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)) };
}
