/**
 * Describes the routes to a host that has `@nestjs/swagger`, by the metadata that its decorators would write. The
 * package is not loaded for that: a host without it carries nothing, and there is no second copy to disagree with.
 */
import 'reflect-metadata';
import { PushBatchDto } from '../dto/push-batch.dto.js';
import { PushEventDto } from '../dto/push-event.dto.js';
import { PushMembershipDto } from '../dto/push-membership.dto.js';
import { PushMessageDto } from '../dto/push-message.dto.js';
import { PushPresenceQueryDto } from '../dto/push-presence-query.dto.js';
import { PushRevocationDto } from '../dto/push-revocation.dto.js';
import { BATCH_HEADERS, SENT_HEADERS, refusalHeaders } from './answer-headers-description.js';
import * as Models from './answer-models.js';
import { schemaOf } from './openapi-types.js';
import type { OpenApiSchema } from './openapi-types.js';

type Model = abstract new () => unknown;

interface RouteDescription {
  readonly summary: string;
  readonly scope: string;
  readonly parameters?: readonly OpenApiSchema[];
  readonly body?: Model;
  readonly isBodyOptional?: boolean;
  readonly status: number;
  readonly answer?: Model;
  /** Headers of the success. */
  readonly headers?: OpenApiSchema;
  /** Refusals beside those that every route has. */
  readonly refusals?: readonly number[];
}

const REFUSALS: Readonly<Record<number, string>> = {
  400: 'The request is not valid; every problem is listed',
  401: 'No token, or one that is refused',
  403: 'The token has not the scope',
  404: 'There is no such connection',
  409: 'The same request is still in progress',
  413: 'The data, or the body, is too long',
  415: 'The body is not application/json',
  422: 'The idempotency key was used for another request',
  429: 'Too many messages; Retry-After says when to go on',
  500: "The server's fault",
  503: 'Not at the moment; Retry-After says when',
  504: 'No answer in time: it may have been sent; repeat it with the same Idempotency-Key',
};
const ALWAYS = [400, 401, 403, 500, 503];
const WITH_BODY = [413, 415];
const WHEN_SENDING = [409, 422, 429, 504];

const USER = { name: 'userId', in: 'path', required: true, schema: { type: 'string', minLength: 1, maxLength: 255 } };
const GROUP = {
  name: 'group',
  in: 'path',
  required: true,
  schema: { type: 'string', pattern: '^[A-Za-z0-9._:@-]{1,128}$' },
};
const CONNECTION = { name: 'id', in: 'path', required: true, schema: { type: 'string' } };
const PAGE = [
  { name: 'cursor', in: 'query', required: false, schema: { type: 'string' } },
  {
    name: 'limit',
    in: 'query',
    required: false,
    schema: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
  },
];
const FILTER = [
  { name: 'user', in: 'query', required: false, schema: { type: 'string' } },
  { name: 'group', in: 'query', required: false, schema: { type: 'string' } },
];
const SENDING = [
  {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description: 'Repeated with the same key, the request is answered as at first and nothing is sent',
    schema: { type: 'string', maxLength: 255 },
  },
  {
    name: 'Prefer',
    in: 'header',
    required: false,
    description: 'wait=<seconds>: answer with the final counts of all nodes',
    schema: { type: 'string', example: 'wait=2' },
  },
];

const SEND = { status: 202, answer: Models.PushReceiptModel, headers: SENT_HEADERS, refusals: WHEN_SENDING } as const;
const ADMIN = { scope: 'push:admin' } as const;
const BY_TARGET = 'push:broadcast for all, push:send for others';

