/** Checks what is handed to PushService. Every problem is listed with the RFC 6901 pointer of its member. */
import type { Exclusion, Target, TargetSome } from '../core/delivery-target.js';
import { PushError } from '../core/push-error.js';
import type { PushErrorDetail } from '../core/push-error.js';
import { parseIsoTime } from '../protocol/iso-time.js';
import { isForbiddenKeyWritten, isTooDeep } from '../protocol/json-guard.js';
import { isEvent, isGroup, isReservedEvent, isTenant, isUserId } from '../protocol/names.js';
import type { MembershipOptions, SendOptions } from './push-types.js';

/** What a send is bounded by. */
export interface SendLimits {
  /**
   * Most bytes of `data` as JSON; past it a send is refused (413).
   * @default 65_536
   */
  readonly maxPayloadBytes?: number;
}

const RECIPIENT_MEMBERS = ['users', 'groups', 'connections'] as const;
const RECIPIENTS: ReadonlySet<string> = new Set(RECIPIENT_MEMBERS);
const TARGET_MEMBERS: ReadonlySet<string> = new Set([...RECIPIENT_MEMBERS, 'all', 'except']);
const OPTION_MEMBERS: ReadonlySet<string> = new Set([
  'idempotencyKey',
  'report',
  'store',
  'ttlSeconds',
  'collapseKey',
  'by',
]);
const MEMBERSHIP_MEMBERS: ReadonlySet<string> = new Set(['expiresAt']);
const MAX_KEY_LENGTH = 255;
const MAX_COLLAPSE_KEY_LENGTH = 128;
const USER_ID = 'a user id is 1 to 255 characters without control characters';
const GROUP = 'a group is 1 to 128 of A-Z a-z 0-9 . _ : @ -';

/** Throws a PushError that says all that is wrong with the message. */
export function assertSendable(target: Target, event: string, options: SendOptions): void {
  const errors = eventProblems(event);
  checkTarget(target, errors);
  checkOptions(options, errors);
  assertNotReserved(event, errors);
  throwIfAny(errors);
}

/** Throws a PushError where this is no event that an application may send. */
export function assertEvent(event: string): void {
  assertNotReserved(event);
  throwIfAny(eventProblems(event));
}

/** @param others What else is wrong with the message. */
function assertNotReserved(event: unknown, others: readonly PushErrorDetail[] = []): void {
  if (typeof event !== 'string' || !isReservedEvent(event)) return;
  throw new PushError('PUSH_ERR_RESERVED_EVENT', 'events that begin with push: are reserved', {
    errors: [{ pointer: '/event', detail: 'must not begin with push:' }, ...others],
  });
}

function eventProblems(event: unknown): PushErrorDetail[] {
  return isEvent(event) ? [] : [{ pointer: '/event', detail: 'an event is 1 to 128 of A-Z a-z 0-9 . _ : -' }];
}

/** What is wrong with a user id that stands at the pointer. */
export function userIdProblems(userId: unknown, pointer = '/userId'): PushErrorDetail[] {
  return isUserId(userId) ? [] : [{ pointer, detail: USER_ID }];
}

/** What is wrong with a group name that stands at the pointer. */
export function groupProblems(group: unknown, pointer = '/group'): PushErrorDetail[] {
  return isGroup(group) ? [] : [{ pointer, detail: GROUP }];
}

/** Throws a PushError unless this is a user id. */
export function assertUserId(userId: unknown, pointer?: string): asserts userId is string {
  throwIfAny(userIdProblems(userId, pointer));
}

/** Throws a PushError unless this is the name of a tenant. */
export function assertTenant(tenant: unknown): asserts tenant is string {
  const detail = 'a tenant is 1 to 128 characters without control characters';
  throwIfAny(isTenant(tenant) ? [] : [{ pointer: '/tenant', detail }]);
}

