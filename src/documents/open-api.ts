import type { JsonSchema } from '../protocol/json-schema.js';
import { goes } from '../push/events/event-catalog.js';
import { eventSchemas } from './async-api-messages.js';
import { describeWireRoutes } from './open-api-routes.js';
import { openApiSchema } from './open-api-schema.js';
import type { WireDescription } from './wire-description.js';

/** A document as `SwaggerModule.createDocument()` makes it, as far as it is touched here. */
export interface OpenApiDocument {
  readonly openapi: string;
  paths?: object;
  components?: object;
}

/** The bodies that carry an event and its data. */
const BODIES = ['PushEventDto', 'PushMessageDto'];

interface Components {
  schemas?: Record<string, unknown>;
}

type Body = JsonSchema & { readonly properties?: Readonly<Record<string, JsonSchema>> };

/**
 * Says in the document how a ticket is got and a handshake tried, and what the data of each declared event is: one schema
 * for each, to which the bodies of the routes refer by the name of the event. The document is changed and answered.
 */
export function describeWire<Document extends OpenApiDocument>(wire: WireDescription, document: Document): Document {
  const declarations = wire.catalog.declarations.filter((declared) => goes(declared, 'out'));
  const { components, outgoing } = eventSchemas({ declarations });
  const schemas = (((document.components ??= {}) as Components).schemas ??= {});
  const isOld = document.openapi.startsWith('3.0');
  const translate = (schema: JsonSchema) => (isOld ? openApiSchema(schema) : schema);
  describeWireRoutes(wire, (document.paths ??= {}) as Record<string, object>, schemas, translate);
  const used = BODIES.filter((name) => name in schemas);
  if (used.length === 0 || outgoing.size === 0) return document;
  const prefixed = new Map([...outgoing].map(([event, { $ref }]) => [event, { $ref: prefix(String($ref)) }]));
  for (const [name, schema] of Object.entries(components.schemas)) {
    schemas[EVENT_PREFIX + name] = translate(withPrefixedReferences(schema));
  }
  const alternatives = [...prefixed].map(([event, data]) => ({
    title: event,
    properties: { event: { type: 'string', enum: [event] }, data },
    required: ['event', 'data'],
  }));
  const other = { title: 'any other event', properties: { event: { not: { enum: [...prefixed.keys()] } } } };
  for (const name of used) schemas[name] = { ...(schemas[name] as Body), oneOf: [...alternatives, other] };
  return document;
}

/** Apart from the classes of the host, which may have the same names. */
const EVENT_PREFIX = 'event.';
const COMPONENT = '#/components/schemas/';

function prefix(reference: string): string {
  return reference.startsWith(COMPONENT) ? COMPONENT + EVENT_PREFIX + reference.slice(COMPONENT.length) : reference;
}

function withPrefixedReferences(schema: JsonSchema): JsonSchema {
  const text = JSON.stringify(schema, (key, value: unknown) =>
    key === '$ref' && typeof value === 'string' ? prefix(value) : value,
  );
  return JSON.parse(text) as JsonSchema;
}
