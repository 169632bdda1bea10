/**
 * Untrusted text → client frame. Checks the shape that every frame has; what `data` holds is for who handles the event.
 * Never throws: a failure is a code and a detail that repeats nothing of the text.
 */
import { ErrorCode } from './error-codes.js';
import type { ClientFrame } from './frames.js';
import { containsForbiddenKey, hasForbiddenKey, isTooDeep, isValueTooDeep } from './json-guard.js';
import { MAX_REF_LENGTH } from './limits.js';
import { isEvent } from './names.js';

/** Why a text is no client frame. */
export interface FrameFailure {
  readonly type: 'failure';
  readonly code: ErrorCode;
  readonly detail: string;
  /** The client's mark, where it could be read, so that the error finds its frame. */
  readonly ref: string | undefined;
  /** The text is no JSON, or none that is worth reading: what its sender speaks is another protocol. */
  readonly isForeign?: boolean;
}

/** A text that is a client frame. */
export interface ParsedFrame {
  readonly type: 'frame';
  readonly frame: ClientFrame;
}

/** Reads one frame. */
export function parseFrame(text: string): ParsedFrame | FrameFailure {
  if (isTooDeep(text)) return foreign('the frame nests too deep');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return foreign('the frame is not JSON');
  }
  return readFrame(value, () => hasForbiddenKey(text, value));
}

/** Reads one frame that someone else has parsed. */
export function readParsedFrame(value: unknown): ParsedFrame | FrameFailure {
  if (isValueTooDeep(value)) return failure(ErrorCode.BadMessage, 'the frame nests too deep');
  return readFrame(value, () => containsForbiddenKey(value));
}

function readFrame(value: unknown, isForbidden: () => boolean): ParsedFrame | FrameFailure {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return failure(ErrorCode.BadMessage, 'the frame is not an object');
  }
  const { event, data, ref } = value as Readonly<Record<string, unknown>>;
  if (ref !== undefined && (typeof ref !== 'string' || ref.length > MAX_REF_LENGTH)) {
    return failure(ErrorCode.BadMessage, `ref must be a string of at most ${MAX_REF_LENGTH} characters`);
  }
  if (!isEvent(event)) return failure(ErrorCode.BadMessage, 'event is missing or not a valid name', ref);
  if (isForbidden()) return failure(ErrorCode.InvalidData, 'the key __proto__ is not allowed', ref);
  return { type: 'frame', frame: { event, data, ref } };
}

function foreign(detail: string): FrameFailure {
  return { ...failure(ErrorCode.BadMessage, detail), isForeign: true };
}

function failure(code: ErrorCode, detail: string, ref?: string): FrameFailure {
  return { type: 'failure', code, detail, ref };
}
