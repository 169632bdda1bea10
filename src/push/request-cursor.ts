import { MAX_CURSOR_LENGTH } from '../protocol/limits.js';
import type { HandshakeRequest } from './admission.js';
import { Refusals } from './refusal.js';
import type { Refusal } from './refusal.js';

/** Where the client says it stands. An empty cursor is none: an event source that has had nothing yet sends such a header. */
export function cursorOf({ lastEventId, query }: HandshakeRequest): string | undefined {
  return lastEventId || query?.get('cursor') || undefined;
}

/** Also of the one that does not count, so that the answer does not hang on which of them comes first. */
export function cursorProblem({ lastEventId = '', query }: HandshakeRequest): Refusal | undefined {
  if (lastEventId === '' && !query) return undefined;
  const longest = Math.max(Buffer.byteLength(lastEventId), Buffer.byteLength(query?.get('cursor') ?? ''));
  return longest > MAX_CURSOR_LENGTH
    ? Refusals.malformed(`a cursor has at most ${MAX_CURSOR_LENGTH} bytes`)
    : undefined;
}
