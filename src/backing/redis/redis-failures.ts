import { PushError } from '../../core/push-error.js';

/** When it is worth another try. */
const RETRY_AFTER_MS = 1_000;

/**
 * Nothing has happened: Redis is out of reach, or refused. Callers of REST read the message, so of what Redis says it
 * has the kind alone, such as `OOM`; the cause has the names of commands, keys and users.
 */
export function unavailable(cause?: unknown): PushError {
  const kind = refusalKind(cause);
  const refused = kind === undefined ? 'Redis refuses' : `Redis refuses: ${kind}`;
  const extras = { retryAfterMs: RETRY_AFTER_MS, cause, isRefusal: isRefusal(cause) };
  return new PushError('PUSH_ERR_UNAVAILABLE', extras.isRefusal ? refused : 'Redis is out of reach', extras);
}

/** The kind of what Redis says, such as `OOM`; undefined where it has none. */
export function refusalKind(cause: unknown): string | undefined {
  return /^[A-Z]+(?= )/.exec(messageOf(cause))?.[0];
}

/** Nobody knows whether it has happened. */
export function publishUnknown(cause?: unknown): PushError {
  const message = 'Redis did not answer in time: the message may have been taken';
  return new PushError('PUSH_ERR_PUBLISH_UNKNOWN', message, { retryAfterMs: RETRY_AFTER_MS, cause });
}

/** How the driver says that a Cluster has sent a command from one server to the next until it gave up. */
const REDIRECTED = 'Too many Cluster redirections';

/** Whether it is an answer of the server, which then has done nothing, and not the lack of one. */
export function isRefusal(cause: unknown): boolean {
  if (messageOf(cause).startsWith(REDIRECTED)) return true;
  return typeof cause === 'object' && cause !== null && 'name' in cause && cause.name === 'ReplyError';
}

function messageOf(cause: unknown): string {
  return typeof cause === 'object' && cause !== null && 'message' in cause ? String(cause.message) : String(cause);
}
