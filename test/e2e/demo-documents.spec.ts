import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startDemo } from '../support/demo-process.js';
import type { RunningDemo } from '../support/demo-process.js';
import { NEST_MAJOR } from '../support/nest-version.js';
import { bearer, signToken } from '../support/tokens.js';
import { judgeOf, problemsOfAsyncApi, problemsOfOpenApi } from '../support/wire-documents.js';
import { WsClient } from '../support/ws-client.js';

const SECRET = 'the secret of the demo under test';
/** The first start may have to build, and others may wait for it. */
const START_MS = 120_000;
/** What @nestjs/swagger makes of the shop's own routes differs between its versions. */
const itOnNewest = NEST_MAJOR >= 12 ? it : it.skip;

interface Documents {
  readonly asyncApi: { readonly servers: { readonly ws: { readonly host: string } } };
  readonly openApi: OpenApi;
}

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly responses: Responses }>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, { readonly properties?: Properties }>> };
}
type Responses = Readonly<Record<string, { readonly content?: object }>>;
type Properties = Readonly<Record<string, { readonly example?: unknown }>>;

const demos: RunningDemo[] = [];
const documents: Documents[] = [];

beforeAll(async () => {
  for (const platform of ['fastify', 'express']) {
    const demo = await startDemo({ PLATFORM: platform, PUSH_JWT_SECRET: SECRET });
    demos.push(demo);
    documents.push({
      asyncApi: await documentOf(demo, '/asyncapi.json'),
      openApi: await documentOf(demo, '/docs-json'),
    });
  }
}, 2 * START_MS);

afterAll(async () => {
  await Promise.all(demos.map(({ program }) => program.stop()));
});

async function documentOf<Document>({ url }: RunningDemo, path: string): Promise<Document> {
  const response = await fetch(url + path);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
  return (await response.json()) as Document;
}

describe('the documents of the demo', () => {
  it('are valid', async () => {
    for (const { asyncApi, openApi } of documents) {
      expect(problemsOfAsyncApi(asyncApi)).toEqual([]);
      expect(await problemsOfOpenApi(openApi)).toEqual([]);
    }
  });

  it('say where it listens', () => {
    const hosts = documents.map(({ asyncApi }) => `http://${asyncApi.servers.ws.host}`);
    expect(hosts).toEqual(demos.map(({ url }) => url));
  });

  it('describe the wire as they did', () => {
    const [fastify, express] = documents.map(({ asyncApi }) => withHost(asyncApi));
    expect(express).toEqual(fastify);
    expect(fastify).toMatchSnapshot();
  });

  itOnNewest('describe REST as they did', () => {
    const [fastify, express] = documents.map(({ openApi }) => openApi);
    expect(express).toEqual(fastify);
    expect(fastify).toMatchSnapshot();
  });

  it('lead from one to the other', () => {
    expect(documents[0]?.openApi).toMatchObject({ info: { description: expect.stringContaining('(/asyncapi.json)') } });
  });
});

