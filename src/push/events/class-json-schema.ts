/**
 * The data of a class as JSON Schema: what its decorators of `class-validator` demand, and beside it what those of
 * `@nestjs/swagger` say, by the metadata that both leave. Neither that package nor `class-transformer` is needed.
 */
import 'reflect-metadata';
import { createRequire } from 'node:module';
import type { Type } from '@nestjs/common';
import { getMetadataStorage } from 'class-validator';
import type { JsonSchema } from '../../protocol/json-schema.js';
import { keywordsOf } from './validator-keywords.js';
import type { ValidatorMetadata } from './validator-keywords.js';

type Members = Readonly<Record<string, unknown>>;

/** Members of `@ApiProperty()` that are keywords of JSON Schema as well. */
const SHARED = [
  ...['title', 'description', 'format', 'enum', 'default', 'minimum', 'maximum', 'multipleOf'],
  ...['minLength', 'maxLength', 'pattern', 'minItems', 'maxItems', 'uniqueItems'],
];
const TYPES = new Map<unknown, JsonSchema>([
  [String, { type: 'string' }],
  [Number, { type: 'number' }],
  [Boolean, { type: 'boolean' }],
  [Array, { type: 'array' }],
  [Date, { type: 'string', format: 'date-time' }],
]);

/** The schema of the class. A class within itself is said to be an object and no more. */
export function classSchema(type: Type, around: readonly Type[] = []): JsonSchema {
  const title = type.name;
  if (around.includes(type)) return { type: 'object', title };
  const rules = rulesByMember(type);
  const described = describedBySwagger(type);
  const names = [...new Set([...rules.keys(), ...described.keys()])];
  const properties = names.map((name): [string, JsonSchema] => {
    const own = memberSchema(type, name, rules.get(name) ?? [], [...around, type]);
    return [name, { ...sharedKeywords(described.get(name)), ...own }];
  });
  const required = names.filter((name) => isRequired(rules.get(name), described.get(name)));
  return {
    type: 'object',
    title,
    properties: Object.fromEntries(properties),
    ...(required.length > 0 && { required }),
  };
}

function rulesByMember(type: Type): ReadonlyMap<string, ValidatorMetadata[]> {
  const members = new Map<string, ValidatorMetadata[]>();
  // Decorators register from the last line of a member to its first.
  for (const metadata of getMetadataStorage().getTargetValidationMetadatas(type, '', true, false)) {
    const member = members.get(metadata.propertyName);
    if (member) member.unshift(metadata);
    else members.set(metadata.propertyName, [metadata]);
  }
  return members;
}

function memberSchema(
  type: Type,
  name: string,
  rules: readonly ValidatorMetadata[],
  around: readonly Type[],
): JsonSchema {
  const declared: unknown = Reflect.getMetadata('design:type', type.prototype as object, name);
  const own: Record<string, unknown> = {};
  const items: Record<string, unknown> = {};
  let isList = false;
  for (const rule of rules) {
    const isNested = rule.type === 'nestedValidation';
    const keywords = isNested ? nestedSchema(type, name, declared, around) : keywordsOf(rule);
    const isOfItems = rule.each || (isNested && declared === Array);
    isList ||= isOfItems;
    Object.assign(isOfItems ? items : own, keywords);
  }
  const base = TYPES.get(declared) ?? {};
  const isTyped = ['type', 'enum', 'const'].some((keyword) => keyword in own);
  return { ...(!isTyped && !isList && base), ...own, ...(isList && { type: 'array', items }) };
}

function nestedSchema(type: Type, name: string, declared: unknown, around: readonly Type[]): JsonSchema {
  const nested = typeByTransformer(type, name) ?? declared;
  const isClass = typeof nested === 'function' && nested !== Object && !TYPES.has(nested);
  return isClass ? classSchema(nested as Type, around) : { type: 'object' };
}

/** What `@Type(() => Other)` names, which is the only place that says what a list holds. */
function typeByTransformer(type: Type, name: string): unknown {
  try {
    const { defaultMetadataStorage } = createRequire(import.meta.url)('class-transformer/cjs/storage') as {
      readonly defaultMetadataStorage: {
        findTypeMetadata(of: Type, member: string): { typeFunction?: () => unknown } | undefined;
      };
    };
    return defaultMetadataStorage.findTypeMetadata(type, name)?.typeFunction?.();
  } catch {
    return undefined;
  }
}

/** By the names of members: what `@ApiProperty()` or the compiler's plugin wrote. */
function describedBySwagger(type: Type): ReadonlyMap<string, Members> {
  const prototype = type.prototype as object;
  const names = (Reflect.getMetadata('swagger/apiModelPropertiesArray', prototype) ?? []) as readonly string[];
  const written = names.map((listed): [string, Members] => {
    const name = listed.replace(/^:/, '');
    return [name, (Reflect.getMetadata('swagger/apiModelProperties', prototype, name) ?? {}) as Members];
  });
  const { _OPENAPI_METADATA_FACTORY: factory } = type as { _OPENAPI_METADATA_FACTORY?: () => Record<string, Members> };
  return new Map([...Object.entries(factory?.() ?? {}), ...written]);
}

function sharedKeywords(described: Members = {}): JsonSchema {
  const { type, example } = described;
  return {
    ...(TYPES.get(type) ?? (typeof type === 'string' ? { type } : {})),
    ...Object.fromEntries(SHARED.filter((key) => described[key] !== undefined).map((key) => [key, described[key]])),
    ...(example !== undefined && { examples: [example] }),
  };
}

function isRequired(rules: readonly ValidatorMetadata[] | undefined, described: Members | undefined): boolean {
  if (!rules) return described?.['required'] !== false;
  return !rules.some(({ type }) => type === 'conditionalValidation');
}
