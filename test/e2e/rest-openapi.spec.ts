import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { OpenAPIObject } from '@nestjs/swagger';
import { PLATFORMS, PushApp } from '../support/push-app.js';
import { RestClient } from '../support/rest-client.js';
import type { RestAnswer } from '../support/rest-client.js';

type Members = Readonly<Record<string, unknown>>;

interface Operation {
  readonly parameters: readonly { readonly in: string; readonly name: string }[];
  readonly requestBody?: {
    readonly required: boolean;
    readonly content: Readonly<Record<string, { schema: Members }>>;
  };
  readonly responses: Readonly<
    Record<string, { readonly headers?: Members; readonly content?: Readonly<Record<string, { schema: Members }>> }>
  >;
  readonly security?: readonly Members[];
  readonly tags?: readonly string[];
}

/** Method and path, body, success and what it answers, by the contract. */
const ROUTES: [string, string, string | undefined, number, string | undefined][] = [
  ['post', '/api/push/broadcast', 'PushEventDto', 202, 'PushReceiptModel'],
  ['post', '/api/push/users/{userId}', 'PushEventDto', 202, 'PushReceiptModel'],
  ['post', '/api/push/groups/{group}', 'PushEventDto', 202, 'PushReceiptModel'],
  ['post', '/api/push/messages', 'PushMessageDto', 202, 'PushReceiptModel'],
  ['post', '/api/push/batch', 'PushBatchDto', 202, 'PushBatchResultsModel'],
  ['put', '/api/push/groups/{group}/members/{userId}', 'PushMembershipDto', 204, undefined],
  ['delete', '/api/push/groups/{group}/members/{userId}', undefined, 204, undefined],
  ['get', '/api/push/groups/{group}/members', undefined, 200, 'PushMembershipPageModel'],
  ['get', '/api/push/connections', undefined, 200, 'PushConnectionPageModel'],
  ['delete', '/api/push/connections/{id}', undefined, 202, 'PushClosedModel'],
  ['delete', '/api/push/users/{userId}/connections', undefined, 202, 'PushClosedModel'],
  ['post', '/api/push/revocations', 'PushRevocationDto', 204, undefined],
  ['get', '/api/push/users/{userId}/presence', undefined, 200, 'PushPresenceModel'],
  ['post', '/api/push/presence', 'PushPresenceQueryDto', 200, 'PushPresenceListModel'],
  ['get', '/api/push/stats', undefined, 200, 'PushStatsModel'],
];

/** Headers that a document may leave out: those of HTTP itself, and what every answer has. */
const COMMON = [
  ...['connection', 'content-length', 'content-type', 'date', 'etag', 'keep-alive', 'transfer-encoding'],
  ...['cache-control', 'x-content-type-options', 'x-powered-by'],
];

describe.each(PLATFORMS)('the OpenAPI document of a host on %s', (platform) => {
  let app: PushApp;
  let document: OpenAPIObject;
  const operation = (method: string, path: string) =>
    (document.paths[path] as unknown as Record<string, Operation> | undefined)?.[method];
  const schema = (name: string) => document.components?.schemas?.[name] as unknown as Record<string, Members>;

  beforeAll(async () => {
    app = await PushApp.start({
      platform,
      push: { maxSendsPerSecond: 20 },
      configure: (nest) => void nest.setGlobalPrefix('api'),
    });
    document = SwaggerModule.createDocument(app.app, new DocumentBuilder().addBearerAuth().build());
  });
  afterAll(() => app.close());

  it('has every route and no other', () => {
    const found = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method} ${path}`),
    );
    expect(found.sort()).toEqual(ROUTES.map(([method, path]) => `${method} ${path}`).sort());
  });

  it.each(ROUTES)('describes %s %s', (method, path, body, status, answer) => {
    const found = operation(method, path);
    expect(found?.requestBody?.content['application/json']?.schema).toEqual(
      body === undefined ? undefined : { $ref: `#/components/schemas/${body}` },
    );
    expect(found?.responses[status]?.content?.['application/json']?.schema).toEqual(
      answer === undefined ? undefined : { $ref: `#/components/schemas/${answer}` },
    );
    for (const refusal of [400, 401, 403, 500, 503]) {
      expect(found?.responses[refusal]?.content?.['application/problem+json']?.schema).toEqual({
        $ref: '#/components/schemas/PushProblemModel',
      });
    }
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    expect(found?.parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name)).toEqual(named);
    expect(found?.security).toEqual([{ bearer: [] }]);
    expect(found?.tags).toEqual(['push']);
  });

  it('names every header of what is answered', async () => {
    const rest = RestClient.of(app);
    const message = { event: 'e', data: 1 };
    const key = { 'idempotency-key': 'k', prefer: 'wait=1' };
    const to = '/api/push/users/{userId}';
    const path = '/api/push/users/7';
    const answers: [string, string, number, RestAnswer][] = [
      ['post', to, 202, await rest.post(path, message, key)],
      ['post', to, 202, await rest.post(path, message, key)],
      ['post', to, 400, await rest.post(path, {})],
      ['post', to, 401, await rest.withAuthorization(undefined).post(path, message)],
      ['post', to, 403, await RestClient.of(app, { scope: '' }).post(path, message)],
      ['post', to, 415, await rest.post(path, message, { 'content-type': 'text/plain' })],
      ['post', to, 422, await rest.post(path, { ...message, data: 2 }, key)],
    ];
    const messages = Array.from({ length: 200 }, () => ({ ...message, target: { all: true } }));
    const other = RestClient.of(app, { sub: 'other' });
    await other.post('/api/push/batch', { messages });
    answers.push(['post', '/api/push/broadcast', 429, await other.post('/api/push/broadcast', message)]);
    for (const [method, route, status, { status: answered, headers }] of answers) {
      const described = Object.keys(operation(method, route)?.responses[status]?.headers ?? {});
      const known = [...COMMON, ...described.map((name) => name.toLowerCase())];
      const unnamed = Object.keys(headers).filter((name) => !known.includes(name));
      expect([route, answered, unnamed]).toEqual([route, status, []]);
    }
  });

  it('refers to no schema that is not there', () => {
    const references = JSON.stringify(document).matchAll(/#\/components\/schemas\/(\w+)/g);
    const missing = [...references].map(([, name]) => name ?? '').filter((name) => !schema(name));
    expect(missing).toEqual([]);
  });

  it('describes the message with its target and its options', () => {
    expect(Object.keys(schema('PushMessageDto')?.['properties'] ?? {}).sort()).toEqual(
      ['collapseKey', 'data', 'event', 'idempotencyKey', 'report', 'store', 'target', 'ttlSeconds'].sort(),
    );
    expect(schema('PushMessageDto')?.['required']).toEqual(['event', 'target']);
    expect(Object.keys(schema('PushTargetDto')?.['properties'] ?? {}).sort()).toEqual(
      ['all', 'connections', 'except', 'groups', 'users'].sort(),
    );
  });

  it('describes the problem', () => {
    expect(Object.keys(schema('PushProblemModel')?.['properties'] ?? {})).toEqual([
      'type',
      'title',
      'status',
      'detail',
      'code',
      'errors',
      'statusCode',
      'message',
      'error',
    ]);
  });
});
