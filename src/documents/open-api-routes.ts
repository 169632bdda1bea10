/** The routes beside REST that a page calls, as OpenAPI describes them: nobody sees them in a controller. */
import { COUNT, TEXT, objectSchema } from '../protocol/json-schema.js';
import type { JsonSchema } from '../protocol/json-schema.js';
import { PROBLEM_SCHEMA } from './problem-schema.js';
import { ROUTE_REFUSALS } from './route-refusals.js';
import type { StatusRefusal } from './route-refusals.js';
import type { WireDescription } from './wire-description.js';

/** The class of the REST interface has this name; without REST the schema is ours. */
const PROBLEM = 'PushProblemModel';

type Schemas = Record<string, unknown>;
type Paths = Record<string, object | undefined>;

/** Adds the routes to the paths of a document, and what they refer to to its schemas, each in the words of its version. */
export function describeWireRoutes(
  { paths: at, tokens }: WireDescription,
  paths: Paths,
  schemas: Schemas,
  translate: (schema: JsonSchema) => JsonSchema,
): void {
  schemas[PROBLEM] ??= translate(PROBLEM_SCHEMA);
  const ticket = objectSchema<{ ticket: string; expiresIn: number }>({
    ticket: { ...TEXT, description: `For \`?ticket=\`: good once, for ${tokens.ticketSeconds} seconds` },
    expiresIn: { ...COUNT, description: 'Seconds' },
  });
  addRoute(paths, at.ticket, 'post', {
    operationId: 'PushTicket',
    summary: 'Get a ticket, for a connection that can carry no header',
    responses: {
      200: { description: 'Done', content: { 'application/json': { schema: translate(ticket) } } },
      ...refusals('ticket'),
    },
  });
  addRoute(paths, at.handshake, 'get', {
    operationId: 'PushHandshake',
    summary: 'Whether a connection with the same headers and parameters would be let in; nothing is opened',
    parameters: ['cursor', 'groups', 'ticket'].map((name) => ({ name, in: 'query', required: false, schema: TEXT })),
    responses: { 204: { description: 'It would' }, ...refusals('handshake') },
  });
}

/** Another method of the same path may stand there already. */
function addRoute(paths: Paths, path: string, method: 'get' | 'post', operation: object): void {
  paths[path] = { ...paths[path], [method]: { tags: ['push'], security: [{ bearer: [] }], ...operation } };
}

function refusals(route: 'ticket' | 'handshake'): Readonly<Record<string, object>> {
  const content = { 'application/problem+json': { schema: { $ref: `#/components/schemas/${PROBLEM}` } } };
  return Object.fromEntries(
    ROUTE_REFUSALS[route].map(({ status, codes, headers }) => [
      status,
      { description: codes.join(', '), ...describedHeaders(headers), content },
    ]),
  );
}

/** A header has its description beside its schema. */
function describedHeaders(headers: StatusRefusal['headers']): { readonly headers?: Readonly<Record<string, object>> } {
  const described = Object.entries(headers).map(([name, { description, ...schema }]) => [
    name,
    { ...(description !== undefined && { description }), schema },
  ]);
  return described.length === 0 ? {} : { headers: Object.fromEntries(described) as Record<string, object> };
}
