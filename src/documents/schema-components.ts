import type { JsonSchema } from '../protocol/json-schema.js';

const DEFINITIONS = ['definitions', '$defs'];
const ROOT = '#/components/schemas/';

/**
 * Schemas by name, as the components of a document. Those within a schema become components of their own, because neither
 * kind of document has another place for them.
 */
export class SchemaComponents {
  readonly schemas: Record<string, JsonSchema> = {};

  /** Adds a schema under this name, or one like it where that is taken; answers the reference to it. */
  add(name: string, schema: JsonSchema): JsonSchema {
    const key = this.freeKey(name);
    this.schemas[key] = {};
    const moved = new Map([['#', ROOT + key]]);
    const inner: [string, JsonSchema][] = [];
    for (const place of DEFINITIONS) {
      for (const [own, definition] of Object.entries((schema[place] ?? {}) as Record<string, JsonSchema>)) {
        const innerKey = this.freeKey(`${key}.${own}`);
        this.schemas[innerKey] = {};
        moved.set(`#/${place}/${own}`, ROOT + innerKey);
        inner.push([innerKey, definition]);
      }
    }
    const { definitions: _definitions, $defs: _defs, ...rest } = schema;
    this.schemas[key] = withReferences(rest, moved) as JsonSchema;
    for (const [innerKey, definition] of inner) {
      this.schemas[innerKey] = withReferences(definition, moved) as JsonSchema;
    }
    return { $ref: ROOT + key };
  }

  private freeKey(name: string): string {
    const key = componentKey(name);
    let free = key;
    for (let number = 2; Object.hasOwn(this.schemas, free); number++) free = `${key}-${number}`;
    return free;
  }
}

/** The name as a key of components, which take less than the names of events. */
export function componentKey(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9._-]/g, '.');
}

function withReferences(value: unknown, moved: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item) => withReferences(item, moved));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]: [string, unknown]) => {
      const isMoved = key === '$ref' && typeof member === 'string' && moved.has(member);
      return [key, isMoved ? moved.get(member) : withReferences(member, moved)];
    }),
  );
}
