import { ERROR_CODES } from './error-codes.js';
import type { ErrorCode } from './error-codes.js';
import { ServerEvent } from './frames.js';
import type { ErrorData, GapReason, WelcomeData } from './frames.js';

/** The stamped members of an application message. `dataText` is JSON already. */
export interface MessageFields {
  readonly event: string;
  readonly dataText: string;
  readonly id: string;
  readonly cursor: string;
  readonly ts: string;
  readonly from?: string | undefined;
}

/** Writes an application message as envelope text. Event, id, cursor and ts hold no character that JSON escapes. */
export function encodeMessage({ event, dataText, id, cursor, ts, from }: MessageFields): string {
  const sender = from === undefined ? '' : `,"from":${JSON.stringify(from)}`;
  return `{"event":"${event}","data":${dataText},"id":"${id}","cursor":"${cursor}","ts":"${ts}"${sender}}`;
}

/** The event in the text of an application message. */
export function eventOf(text: string): string {
  const start = '{"event":"'.length;
  return text.slice(start, text.indexOf('"', start));
}

/** The id in the text of an application message. */
export function messageIdOf(text: string): string {
  // Stands behind the data, like the cursor.
  const start = text.lastIndexOf('"id":"') + 6;
  return text.slice(start, text.indexOf('"', start));
}

/** The text of an application message with another place in it. What is in its data stays as it is. */
export function withCursor(text: string, cursor: string, newCursor: string): string {
  // The stamped member is the last of its kind: it stands behind the data, and quotes in later members are escaped.
  const start = text.lastIndexOf(`"cursor":"${cursor}"`);
  return start === -1
    ? text
    : `${text.slice(0, start)}"cursor":"${newCursor}"${text.slice(start + cursor.length + 11)}`;
}

/** Writes a frame of the protocol itself, or a reply, as envelope text. Without `data` the member is left out. */
export function encodeFrame(event: string, data?: unknown, ref?: string): string {
  return encodeFrameOf(event, data === undefined ? undefined : JSON.stringify(data), ref);
}

/** The same with data that is JSON already. */
export function encodeFrameOf(event: string, dataText: string | undefined, ref?: string): string {
  const member = dataText === undefined ? '' : `,"data":${dataText}`;
  const mark = ref === undefined ? '' : `,"ref":${JSON.stringify(ref)}`;
  return `{"event":${JSON.stringify(event)}${member}${mark}}`;
}

/** Writes the welcome. Of what is in it only the names of users and groups may hold what JSON escapes. */
export function encodeWelcome(data: WelcomeData): string {
  const groups = data.groups.length === 0 ? '[]' : JSON.stringify(data.groups);
  return (
    `{"event":"${ServerEvent.Welcome}","data":{"connectionId":"${data.connectionId}",` +
    `"userId":${JSON.stringify(data.userId)},"groups":${groups},"transport":"${data.transport}",` +
    `"heartbeatMs":${data.heartbeatMs},"maxFrameBytes":${data.maxFrameBytes},"cursor":"${data.cursor}",` +
    `"resumed":${data.resumed},"expiresAt":"${data.expiresAt}"}}`
  );
}

/** Writes a `push:gap`, with the place to go on from. */
export function encodeGap(reason: GapReason, cursor: string): string {
  return `{"event":"${ServerEvent.Gap}","data":{"reason":"${reason}"},"cursor":"${cursor}"}`;
}

/** The `data` of a `push:error` with this code; `detail` says what was wrong without repeating the payload. */
export function errorData(code: ErrorCode, detail: string, retryAfterMs?: number): ErrorData {
  const { title, status, retryable } = ERROR_CODES[code];
  const data = { code, title, status, detail, retryable };
  return retryAfterMs === undefined ? data : { ...data, retryAfterMs };
}

/** Writes a `push:error`. */
export function encodeError(code: ErrorCode, detail: string, ref?: string, retryAfterMs?: number): string {
  return encodeFrame(ServerEvent.Error, errorData(code, detail, retryAfterMs), ref);
}
