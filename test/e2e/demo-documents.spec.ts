import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startDemo } from '../support/demo-process.js';
import type { RunningDemo } from '../support/demo-process.js';
import { NEST_MAJOR } from '../support/nest-version.js';
import { bearer, signToken } from '../support/tokens.js';
import { problemsOfAsyncApi, problemsOfOpenApi } from '../support/wire-documents.js';
import { WsClient } from '../support/ws-client.js';

const SECRET = 'the secret of the demo under test';
/** The first start may have to build, and others may wait for it. */
const START_MS = 120_000;
/** What @nestjs/swagger makes of the shop's own routes differs between its versions. */
const itOnNewest = NEST_MAJOR >= 12 ? it : it.skip;

interface Documents {
  readonly asyncApi: { readonly servers: { readonly ws: { readonly host: string } } };
  readonly openApi: object;
}

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

/** The port is another one each time. */
function withHost(document: Documents['asyncApi']): unknown {
  return JSON.parse(JSON.stringify(document).replaceAll(document.servers.ws.host, 'shop.example'));
}
