import type { Problem } from '../core/problem.js';
import type { PushErrorDetail } from '../core/push-error.js';
import { TEXT, objectSchema } from '../protocol/json-schema.js';

/** The body of a refusal as JSON Schema (RFC 9457). Members come from the type: one that is added there is missed here. */
export const PROBLEM_SCHEMA = objectSchema<Problem>(
  {
    type: { const: 'about:blank' },
    title: TEXT,
    status: { type: 'integer', minimum: 400, maximum: 599 },
    detail: TEXT,
    code: { ...TEXT, description: 'Stable, for programs' },
    errors: { type: 'array', items: objectSchema<PushErrorDetail>({ pointer: TEXT, detail: TEXT }) },
    statusCode: { type: 'integer' },
    message: { anyOf: [TEXT, { type: 'array', items: TEXT }] },
    error: TEXT,
  },
  ['errors'],
);
