import type { JsonSchema } from '../../protocol/json-schema.js';
import type { PushEventDeclaration } from '../push-event.decorator.js';
import { classSchema } from './class-json-schema.js';
import type { StandardSchema } from './standard-schema.js';

/** What AsyncAPI takes as it is, and OpenAPI 3.0 after little. */
const TARGET = 'draft-07';

/**
 * The data of the event as JSON Schema: as it is declared, else as its schema says by the JSON Schema part of the
 * standard, else as the class says. Anything where nobody says it.
 */
export function dataSchemaOf({ jsonSchema, schema, type }: PushEventDeclaration): JsonSchema {
  if (jsonSchema) return jsonSchema;
  if (schema) return saidBy(schema);
  return type ? classSchema(type) : {};
}

function saidBy({ '~standard': standard }: StandardSchema): JsonSchema {
  try {
    const { $schema: _dialect, '~standard': _standard, ...said } = standard.jsonSchema?.input({ target: TARGET }) ?? {};
    return said;
  } catch {
    // A library may have no words for a part of it; what it judges is not touched by that.
    return {};
  }
}
