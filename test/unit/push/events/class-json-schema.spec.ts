import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import * as is from 'class-validator';
import { z } from 'zod';
import { classSchema } from '../../../../src/push/events/class-json-schema.js';
import { dataSchemaOf } from '../../../../src/push/events/data-schema.js';

enum Size {
  Small = 1,
  Large = 2,
}

class Stop {
  @is.IsString()
  readonly city!: string;
}

class Order {
  @is.IsInt()
  @is.Min(1)
  @is.Max(9)
  readonly count!: number;

  @is.Length(2, 5)
  @is.Matches(/^[a-z]+$/)
  readonly code!: string;

  @is.Matches(/^[a-z]+$/i)
  readonly shouted!: string;

  @is.IsEnum(Size)
  readonly size!: Size;

  @is.IsArray()
  @is.ArrayMaxSize(3)
  @is.ArrayUnique()
  @is.IsUUID(undefined, { each: true })
  readonly ids!: readonly string[];

  @is.ValidateNested({ each: true })
  @Type(() => Stop)
  readonly stops!: readonly Stop[];

  @is.ValidateNested()
  readonly first!: Stop;

  @is.IsOptional()
  @is.IsPositive()
  readonly price?: number;

  @is.IsDefined()
  readonly isGift!: boolean;

  @is.Validate(() => true)
  readonly own!: unknown;

  @ApiProperty({ type: String, description: 'What to say', required: false, maxLength: 20 })
  readonly note?: string;

  @is.ValidateNested()
  @Type(() => Order)
  readonly before!: unknown;
}

describe('the JSON Schema of a class', () => {
  const schema = classSchema(Order);
  const properties = schema['properties'] as Readonly<Record<string, unknown>>;

  it.each([
    ['count', { type: 'integer', minimum: 1, maximum: 9 }],
    ['code', { type: 'string', minLength: 2, maxLength: 5, pattern: '^[a-z]+$' }],
    ['shouted', { type: 'string' }],
    ['size', { enum: [1, 2] }],
    ['ids', { type: 'array', maxItems: 3, uniqueItems: true, items: { type: 'string', format: 'uuid' } }],
    [
      'stops',
      {
        type: 'array',
        items: { type: 'object', title: 'Stop', properties: { city: { type: 'string' } }, required: ['city'] },
      },
    ],
    ['first', { type: 'object', title: 'Stop', properties: { city: { type: 'string' } }, required: ['city'] }],
    ['price', { type: 'number', exclusiveMinimum: 0 }],
    ['isGift', { type: 'boolean' }],
    ['own', {}],
    ['note', { type: 'string', description: 'What to say', maxLength: 20 }],
    ['before', { type: 'object', title: 'Order' }],
  ])('says of %s what its decorators demand', (name, expected) => {
    expect(properties[name]).toEqual(expected);
  });

  it('requires what is not optional', () => {
    const required = schema['required'] as readonly string[];
    expect(required).toContain('count');
    expect(required).not.toContain('price');
    expect(required).not.toContain('note');
  });
});

describe('the JSON Schema of a declaration', () => {
  it('is the one given, before all else', () => {
    expect(dataSchemaOf({ name: 'e', type: Stop, jsonSchema: { type: 'string' } })).toEqual({ type: 'string' });
  });

  it('is what goes into a schema, not what comes out of it', () => {
    const schema = z.object({ at: z.string().transform(Number), more: z.boolean().default(true) });
    expect(dataSchemaOf({ name: 'e', schema })).toMatchObject({
      properties: { at: { type: 'string' } },
      required: ['at'],
    });
  });

  it('is anything where the library has no words for it', () => {
    expect(dataSchemaOf({ name: 'e', schema: z.bigint() })).toEqual({});
    expect(dataSchemaOf({ name: 'e' })).toEqual({});
  });
});
