import { MAX_EVENT_LENGTH, MAX_GROUP_LENGTH, MAX_TENANT_LENGTH, MAX_USER_ID_LENGTH } from './limits.js';

/** The names of groups, as the source of a regular expression. */
export const GROUP_PATTERN = `^[A-Za-z0-9._:@-]{1,${MAX_GROUP_LENGTH}}$`;
/** The names of events, reserved ones too. */
export const EVENT_PATTERN = `^[A-Za-z0-9._:-]{1,${MAX_EVENT_LENGTH}}$`;

const GROUP = new RegExp(GROUP_PATTERN);
const EVENT = new RegExp(EVENT_PATTERN);
// eslint-disable-next-line no-control-regex
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f-\u009f]/;
/** Half of a pair is no character: written as UTF-8, any two such names would be the same. */
const LONE_SURROGATE = /\p{Cs}/u;

/** What the events of the protocol itself begin with. An application may not send them. */
export const RESERVED_PREFIX = 'push:';

/**
 * A user id: 1 to 255 characters, no control characters, no lone surrogates. Ids are compared as they are: another way to
 * write an accent is another user.
 */
export function isUserId(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length > 0 &&
    value.length <= MAX_USER_ID_LENGTH &&
    !CONTROL_CHARACTER.test(value) &&
    !LONE_SURROGATE.test(value)
  );
}

/** A group name: 1 to 128 of `A-Z a-z 0-9 . _ : @ -`. */
export function isGroup(value: unknown): value is string {
  return typeof value === 'string' && GROUP.test(value);
}

/**
 * The name of a tenant: 1 to 128 characters, no control characters, no lone surrogates. It may be anything else, and names
 * are compared as they are: another case, or another way to write an accent, is another tenant.
 */
export function isTenant(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length > 0 &&
    value.length <= MAX_TENANT_LENGTH &&
    !CONTROL_CHARACTER.test(value) &&
    !LONE_SURROGATE.test(value)
  );
}

/** An event name: 1 to 128 of `A-Z a-z 0-9 . _ : -`. Reserved names pass; see {@link isReservedEvent}. */
export function isEvent(value: unknown): value is string {
  return typeof value === 'string' && EVENT.test(value);
}

/** Whether the name belongs to the protocol (`push:*`). */
export function isReservedEvent(event: string): boolean {
  return event.startsWith(RESERVED_PREFIX);
}
