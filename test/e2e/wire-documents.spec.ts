import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { ApiProperty, DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { SubscribeMessage } from '@nestjs/websockets';
import { IsIn, IsInt, IsOptional } from 'class-validator';
import * as v from 'valibot';
import { z } from 'zod';
import { pushAsyncApi, pushOpenApi } from '../../src/documents/push-documents.js';
import type { AsyncApiDocument } from '../../src/documents/async-api.js';
import { PushGateway } from '../../src/gateway/push-gateway.decorator.js';
import { PushWsAdapter } from '../../src/gateway/push-ws.adapter.js';
import { CLIENT_FRAMES, SERVER_FRAMES } from '../../src/protocol/frame-schemas.js';
import type { Envelope } from '../../src/protocol/frames.js';
import { PushEvent } from '../../src/push/push-event.decorator.js';
import { ask } from '../support/http-request.js';
import { PushApp } from '../support/push-app.js';
import { RoomsAuthorizer } from '../support/rooms.authorizer.js';
import { SseClient } from '../support/sse-client.js';
import { TEST_SECRET, bearer, signToken } from '../support/tokens.js';
import { judgeOf, problemsOfAsyncApi, problemsOfOpenApi } from '../support/wire-documents.js';

@PushEvent('order.status', { description: 'An order has come further.' })
class OrderStatus {
  @IsInt()
  @ApiProperty({ example: 7, description: 'The number of the order' })
  readonly orderId!: number;

  @IsIn(['placed', 'shipped'])
  @IsOptional()
  readonly status?: string;
}

interface Tree {
  readonly name: string;
  readonly below: readonly Tree[];
}
const tree: z.ZodType<Tree> = z.lazy(() => z.object({ name: z.string(), below: z.array(tree) }));

@PushGateway()
@Injectable()
class Gateway {
  @SubscribeMessage('order.place')
  place(): string {
    return 'placed';
  }

  @SubscribeMessage('undeclared')
  undeclared(): void {}
}

const EVENTS = [
  OrderStatus,
  { name: 'chat.message', direction: 'both' as const, schema: z.object({ text: z.string() }) },
  { name: 'order.place', direction: 'in' as const, schema: z.object({ item: z.string(), note: z.null() }) },
  { name: 'tree', schema: tree },
  { name: 'of:valibot', schema: v.string(), jsonSchema: { type: ['string', 'null'], const: 'x' } },
  { name: 'unsaid', schema: v.string() },
];

type Schemas = Readonly<Record<string, Record<string, unknown>>>;

let app: PushApp;
beforeAll(async () => {
  app = await PushApp.start({
    push: {
      events: EVENTS,
      authorizer: RoomsAuthorizer,
      auth: { jwt: { secret: TEST_SECRET, algorithms: ['HS256'] }, cookie: 'token', accessTokenQuery: true },
    },
    metadata: { providers: [Gateway] },
    configure: (nest) => nest.useWebSocketAdapter(new PushWsAdapter(nest)),
  });
});
afterAll(() => app.close());

describe('the AsyncAPI document', () => {
  let document: AsyncApiDocument;
  const messages = () =>
    document.components['messages'] as Readonly<Record<string, { payload: Record<string, unknown> }>>;
  const schemas = () => document.components['schemas'] as Schemas;

  beforeAll(() => {
    document = JSON.parse(JSON.stringify(pushAsyncApi(app.app, { title: 'Shop', url: 'https://shop.example' })));
  });

  it('is valid by the schema of AsyncAPI 3.0, with and without an address', () => {
    expect(problemsOfAsyncApi(document)).toEqual([]);
    expect(problemsOfAsyncApi(pushAsyncApi(app.app))).toEqual([]);
    expect(problemsOfAsyncApi({ ...document, channels: { ws: { address: 7 } } })).not.toEqual([]);
  });

  it('has every frame of the protocol, every declared event and every handler', () => {
    const frames = [...Object.keys(SERVER_FRAMES), ...Object.keys(CLIENT_FRAMES)].map((name) => name.replace(':', '.'));
    expect(Object.keys(messages()).sort()).toEqual(
      [
        ...frames,
        ...['chat.message', 'of.valibot', 'order.status', 'tree', 'unsaid', 'other', 'answer'],
        ...['order.place.in', 'undeclared.in', 'poll.answer'],
        ...[400, 401, 403, 405, 408, 413, 415, 426, 429, 500, 503].map((status) => `refusal.${status}`),
      ].sort(),
    );
  });

  it('serves them where the application does, over each transport', () => {
    expect(document.servers).toMatchObject({
      ws: { host: 'shop.example', protocol: 'wss' },
      http: { host: 'shop.example', protocol: 'https' },
    });
    const addresses = Object.values(document.channels as Schemas).map(({ address }) => address);
    expect(addresses).toEqual(['/push/ws', '/push/sse', '/push/poll', '/push/upstream']);
    expect(Object.keys(document.components['securitySchemes'] ?? {})).toEqual([
      ...['bearer', 'subprotocol', 'ticket', 'cookie', 'accessToken'],
    ]);
  });

  it('describes data as it is declared, each once', () => {
    expect(schemas()['order.status']).toEqual({
      type: 'object',
      title: 'OrderStatus',
      properties: {
        orderId: { type: 'integer', description: 'The number of the order', examples: [7] },
        status: { enum: ['placed', 'shipped'] },
      },
      required: ['orderId'],
    });
    expect(schemas()['chat.message']).toMatchObject({ properties: { text: { type: 'string' } }, required: ['text'] });
    expect(schemas()['unsaid']).toEqual({});
    expect(Object.keys(schemas())).toContain('order.place.in');
  });

  it('fits what is really on the wire', async () => {
    const judged = new Set<string>();
    const judge = (keys: readonly string[], envelope: Envelope) => {
      const key = keys.find((name) => name === envelope.event.replace(':', '.')) ?? 'other';
      const validate = judgeOf(document, `/components/messages/${key}/payload`);
      expect([envelope.event, validate(envelope), validate.errors]).toEqual([envelope.event, true, null]);
      judged.add(key);
    };
    const keys = Object.keys(messages());
    const token = signToken({ sub: '7', groups: ['room:1'] });
    const client = await SseClient.open(`${app.origin}/push/sse`, bearer(token));
    const welcome = await client.next('push:welcome');
    judge(keys, welcome);
    const socket = await app.connect('8', { groups: ['room:1'] });
    const place = await poll();
    await app.push.broadcast('order.status', { orderId: 7, status: 'shipped' });
    await app.push.broadcast('anything', [1]);
    const frames: [string, unknown][] = [
      ['push:ping', undefined],
      ['push:join', { group: 'room:2' }],
      ['push:join', { group: 'closed' }],
      ['push:send', { to: { group: 'room:1' }, event: 'chat.message', data: { text: 'hello' } }],
      ['order.place', { item: 'fern', note: null }],
    ];
    for (const [event, data] of frames) {
      const key = event.startsWith('push:') ? event.replace(':', '.') : `${event}.in`;
      expect(judgeOf(document, `/components/messages/${key}/payload`)({ event, data, ref: 'r' })).toBe(true);
      judge(keys, await socket.request(event, data));
    }
    for (const event of ['order.status', 'anything', 'chat.message']) judge(keys, await client.next(event));
    const answer = await poll(place.cursor);
    const validate = judgeOf(document, '/components/messages/poll.answer/payload');
    expect([validate(answer), validate.errors, answer.messages.length]).toEqual([true, null, 2]);
    expect([...judged].sort()).toEqual([
      ...['chat.message', 'order.status', 'other', 'push.error', 'push.ok', 'push.pong', 'push.welcome'],
    ]);
    client.close();

    async function poll(cursor?: string): Promise<{ messages: Envelope[]; cursor: string }> {
      const query = cursor === undefined ? 'wait=0' : `wait=0&cursor=${encodeURIComponent(cursor)}`;
      const { text } = await ask(`${app.origin}/push/poll?${query}`, { headers: bearer(signToken({ sub: '9' })) });
      return JSON.parse(text) as { messages: Envelope[]; cursor: string };
    }
  });

  it('refuses what the wire would', () => {
    const send = judgeOf(document, '/components/messages/push.send/payload');
    const to = { group: 'room:1' };
    expect(send({ event: 'push:send', data: { to, event: 'chat.message', data: { text: 7 } } })).toBe(false);
    expect(send({ event: 'push:send', data: { to, event: 'push:gap', data: 1 } })).toBe(false);
    expect(send({ event: 'push:send', data: { to, event: 'free', data: 7 } })).toBe(true);
    const treeOf = judgeOf(document, '/components/schemas/tree');
    expect(treeOf({ name: 'a', below: [{ name: 'b', below: [] }] })).toBe(true);
    expect(treeOf({ name: 'a', below: [{ name: 1, below: [] }] })).toBe(false);
  });
});

describe('the OpenAPI document', () => {
  const create = (builder: DocumentBuilder) =>
    pushOpenApi(app.app, SwaggerModule.createDocument(app.app, builder.addBearerAuth().build()));

  it.each(['3.0.0', '3.1.0'])('is valid in version %s', async (version) => {
    expect(await problemsOfOpenApi(create(new DocumentBuilder().setOpenAPIVersion(version)))).toEqual([]);
  });

  it('says in the bodies what the data of each event is, and leaves others free', () => {
    const document = JSON.parse(JSON.stringify(create(new DocumentBuilder()))) as { components: { schemas: Schemas } };
    for (const name of ['PushEventDto', 'PushMessageDto']) {
      const body = judgeOf(document, `/components/schemas/${name}`);
      const target = { users: ['7'] };
      expect(body({ target, event: 'order.status', data: { orderId: 7 } })).toBe(true);
      expect(body({ target, event: 'order.status', data: { orderId: 'x' } })).toBe(false);
      expect(body({ target, event: 'tree', data: { name: 'a', below: [{ name: 1 }] } })).toBe(false);
      expect(body({ target, event: 'other', data: { orderId: 'x' } })).toBe(true);
    }
    expect(Object.keys(document.components.schemas)).not.toContain('event.order.place.in');
  });

  it.each(['3.0.0', '3.1.0'])('says what is answered for a ticket and a dry run in version %s', async (version) => {
    const document = JSON.parse(JSON.stringify(create(new DocumentBuilder().setOpenAPIVersion(version)))) as {
      paths: Record<string, Record<string, { responses: Record<string, { headers?: object; content?: object }> }>>;
    };
    const answers: [string, string, number, Readonly<Record<string, string>>][] = [
      ['post', '/push/ticket', 200, bearer(signToken({ sub: '7' }))],
      ['post', '/push/ticket', 401, {}],
      ['get', '/push/handshake', 204, bearer(signToken({ sub: '7' }))],
      ['get', '/push/handshake', 401, bearer('bad')],
      ['get', '/push/handshake', 403, { ...bearer(signToken({ sub: '7' })), origin: 'https://other.example' }],
    ];
    for (const [method, path, status, headers] of answers) {
      const answer = await ask(app.origin + path, { method: method.toUpperCase(), headers });
      const response = document.paths[path]?.[method]?.responses[status];
      const [type] = Object.keys(response?.content ?? { none: true });
      expect([path, answer.status, answer.headers['content-type']?.split(';')[0] ?? 'none']).toEqual([
        path,
        status,
        type,
      ]);
      expect(Object.keys(response?.headers ?? {})).toEqual(status === 401 ? ['WWW-Authenticate'] : []);
      if (answer.text === '') continue;
      const place = `/paths/${path.replaceAll('/', '~1')}/${method}/responses/${status}/content`;
      const judge = judgeOf(document, `${place}/${String(type).replaceAll('/', '~1')}/schema`);
      expect([judge(JSON.parse(answer.text)), judge.errors]).toEqual([true, null]);
    }
  });

  it.each(['3.0.0', '3.1.0'])('takes any data of an event that is not declared in version %s', (version) => {
    const document = JSON.parse(JSON.stringify(create(new DocumentBuilder().setOpenAPIVersion(version)))) as object;
    const body = judgeOf(document, '/components/schemas/PushEventDto');
    for (const data of [null, 1, 'a', true, [], [null], {}, { a: null }]) {
      expect([data, body({ event: 'free', data })]).toEqual([data, true]);
    }
    expect(body({ event: 'free' })).toBe(true);
  });

  it.each(['3.0.0', '3.1.0'])('has schemas that are JSON Schema to ajv in version %s', (version) => {
    const { components, ...rest } = create(new DocumentBuilder().setOpenAPIVersion(version));
    const document = JSON.parse(JSON.stringify({ ...rest, components })) as object;
    for (const name of Object.keys(components?.schemas ?? {})) {
      expect(() => judgeOf(document, `/components/schemas/${name}`)).not.toThrow();
    }
  });

  it('writes what OpenAPI 3.0 has no words for in its own', () => {
    const { components = {} } = create(new DocumentBuilder());
    expect((components.schemas as unknown as Schemas)['event.of.valibot']).toEqual({
      type: 'string',
      nullable: true,
      enum: ['x'],
    });
  });
});
