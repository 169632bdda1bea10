import type { JsonSchema } from '../../protocol/json-schema.js';

/** What a decorator of `class-validator` leaves behind, as far as it is read here. */
export interface ValidatorMetadata {
  readonly type: string;
  readonly name?: string | undefined;
  readonly propertyName: string;
  readonly constraints?: readonly unknown[] | undefined;
  readonly each: boolean;
}

type Keywords = (first: unknown, second: unknown) => JsonSchema;

const text = (format?: string): Keywords => {
  const schema = { type: 'string', ...(format !== undefined && { format }) };
  return () => schema;
};

/** By the names of decorators. A rule that JSON Schema cannot say is left out: the documents then promise less. */
const KEYWORDS: Readonly<Record<string, Keywords>> = {
  isString: text(),
  isNumberString: text(),
  isBooleanString: text(),
  isAlpha: text(),
  isAlphanumeric: text(),
  isAscii: text(),
  isBase64: text(),
  isHexColor: text(),
  isHexadecimal: text(),
  isJson: text(),
  isJwt: text(),
  isLocale: text(),
  isMongoId: text(),
  isPhoneNumber: text(),
  isIp: text(),
  isDate: text('date-time'),
  isDateString: text(),
  isIso8601: text(),
  isRFC3339: text('date-time'),
  isEmail: text('email'),
  isUrl: text(),
  isUuid: text('uuid'),
  isNumber: () => ({ type: 'number' }),
  isInt: () => ({ type: 'integer' }),
  isBoolean: () => ({ type: 'boolean' }),
  isArray: () => ({ type: 'array' }),
  isObject: () => ({ type: 'object' }),
  isNotEmptyObject: () => ({ type: 'object', minProperties: 1 }),
  isIn: (values) => ({ enum: values }),
  isEnum: (members, values) => ({ enum: values ?? Object.values(members as object) }),
  equals: (value) => ({ const: value }),
  min: (minimum) => ({ minimum }),
  max: (maximum) => ({ maximum }),
  isPositive: () => ({ exclusiveMinimum: 0 }),
  isNegative: () => ({ exclusiveMaximum: 0 }),
  isDivisibleBy: (multipleOf) => ({ multipleOf }),
  minLength: (minLength) => ({ type: 'string', minLength }),
  maxLength: (maxLength) => ({ type: 'string', maxLength }),
  isLength: (minLength, maxLength) => ({
    type: 'string',
    minLength,
    ...(typeof maxLength === 'number' && { maxLength }),
  }),
  matches: (pattern) => ({ type: 'string', ...patternOf(pattern) }),
  arrayMinSize: (minItems) => ({ type: 'array', minItems }),
  arrayMaxSize: (maxItems) => ({ type: 'array', maxItems }),
  arrayNotEmpty: () => ({ type: 'array', minItems: 1 }),
  arrayUnique: () => ({ type: 'array', uniqueItems: true }),
};

/** What the decorator demands, as keywords of JSON Schema. */
export function keywordsOf({ name, constraints }: ValidatorMetadata): JsonSchema {
  const keywords = Object.hasOwn(KEYWORDS, name ?? '') ? KEYWORDS[name ?? ''] : undefined;
  return keywords?.(constraints?.[0], constraints?.[1]) ?? {};
}

/** A pattern of JSON Schema has no flags. */
function patternOf(pattern: unknown): JsonSchema {
  const isPlain = pattern instanceof RegExp && /^[gsu]*$/.test(pattern.flags);
  return isPlain ? { pattern: pattern.source } : {};
}
