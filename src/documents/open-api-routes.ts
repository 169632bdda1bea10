/** The routes beside REST that a page calls, as OpenAPI describes them: nobody sees them in a controller. */
import { COUNT, TEXT, objectSchema } from '../protocol/json-schema.js';
import type { JsonSchema } from '../protocol/json-schema.js';
import { PROBLEM_SCHEMA } from './problem-schema.js';
import { ROUTE_REFUSALS } from './route-refusals.js';
import type { WireDescription } from './wire-description.js';

/** The class of the REST interface has this name; without REST the schema is ours. */
const PROBLEM = 'PushProblemModel';
const COMMON = { tags: ['push'], security: [{ bearer: [] }] };

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
  const issued = { description: 'Done', content: { 'application/json': { schema: translate(ticket) } } };
  const parameters = ['cursor', 'groups', 'ticket'].map((name) => ({
    name,
    in: 'query',
    required: false,
    schema: TEXT,
  }));
  paths[at.ticket] = {
    ...paths[at.ticket],
    post: {
      ...COMMON,
      operationId: 'PushTicket',
      summary: 'Get a ticket, for a connection that can carry no header',
      responses: { 200: issued, ...refusals('ticket') },
    },
  };
  paths[at.handshake] = {
    ...paths[at.handshake],
    get: {
      ...COMMON,
      operationId: 'PushHandshake',
      summary: 'Whether a connection with the same headers and parameters would be let in; nothing is opened',
      parameters,
      responses: { 204: { description: 'It would' }, ...refusals('handshake') },
    },
  };
}

function refusals(route: 'ticket' | 'handshake'): Readonly<Record<string, object>> {
  const content = { 'application/problem+json': { schema: { $ref: `#/components/schemas/${PROBLEM}` } } };
  return Object.fromEntries(
    ROUTE_REFUSALS[route].map(({ status, codes, headers }) => {
      const described = Object.entries(headers).map(([name, { description, ...schema }]) => [
        name,
        { ...(description !== undefined && { description }), schema },
      ]);
      const isBare = described.length === 0;
      return [
        status,
        {
          description: codes.join(', '),
          ...(!isBare && { headers: Object.fromEntries(described) as object }),
          content,
        },
      ];
    }),
  );
}
