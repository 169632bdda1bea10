import type { JsonSchema } from '../protocol/json-schema.js';

/** Keywords of JSON Schema that OpenAPI 3.0 does not know; what they say is left out. */
const UNKNOWN = new Set([
  '$schema',
  '$id',
  '$comment',
  'if',
  'then',
  'else',
  'contains',
  'propertyNames',
  'dependencies',
]);
const OF_SCHEMA = new Set(['not', 'additionalProperties']);
const OF_SCHEMAS = new Set(['allOf', 'anyOf', 'oneOf']);
const BOUNDS = [
  ['exclusiveMinimum', 'minimum'],
  ['exclusiveMaximum', 'maximum'],
] as const;

/** A JSON Schema of draft 7 as OpenAPI 3.0 writes it. */
export function openApiSchema(schema: unknown): JsonSchema {
  if (typeof schema !== 'object' || schema === null) return schema === false ? { not: {} } : {};
  const written: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (!UNKNOWN.has(keyword)) Object.assign(written, keywordOf(keyword, value));
  }
  for (const [exclusive, bound] of BOUNDS) {
    if (typeof written[exclusive] !== 'number') continue;
    written[bound] = written[exclusive];
    written[exclusive] = true;
  }
  // A list needs its items there.
  return written['type'] === 'array' && !('items' in written) ? { ...written, items: {} } : written;
}

function keywordOf(keyword: string, value: unknown): JsonSchema {
  if (OF_SCHEMA.has(keyword)) return { [keyword]: typeof value === 'boolean' ? value : openApiSchema(value) };
  if (OF_SCHEMAS.has(keyword)) return { [keyword]: (value as unknown[]).map(openApiSchema) };
  switch (keyword) {
    case 'const':
      return { enum: [value] };
    case 'examples':
      return { example: (value as unknown[])[0] };
    case 'type':
      return typeOf(value);
    case 'items':
      return { items: Array.isArray(value) ? { anyOf: value.map(openApiSchema) } : openApiSchema(value) };
    case 'additionalItems':
      return {};
    case 'properties':
    case 'patternProperties':
      return keyword === 'properties' ? { properties: eachOf(value as object) } : { additionalProperties: true };
    default:
      return { [keyword]: value };
  }
}

function eachOf(properties: object): JsonSchema {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, openApiSchema(schema)]));
}

/** `nullable` means something beside a `type` only, and there is no type of null. */
const NULL: JsonSchema = { enum: [null] };

function typeOf(value: unknown): JsonSchema {
  if (value === 'null') return NULL;
  if (!Array.isArray(value)) return { type: value };
  const [only, ...more] = value.filter((type) => type !== 'null') as readonly string[];
  const isNullable = value.includes('null');
  if (only === undefined) return NULL;
  if (more.length === 0) return { type: only, ...(isNullable && { nullable: true }) };
  return { anyOf: [...[only, ...more].map((type) => openApiSchema({ type })), ...(isNullable ? [NULL] : [])] };
}
