import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsString, MaxLength, Validate, ValidateNested, ValidatorConstraint } from 'class-validator';
import type { ValidatorConstraintInterface } from 'class-validator';
import * as v from 'valibot';
import { z } from 'zod';
import { rulesOf } from '../../../../src/push/events/event-rules.js';
import type { StandardSchema } from '../../../../src/push/events/standard-schema.js';
import type { PushEventDeclaration } from '../../../../src/push/push-event.decorator.js';

class AddressDto {
  @IsString()
  @MaxLength(10)
  readonly city!: string;
}

class OrderDto {
  @IsInt()
  readonly orderId!: number;

  @IsIn(['placed', 'shipped'])
  readonly status!: string;

  @ValidateNested({ each: true })
  @Type(() => AddressDto)
  readonly stops!: readonly AddressDto[];
}

@ValidatorConstraint({ async: true })
class KnownItem implements ValidatorConstraintInterface {
  async validate(item: unknown): Promise<boolean> {
    await Promise.resolve();
    return item === 'fern';
  }

  defaultMessage(): string {
    return 'item must be known';
  }
}

class ItemDto {
  @Validate(KnownItem)
  readonly item!: string;
}

const order = { orderId: 7, status: 'shipped', stops: [{ city: 'Bern' }] };

function rules(declared: Omit<PushEventDeclaration, 'name'>) {
  const found = rulesOf({ name: 'some.event', ...declared });
  if (!found) throw new Error('there are no rules');
  return found;
}

describe('the rules of a class', () => {
  it('take what its decorators take, at once and later', async () => {
    expect(rules({ type: OrderDto }).judgeNow(order)).toEqual([]);
    expect(await rules({ type: OrderDto }).judge(order)).toEqual([]);
  });

  it('name each fault by its place, also in lists and nested classes', async () => {
    const bad = { orderId: 'x', status: 'shipped', stops: [{ city: 'Bern' }, { city: 8 }] };
    const faults = await rules({ type: OrderDto }).judge(bad);
    expect(faults).toContainEqual({ pointer: '/orderId', detail: 'orderId must be an integer number' });
    expect(faults.filter(({ pointer }) => pointer === '/stops/1/city')).toHaveLength(2);
    expect(faults.every(({ pointer }) => pointer !== '/stops/0/city')).toBe(true);
  });

  it.each([undefined, null, 'text', 7, [order]])('refuse %j, which is no object', async (data) => {
    const faults = [{ pointer: '', detail: 'must be an object' }];
    expect(rules({ type: OrderDto }).judgeNow(data)).toEqual(faults);
    expect(await rules({ type: OrderDto }).judge(data)).toEqual(faults);
  });

  it('wait for decorators that answer later where that is possible', async () => {
    expect(await rules({ type: ItemDto }).judge({ item: 'oak' })).toEqual([
      { pointer: '/item', detail: 'item must be known' },
    ]);
    expect(rules({ type: ItemDto }).judgeNow({ item: 'oak' })).toEqual([]);
  });

  it('leave the data as it is', async () => {
    const data = structuredClone(order);
    await rules({ type: OrderDto }).judge(data);
    expect(data).toEqual(order);
    expect(data.stops[0]).not.toBeInstanceOf(AddressDto);
  });

  it('are none where the class has no decorators', () => {
    class Plain {
      readonly orderId!: number;
    }
    expect(rulesOf({ name: 'some.event', type: Plain })).toBeUndefined();
  });
});

describe('the rules of a schema', () => {
  const schemas = {
    zod: z.object({ orderId: z.number(), stops: z.array(z.object({ city: z.string() })) }),
    valibot: v.object({ orderId: v.number(), stops: v.array(v.object({ city: v.string() })) }),
  };

  it.each(Object.entries(schemas))('of %s judge and name the places', async (_library, schema) => {
    expect(rules({ schema }).judgeNow({ orderId: 7, stops: [] })).toEqual([]);
    const faults = await rules({ schema }).judge({ orderId: 7, stops: [{ city: 'Bern' }, {}] });
    expect(faults.map(({ pointer }) => pointer)).toEqual(['/stops/1/city']);
  });

  it.each(Object.entries(schemas))('of %s never say the data', async (_library, schema) => {
    const faults = await rules({ schema }).judge({ orderId: 'secret-4711', stops: [{ city: 4711 }] });
    expect(faults).toHaveLength(2);
    expect(JSON.stringify(faults)).not.toMatch(/4711/);
  });

  it('that answers later is waited for, or has nothing to say at once', async () => {
    const schema = z.string().refine(async (text) => text.length > 2, 'too short');
    expect(await rules({ schema }).judge('ab')).toEqual([{ pointer: '', detail: 'too short' }]);
    expect(rules({ schema }).judgeNow('ab')).toBeUndefined();
  });

  it('that fails says so to whoever asked', () => {
    const validate = () => {
      throw new Error('the schema is broken');
    };
    const schema: StandardSchema = { '~standard': { version: 1, vendor: 'test', validate } };
    expect(() => rules({ schema }).judgeNow('ab')).toThrow('the schema is broken');
    expect(() => rules({ schema }).judge('ab')).toThrow('the schema is broken');
  });

  it('are told of in bounded number and length, whatever the data', async () => {
    const schema = z.record(z.string(), z.number());
    const hostile = Object.fromEntries(
      Array.from({ length: 2_000 }, (_, index) => [`~/${'k'.repeat(300)}${index}`, 'x']),
    );
    const faults = await rules({ schema }).judge(hostile);
    expect(faults).toHaveLength(51);
    expect(faults.at(-1)).toEqual({ pointer: '', detail: '1950 more' });
    expect(faults[0]?.pointer).toMatch(/^\/~0~1k{62}…$/);
  });
});