describe("the shop's own routes", () => {
  const orders = ['get', '/orders'] as const;
  const status = ['post', '/orders/{orderId}/status'] as const;
  const sender = () => bearer(token('w', 'push:send'));
  const shipped = { userId: '7', status: 'shipped' };

  it('say of every answer with a body what is in it', () => {
    const answers = documents.flatMap(({ openApi }) => shopAnswers(openApi));
    const bare = answers.filter(({ code, answer }) => code !== '204' && answer.content === undefined);
    expect([answers.length, bare]).toEqual([2 * 18, []]);
  });

  it('give examples that fit', () => {
    for (const { openApi } of documents) {
      const unfit = Object.entries(openApi.components.schemas).flatMap(([name, { properties = {} }]) =>
        Object.entries(properties)
          .filter(([, { example }]) => example !== undefined)
          .filter(
            ([member, { example }]) => !fits(openApi, ['components', 'schemas', name, 'properties', member], example),
          )
          .map(([member]) => `${name}.${member}`),
      );
      expect(unfit).toEqual([]);
    }
  });

  it.each([
    { code: 202, route: status, path: '/orders/41/status', body: shipped, headers: sender },
    { code: 202, route: status, path: '/orders/A-41/status', body: shipped, headers: sender },
    { code: 400, route: status, path: '/orders/41/status', body: { userId: '' }, headers: sender },
    { code: 400, route: status, path: '/orders/a%20b/status', body: shipped, headers: sender },
    { code: 401, route: status, path: '/orders/41/status', body: shipped },
    { code: 403, route: status, path: '/orders/41/status', body: shipped, headers: () => bearer(token('w')) },
    { code: 200, route: orders, headers: sender },
    { code: 401, route: orders },
    { code: 403, route: orders, headers: () => bearer(token('w')) },
    { code: 200, route: ['get', '/health/live'] },
    { code: 200, route: ['get', '/health/ready'] },
    { code: 200, route: ['post', '/auth/token'], body: { user: '7' } },
    { code: 400, route: ['post', '/auth/token'], body: { user: 7 } },
    { code: 400, route: ['post', '/auth/token'], body: '{' },
    { code: 204, route: ['delete', '/auth/token'] },
    { code: 200, route: ['post', '/auth/token/console'] },
  ] as const)(
    'answer $route.0 $route.1 with $code as they say ($#)',
    async ({ code, route: [method, route], ...request }) => {
      const { path = route, body, headers } = { path: undefined, body: undefined, headers: undefined, ...request };
      for (const [index, { url }] of demos.entries()) {
        const { openApi } = documents[index] as Documents;
        const response = await fetch(url + path, {
          method: method.toUpperCase(),
          headers: { ...headers?.(), ...(body !== undefined && { 'content-type': 'application/json' }) },
          ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        });
        const text = await response.text();
        expect([response.status, text]).toEqual([code, code === 204 ? '' : expect.stringMatching(/^\{/)]);
        if (code === 204) continue;
        const schema = ['paths', route, method, 'responses', String(code), 'content', 'application/json', 'schema'];
        expect([text, fits(openApi, schema, JSON.parse(text))]).toEqual([text, true]);
      }
    },
  );
});

describe('the declared events of the demo', () => {
  it('are judged when clients send them', async () => {
    const [{ url } = { url: '' }] = demos;
    const client = await WsClient.connect(`${url.replace('http', 'ws')}/push/ws`, { token: token('7') });
    const send = (data: unknown) =>
      client.request('push:send', { to: { group: 'room:a' }, event: 'room.message', data });
    expect(await send({ room: 'room:a', text: 'hello' })).toMatchObject({ event: 'push:ok' });
    expect(await send({ room: 'room:a', text: '' })).toMatchObject({ data: { code: 'invalid_data' } });
    expect(await client.request('chat.typing', { room: 7 })).toMatchObject({ data: { code: 'invalid_data' } });
    await client.close();
  });

  it('are only warned of when REST sends them', async () => {
    const [demo] = demos;
    const response = await fetch(`${demo?.url ?? ''}/push/users/7`, {
      method: 'POST',
      headers: { ...bearer(token('w', 'push:send')), 'content-type': 'application/json' },
      body: JSON.stringify({ event: 'order.status', data: { orderId: 7 } }),
    });
    expect(response.status).toBe(202);
    await demo?.program.waitForLine(/the data of order\.status .*\/data\/status/);
  });
});

function token(sub: string, scope = ''): string {
  return signToken({ sub, scope }, { secret: SECRET });
}

/** What is described of the routes that are not the module's. */
function shopAnswers({ paths }: OpenApi) {
  return Object.entries(paths)
    .filter(([path]) => !path.startsWith('/push'))
    .flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { responses }]) =>
        Object.entries(responses).map(([code, answer]) => ({ path, method, code, answer })),
      ),
    );
}

/** Whether the data fits the schema at this place of the document. */
function fits(document: object, place: readonly string[], data: unknown): boolean {
  const names = place.map((name) => encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1')));
  return judgeOf(document, `/${names.join('/')}`)(data) === true;
}

/** The port is another one each time. */
function withHost(document: Documents['asyncApi']): unknown {
  return JSON.parse(JSON.stringify(document).replaceAll(document.servers.ws.host, 'shop.example'));
}
