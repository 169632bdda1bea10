/** The little that is said to `@nestjs/swagger` of a host; the module itself never loads it. */

/** A schema object of OpenAPI, as far as it is used here. */
export type OpenApiSchema = Readonly<Record<string, unknown>>;

/** One member of a body: members of a schema, with the type as a function that gives a class or a list of one. */
export interface OpenApiProperty {
  readonly required: boolean;
  readonly type?: () => unknown;
  readonly [member: string]: unknown;
}

/** What `_OPENAPI_METADATA_FACTORY` of a class gives: the same as swagger's compiler plugin would write. */
export type OpenApiProperties = Readonly<Record<string, OpenApiProperty>>;

/** Any JSON, null too, in every version of OpenAPI. Without such a list swagger would write `type: object`. */
export const ANY_JSON: readonly OpenApiSchema[] = [{}];

/** Points to the schema of a class. */
export function schemaOf(model: { readonly name: string }): OpenApiSchema {
  return { $ref: `#/components/schemas/${model.name}` };
}
