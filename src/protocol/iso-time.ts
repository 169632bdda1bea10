/** The last moment that a date can name (ECMA-262 section 21.4.1.1), milliseconds since the Unix epoch. */
const LAST_MOMENT_MS = 8.64e15;

/** A moment as ISO 8601 in UTC; one past all dates, such as the end of a token that never ends, is the last date. */
export function isoTime(momentMs: number): string {
  return new Date(Math.min(momentMs, LAST_MOMENT_MS)).toISOString();
}
