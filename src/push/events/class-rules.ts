/**
 * The rules of a class with decorators of `class-validator`, applied as Nest's `ValidationPipe` does: the data is made an
 * instance by `class-transformer`, so `@Type()` and `@Transform()` mean what they mean there. That package is asked for
 * only where a declared class has rules.
 */
import { createRequire } from 'node:module';
import type { Type } from '@nestjs/common';
import { getMetadataStorage, validate, validateSync } from 'class-validator';
import type { ValidationError } from 'class-validator';
import { PushError } from '../../core/push-error.js';
import { faultsOf } from './data-faults.js';
import type { Issue } from './data-faults.js';
import type { EventRules, Faults } from './event-rules.interface.js';

type Instantiate = (type: Type, data: object) => object;

/** Nothing of the data is kept in the errors. */
const OPTIONS = { validationError: { target: false, value: false } };
const NO_OBJECT: Issue = { path: [], message: 'must be an object' };

/** The rules of the class; undefined where it has no decorators. Throws a PushError without `class-transformer`. */
export function classRules(type: Type): EventRules | undefined {
  if (getMetadataStorage().getTargetValidationMetadatas(type, '', true, false).length === 0) return undefined;
  const instantiate = loadInstantiate(type);
  const instanceOf = (data: unknown) => (isRecord(data) ? instantiate(type, data) : undefined);
  return {
    judge: async (data) => {
      const instance = instanceOf(data);
      return instance ? faultsIn(await validate(instance, OPTIONS), data) : faultsOf([NO_OBJECT], data);
    },
    judgeNow: (data) => {
      const instance = instanceOf(data);
      return instance ? faultsIn(validateSync(instance, OPTIONS), data) : faultsOf([NO_OBJECT], data);
    },
  };
}

function loadInstantiate({ name }: Type): Instantiate {
  try {
    const loaded = createRequire(import.meta.url)('class-transformer') as { readonly plainToInstance: Instantiate };
    return loaded.plainToInstance;
  } catch (cause) {
    const message = `${name} has rules of class-validator, which need the package class-transformer to be applied`;
    throw new PushError('PUSH_ERR_INVALID_OPTION', message, { cause });
  }
}

function faultsIn(errors: readonly ValidationError[], data: unknown): Faults {
  return faultsOf(
    errors.flatMap((error) => issuesOf(error, [])),
    data,
  );
}

function issuesOf({ property, constraints = {}, children = [] }: ValidationError, above: readonly string[]): Issue[] {
  // What class-validator says of a value that it knows nothing of stands under no member.
  const path = property === undefined ? above : [...above, property];
  const own = Object.values(constraints).map((message) => ({ path, message }));
  return [...own, ...children.flatMap((child) => issuesOf(child, path))];
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
