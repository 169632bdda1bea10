import { describe, expect, it } from '@jest/globals';
import { openApiSchema } from '../../../src/documents/open-api-schema.js';

describe('openApiSchema', () => {
  it.each([
    [{ const: 7 }, { enum: [7] }],
    [{ const: null }, { enum: [null] }],
    [{ type: 'null' }, { enum: [null] }],
    [{ type: ['null'] }, { enum: [null] }],
    [{ enum: ['a', null] }, { enum: ['a', null] }],
    [{ type: ['string', 'null'] }, { type: 'string', nullable: true }],
    [{ type: ['string', 'number', 'null'] }, { anyOf: [{ type: 'string' }, { type: 'number' }, { enum: [null] }] }],
    [{ type: ['string', 'number'] }, { anyOf: [{ type: 'string' }, { type: 'number' }] }],
    [
      { type: 'number', exclusiveMinimum: 0 },
      { type: 'number', minimum: 0, exclusiveMinimum: true },
    ],
    [{ type: 'array' }, { type: 'array', items: {} }],
    [
      { type: 'array', items: [{ type: 'string' }, { const: 1 }], additionalItems: false },
      { type: 'array', items: { anyOf: [{ type: 'string' }, { enum: [1] }] } },
    ],
    [
      { type: 'string', examples: ['a', 'b'] },
      { type: 'string', example: 'a' },
    ],
    [
      { $schema: 'x', type: 'object', additionalProperties: false },
      { type: 'object', additionalProperties: false },
    ],
    [{ properties: { const: { const: 1 } } }, { properties: { const: { enum: [1] } } }],
    [{ anyOf: [{ const: 1 }, true] }, { anyOf: [{ enum: [1] }, {}] }],
    [{ not: { const: 1 }, if: {}, contains: {} }, { not: { enum: [1] } }],
  ])('writes %j', (schema, written) => {
    expect(openApiSchema(schema)).toEqual(written);
  });
});
