/**
 * The part of Standard Schema (https://standardschema.dev, version 1) that is used here: what zod, valibot, arktype and
 * others answer to. The types are written out as that specification offers, so a host installs nothing for them.
 */

/** A schema of any library that keeps to the standard. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': StandardProps<Input, Output>;
}

/** What stands under `~standard`. */
export interface StandardProps<Input, Output> {
  readonly version: 1;
  readonly vendor: string;
  readonly validate: (value: unknown) => StandardResult | Promise<StandardResult>;
  readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  /** Where the library can say its schemas as JSON Schema. */
  readonly jsonSchema?:
    { readonly input: (options: { readonly target: string }) => Record<string, unknown> } | undefined;
}

/** No issues: the value is good. */
export interface StandardResult {
  readonly issues?: readonly StandardIssue[] | undefined;
}

/** One thing that is wrong, and where. */
export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What a schema takes. */
export type SchemaInput<Schema extends StandardSchema> = NonNullable<Schema['~standard']['types']>['input'];

/** Whether the value is a schema of the standard; some libraries have functions for schemas. */
export function isStandardSchema(value: unknown): value is StandardSchema {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const props = (value as Partial<StandardSchema>)['~standard'];
  return props?.version === 1 && typeof props.validate === 'function';
}
