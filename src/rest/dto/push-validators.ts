/** The validation decorators of the request bodies. Their messages complete a sentence that begins with the member. */
import { ValidateBy, ValidateIf } from 'class-validator';
import type { ValidationOptions } from 'class-validator';
import { parseIsoTime } from '../../protocol/iso-time.js';
import { isEvent, isGroup, isUserId } from '../../protocol/names.js';

function textRule(name: string, isValid: (value: unknown) => boolean, rule: string) {
  return (options: Pick<ValidationOptions, 'each'> = {}): PropertyDecorator =>
    ValidateBy({ name, validator: { validate: isValid, defaultMessage: () => rule } }, { ...options, message: rule });
}

/** 1 to 255 characters, no control characters. */
export const IsUserIdText = textRule(
  'isUserIdText',
  isUserId,
  'must be a user id: 1 to 255 characters, no control characters',
);

/** 1 to 128 of `A-Z a-z 0-9 . _ : @ -`. */
export const IsGroupText = textRule('isGroupText', isGroup, 'must be a group: 1 to 128 of A-Z a-z 0-9 . _ : @ -');

/** 1 to 128 of `A-Z a-z 0-9 . _ : -`. */
export const IsEventText = textRule('isEventText', isEvent, 'must be an event: 1 to 128 of A-Z a-z 0-9 . _ : -');

/** Connection ids are ours, and opaque: whatever is no id matches nobody. */
export const IsConnectionIdText = textRule('isConnectionIdText', isUserId, 'must be a connection id');

/** Text of at least one character. */
export function IsTextUpTo(maxLength: number): PropertyDecorator {
  const isValid = (value: unknown) => typeof value === 'string' && value.length > 0 && value.length <= maxLength;
  return textRule('isTextUpTo', isValid, `must be text of 1 to ${maxLength} characters`)();
}

const ISO_8601 = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/;

function isMoment(value: unknown): boolean {
  return typeof value === 'string' && ISO_8601.test(value) && !Number.isNaN(parseIsoTime(value));
}

/** A moment of ISO 8601 that names its zone. */
export const IsMomentText = textRule('isMomentText', isMoment, 'must be a moment such as 2026-01-31T12:00:00Z');

/** Seconds since the Unix epoch, or a moment of ISO 8601. */
export const IsSecondsOrMoment = textRule(
  'isSecondsOrMoment',
  (value) => (typeof value === 'number' && Number.isFinite(value) && value >= 0) || isMoment(value),
  'must be seconds since the Unix epoch, at least 0, or a moment such as 2026-01-31T12:00:00Z',
);

/** A finite number greater than 0. */
export function IsPositiveNumber(): PropertyDecorator {
  return ValidateBy(
    {
      name: 'isPositiveNumber',
      validator: {
        validate: (value: unknown) => typeof value === 'number' && Number.isFinite(value) && value > 0,
        defaultMessage: () => 'must be a number greater than 0',
      },
    },
    { message: 'must be a number greater than 0' },
  );
}

/** The member may be left out; `null` is a value like any other and is judged. */
export function MayBeAbsent(): PropertyDecorator {
  return ValidateIf((_body, value) => value !== undefined);
}

/** Any JSON value, looked at by PushService alone. */
export const IsAnyJson = textRule('isAnyJson', () => true, 'must be JSON');