/** Throws a PushError that lists every entry which is no user id. */
export function assertUserIds(userIds: unknown, pointer = '/users'): asserts userIds is readonly string[] {
  const errors: PushErrorDetail[] = [];
  checkEach(userIds ?? null, pointer, isUserId, USER_ID, errors);
  throwIfAny(errors);
}

/** When a membership that the server is to hold ends; undefined where it does not. Throws a PushError of what is wrong with it. */
export function readMembershipEnd(
  userId: unknown,
  group: unknown,
  options: MembershipOptions,
  nowMs: number,
): number | undefined {
  const errors = [...userIdProblems(userId), ...groupProblems(group), ...memberProblems(options, MEMBERSHIP_MEMBERS)];
  const { expiresAt } = options ?? {};
  const endMs = typeof expiresAt === 'string' ? parseIsoTime(expiresAt) : expiresAt && new Date(expiresAt).getTime();
  if (endMs !== undefined && !(endMs > nowMs)) errors.push({ pointer: '/expiresAt', detail: 'a moment to come' });
  throwIfAny(errors);
  return endMs;
}

/** What is wrong with an object that stands at the pointer and may have these members only. */
export function memberProblems(value: unknown, known: ReadonlySet<string>, pointer = ''): PushErrorDetail[] {
  if (!isRecord(value)) return [{ pointer, detail: 'must be an object' }];
  const errors: PushErrorDetail[] = [];
  checkNames(value, known, pointer, errors);
  return errors;
}

/** Throws an invalid-argument error that lists these problems, if there are any. */
export function throwIfAny(errors: readonly PushErrorDetail[]): void {
  if (errors.length === 0) return;
  const message = errors.map(({ pointer, detail }) => `${pointer}: ${detail}`).join('; ');
  throw new PushError('PUSH_ERR_INVALID_ARGUMENT', message, { errors });
}

/**
 * Writes `data` as JSON once. Throws a PushError when it is no JSON, has an own key `__proto__`, nests too deep or is
 * longer than `maxPayloadBytes`. No data is `null`.
 */
export function encodeData(data: unknown, maxPayloadBytes: number): string {
  let text: string | undefined;
  try {
    text = data === undefined ? 'null' : JSON.stringify(data);
  } catch (cause) {
    throw invalidData('data cannot be written as JSON', cause);
  }
  if (text === undefined) throw invalidData('data cannot be written as JSON');
  // A UTF-16 code unit takes at most three bytes, so a short text need not be measured.
  if (text.length * 3 > maxPayloadBytes && Buffer.byteLength(text) > maxPayloadBytes) {
    throw new PushError('PUSH_ERR_PAYLOAD_TOO_LARGE', `data is longer than ${maxPayloadBytes} bytes`, {
      errors: [{ pointer: '/data', detail: `at most ${maxPayloadBytes} bytes of JSON` }],
    });
  }
  if (isForbiddenKeyWritten(text)) throw invalidData('the key __proto__ is not allowed');
  if (isTooDeep(text)) throw invalidData('data nests too deep');
  return text;
}

function invalidData(message: string, cause?: unknown): PushError {
  return new PushError('PUSH_ERR_INVALID_DATA', message, { errors: [{ pointer: '/data', detail: message }], cause });
}

function checkTarget(target: Target, errors: PushErrorDetail[]): void {
  if (!isRecord(target)) {
    errors.push({ pointer: '/target', detail: 'must be an object' });
    return;
  }
  checkNames(target, TARGET_MEMBERS, '/target', errors);
  if (target.all === true) {
    const others = RECIPIENT_MEMBERS.filter((member) => (target as Exclusion)[member] !== undefined);
    for (const member of others)
      errors.push({ pointer: `/target/${member}`, detail: 'all may only stand with except' });
  } else {
    checkSome(target, errors);
  }
  const { except } = target;
  if (except === undefined) return;
  if (isRecord(except)) {
    checkNames(except, RECIPIENTS, '/target/except', errors);
    checkMembers(except, '/target/except', errors);
  } else errors.push({ pointer: '/target/except', detail: 'must be an object' });
}