/** By the names of the controller's methods. */
const ROUTES: Readonly<Record<string, RouteDescription>> = {
  broadcast: { ...SEND, summary: 'Send to everyone', scope: 'push:broadcast', parameters: SENDING, body: PushEventDto },
  sendToUser: {
    ...SEND,
    summary: 'Send to every connection of a user',
    scope: 'push:send',
    parameters: [USER, ...SENDING],
    body: PushEventDto,
  },
  sendToGroup: {
    ...SEND,
    summary: 'Send to every connection of a group',
    scope: 'push:send',
    parameters: [GROUP, ...SENDING],
    body: PushEventDto,
  },
  sendMessage: { ...SEND, summary: 'Send to a target', scope: BY_TARGET, parameters: SENDING, body: PushMessageDto },
  sendBatch: {
    ...SEND,
    summary: 'Send up to 1,000 messages, each judged alone',
    scope: BY_TARGET,
    parameters: SENDING,
    body: PushBatchDto,
    answer: Models.PushBatchResultsModel,
    headers: BATCH_HEADERS,
  },
  addMember: {
    ...ADMIN,
    summary: 'Make a user a member of a group',
    parameters: [GROUP, USER],
    body: PushMembershipDto,
    isBodyOptional: true,
    status: 204,
  },
  removeMember: { ...ADMIN, summary: 'End a membership', parameters: [GROUP, USER], status: 204 },
  listMembers: {
    ...ADMIN,
    summary: 'The members that the server holds in a group',
    parameters: [GROUP, ...PAGE],
    status: 200,
    answer: Models.PushMembershipPageModel,
  },
  listConnections: {
    ...ADMIN,
    summary: 'Live connections, oldest first',
    parameters: [...FILTER, ...PAGE],
    status: 200,
    answer: Models.PushConnectionPageModel,
  },
  closeConnection: {
    ...ADMIN,
    summary: 'Close a connection',
    parameters: [CONNECTION],
    status: 202,
    answer: Models.PushClosedModel,
    refusals: [404],
  },
  closeUser: {
    ...ADMIN,
    summary: 'Close every connection of a user',
    parameters: [USER],
    status: 202,
    answer: Models.PushClosedModel,
  },
  revoke: { ...ADMIN, summary: 'End tokens', body: PushRevocationDto, status: 204 },
  presenceOfUser: {
    ...ADMIN,
    summary: 'Whether a user is connected',
    parameters: [USER],
    status: 200,
    answer: Models.PushPresenceModel,
  },
  presence: {
    ...ADMIN,
    summary: 'Who of these users is connected',
    body: PushPresenceQueryDto,
    status: 200,
    answer: Models.PushPresenceListModel,
  },
  stats: { ...ADMIN, summary: 'Counts of now', status: 200, answer: Models.PushStatsModel },
};

/** Writes the descriptions of the methods of this class; those of a subclass are found through it. */
export function describeRoutes(controller: { readonly prototype: object }): void {
  const handlers = controller.prototype as Readonly<Record<string, object | undefined>>;
  for (const [name, route] of Object.entries(ROUTES)) {
    const handler = handlers[name];
    if (!handler) throw new Error(`there is no route ${name}`);
    Reflect.defineMetadata('swagger/apiOperation', operationOf(route), handler);
    Reflect.defineMetadata('swagger/apiParameters', parametersOf(route), handler);
    Reflect.defineMetadata('swagger/apiResponse', responsesOf(route), handler);
  }
}

/** Writes what holds for all routes of a controller. The host's own decorators come later and may take its place. */
export function describeController(controller: object): void {
  Reflect.defineMetadata('swagger/apiUseTags', ['push'], controller);
  Reflect.defineMetadata('swagger/apiSecurity', [{ bearer: [] }], controller);
  const models = [Models.PushProblemModel, Models.PushReceiptModel];
  Reflect.defineMetadata('swagger/apiExtraModels', models, controller);
}

function operationOf({ summary, scope }: RouteDescription): OpenApiSchema {
  return { summary, description: `Scope: ${scope}` };
}

function parametersOf({ parameters = [], body, isBodyOptional = false }: RouteDescription): readonly OpenApiSchema[] {
  return body ? [...parameters, { in: 'body', type: body, required: !isBodyOptional }] : parameters;
}

function responsesOf({ status, answer, body, headers, refusals = [] }: RouteDescription): OpenApiSchema {
  const statuses = [...ALWAYS, ...(body ? WITH_BODY : []), ...refusals];
  const content = { 'application/problem+json': { schema: schemaOf(Models.PushProblemModel) } };
  const success = {
    description: answer ? 'Done' : 'Done, no content',
    ...(answer && { type: answer }),
    ...(headers && { headers }),
  };
  const refused = (refusal: number) => ({
    description: REFUSALS[refusal],
    ...refusalHeaders(refusal, refusals === WHEN_SENDING),
    content,
  });
  return { [status]: success, ...Object.fromEntries(statuses.map((refusal) => [refusal, refused(refusal)])) };
}
