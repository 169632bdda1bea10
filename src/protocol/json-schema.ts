/** A JSON Schema of draft 7, as far as it is used here. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** A text. */
export const TEXT: JsonSchema = { type: 'string' };
/** A moment, ISO 8601 in UTC. */
export const MOMENT: JsonSchema = { type: 'string', format: 'date-time' };
/** A whole number that counts something. */
export const COUNT: JsonSchema = { type: 'integer', minimum: 0 };

/** An object with these members, all required but those that are named. Others are ignored on the wire. */
export function objectSchema<Data>(
  properties: Readonly<Record<keyof Data, JsonSchema>>,
  optional: readonly (keyof Data)[] = [],
): JsonSchema {
  const required = (Object.keys(properties) as (keyof Data)[]).filter((name) => !optional.includes(name));
  return { type: 'object', properties, ...(required.length > 0 && { required }) };
}