function checkSome(target: TargetSome, errors: PushErrorDetail[]): void {
  // The type rules out everything but true; callers without types may still say `all: 'yes'`.
  if (target.all) errors.push({ pointer: '/target/all', detail: 'must be true' });
  checkMembers(target, '/target', errors);
  const isEmpty = !target.all && !target.users?.length && !target.groups?.length && !target.connections?.length;
  if (isEmpty) errors.push({ pointer: '/target', detail: 'names nobody: all, users, groups or connections' });
}

/** A misspelt member must not be overlooked: an exception that is, sends to those it was meant to spare. */
function checkNames(record: object, known: ReadonlySet<string>, at: string, errors: PushErrorDetail[]): void {
  for (const name in record) {
    if (!known.has(name)) errors.push({ pointer: `${at}/${pointerToken(name)}`, detail: 'no member of this name' });
  }
}

function checkMembers({ users, groups, connections }: Exclusion, at: string, errors: PushErrorDetail[]): void {
  checkEach(users, `${at}/users`, isUserId, USER_ID, errors);
  checkEach(groups, `${at}/groups`, isGroup, GROUP, errors);
  checkEach(connections, `${at}/connections`, isUserId, 'a connection id is 1 to 255 characters', errors);
}

function checkEach(
  values: unknown,
  at: string,
  isValid: (value: unknown) => boolean,
  rule: string,
  errors: PushErrorDetail[],
): void {
  if (values === undefined) return;
  if (!Array.isArray(values)) {
    errors.push({ pointer: at, detail: 'must be a list' });
    return;
  }
  for (let index = 0; index < values.length; index++) {
    if (!isValid(values[index])) errors.push({ pointer: `${at}/${index}`, detail: rule });
  }
}

function checkOptions(options: SendOptions, errors: PushErrorDetail[]): void {
  checkNames(options, OPTION_MEMBERS, '', errors);
  const { idempotencyKey, store, ttlSeconds, collapseKey, report, by } = options;
  if (idempotencyKey !== undefined && !isText(idempotencyKey, MAX_KEY_LENGTH)) {
    errors.push({ pointer: '/idempotencyKey', detail: `1 to ${MAX_KEY_LENGTH} characters` });
  }
  if (store !== undefined && store !== 'none' && store !== 'history') {
    errors.push({ pointer: '/store', detail: 'none or history' });
  }
  if (ttlSeconds !== undefined && !(Number.isFinite(ttlSeconds) && ttlSeconds > 0)) {
    errors.push({ pointer: '/ttlSeconds', detail: 'a number greater than 0' });
  }
  if (collapseKey !== undefined && !isText(collapseKey, MAX_COLLAPSE_KEY_LENGTH)) {
    errors.push({ pointer: '/collapseKey', detail: `1 to ${MAX_COLLAPSE_KEY_LENGTH} characters` });
  }
  if (by !== undefined && !isText(by, MAX_KEY_LENGTH)) {
    errors.push({ pointer: '/by', detail: `1 to ${MAX_KEY_LENGTH} characters` });
  }
  checkReport(report, errors);
}

/** `true`, `false` or how long to wait. */
function checkReport(report: SendOptions['report'], errors: PushErrorDetail[]): void {
  if (report === undefined || typeof report === 'boolean') return;
  if (!isRecord(report)) errors.push({ pointer: '/report', detail: 'true, false or { withinMs }' });
  else if (!(Number.isFinite(report.withinMs) && report.withinMs >= 0)) {
    errors.push({ pointer: '/report/withinMs', detail: 'a number of milliseconds of at least 0' });
  }
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A name as part of a pointer (RFC 6901 section 3). */
function pointerToken(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

function isText(value: unknown, maxLength: number): boolean {
  return typeof value === 'string' && value.length > 0 && value.length <= maxLength;
}
