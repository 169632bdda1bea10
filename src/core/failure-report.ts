/** What a failure concerned, by ids that a log may hold. */
export interface FailureContext {
  readonly connectionId?: string | undefined;
  readonly requestId?: string | undefined;
}

/** Hears of failures that are our own, or of the host's providers. Does not throw; bounds what it writes. */
export type OnFailure = (cause: unknown, about?: FailureContext) => void;

/** Where parts that Nest makes find the one who hears of failures. */
export abstract class FailureReport {
  abstract readonly add: OnFailure;
}
