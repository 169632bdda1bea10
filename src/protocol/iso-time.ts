/** The last moment that a date can name (ECMA-262 section 21.4.1.1), milliseconds since the Unix epoch. */
const LAST_MOMENT_MS = 8.64e15;
const DAY_MS = 86_400_000;
/** What stands behind the date: `hh:mm:ss.sssZ`. */
const TIME_LENGTH = 13;
const DATE = /^\d{4}-\d\d-\d\d/;

/** The day of the last moment that was written: most are of the same one, and `Date` takes a microsecond for each. */
let lastDay = Number.NaN;
let lastDate = '';

/** A moment as ISO 8601 in UTC; one past all dates, such as the end of a token that never ends, is the last date. */
export function isoTime(momentMs: number): string {
  const moment = Math.trunc(Math.min(momentMs, LAST_MOMENT_MS));
  const day = Math.floor(moment / DAY_MS);
  if (day !== lastDay) {
    lastDate = new Date(moment).toISOString().slice(0, -TIME_LENGTH);
    lastDay = day;
  }
  const ms = moment - day * DAY_MS;
  const [seconds, minutes, hours] = [Math.floor(ms / 1_000), Math.floor(ms / 60_000), Math.floor(ms / 3_600_000)];
  return `${lastDate}${digits(hours)}:${digits(minutes % 60)}:${digits(seconds % 60)}.${digits(ms % 1_000, 3)}Z`;
}

/**
 * The moment that ISO 8601 text names, milliseconds since the Unix epoch; NaN where it names none. `Date` alone takes
 * days that no calendar has: the 30th of February for the 2nd of March.
 */
export function parseIsoTime(text: string): number {
  const [date] = DATE.exec(text) ?? [];
  return date === undefined || isInCalendar(date) ? Date.parse(text) : Number.NaN;
}

function isInCalendar(date: string): boolean {
  const dayMs = Date.parse(date);
  return !Number.isNaN(dayMs) && isoTime(dayMs).startsWith(date);
}

function digits(value: number, length = 2): string {
  return String(value).padStart(length, '0');
}
