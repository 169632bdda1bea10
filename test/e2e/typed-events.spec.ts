import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { Type } from 'class-transformer';
import { IsInt, IsString, MaxLength, ValidateNested } from 'class-validator';
import { of } from 'rxjs';
import type { Observable } from 'rxjs';
import { z } from 'zod';
import { PushError } from '../../src/core/push-error.js';
import type { PushConnection } from '../../src/gateway/push-connection.js';
import { PushGateway } from '../../src/gateway/push-gateway.decorator.js';
import { PushWsAdapter } from '../../src/gateway/push-ws.adapter.js';
import type { Envelope } from '../../src/protocol/frames.js';
import { PushEvent, definePushEvent } from '../../src/push/push-event.decorator.js';
import { ask } from '../support/http-request.js';
import { PLATFORMS, PushApp } from '../support/push-app.js';
import type { Platform } from '../support/push-app.js';
import { RestClient } from '../support/rest-client.js';
import { RoomsAuthorizer } from '../support/rooms.authorizer.js';
import { SseClient } from '../support/sse-client.js';
import { bearer, signToken } from '../support/tokens.js';

@PushEvent('order.status')
class OrderStatus {
  @IsInt()
  readonly orderId!: number;

  @IsString()
  @MaxLength(20)
  readonly status!: string;
}

class LineDto {
  @IsString()
  readonly item!: string;
}

class CartDto {
  @ValidateNested({ each: true })
  @Type(() => LineDto)
  readonly lines!: readonly LineDto[];
}

let judgedSends = 0;
/** Counts how often it is asked. */
const counted = definePushEvent({
  name: 'counted',
  schema: z.object({ n: z.number() }).refine(() => {
    judgedSends++;
    return true;
  }),
});

/** Answers later, and drops members that it does not know. */
const chatMessage = definePushEvent({
  name: 'chat.message',
  direction: 'both',
  schema: z.object({ text: z.string() }).refine(async ({ text }) => Promise.resolve(text !== 'rude'), 'not in here'),
});

const EVENTS = [
  { name: 'cart.save', direction: 'in' as const, type: CartDto },
  OrderStatus,
  counted,
  chatMessage,
  { name: 'order.place', direction: 'in' as const, schema: z.object({ item: z.string() }) },
  {
    name: 'broken',
    direction: 'in' as const,
    schema: z.any().refine(() => {
      throw new Error('a schema of the host is broken');
    }),
  },
  { name: 'stuck', direction: 'in' as const, schema: z.any().refine(async () => new Promise<boolean>(() => {})) },
];

@PushGateway()
@Injectable()
class OrdersGateway {
  readonly placed: unknown[] = [];

  @SubscribeMessage('order.place')
  place(@MessageBody() data: unknown): unknown {
    this.placed.push(data);
    return data;
  }

  @SubscribeMessage('cart.save')
  save(@MessageBody() data: unknown): unknown {
    return { isPlain: !(data instanceof CartDto) };
  }

  @SubscribeMessage('broken')
  @SubscribeMessage('stuck')
  never(): void {}

  @SubscribeMessage('stuck')
  neither(): void {}

  @SubscribeMessage('tell')
  tell(@MessageBody() data: unknown, @ConnectedSocket() connection: PushConnection): void {
    connection.send('order.status', data);
  }

  @SubscribeMessage('answer')
  answer(@MessageBody() data: unknown): unknown {
    return { event: 'order.status', data };
  }

  @SubscribeMessage('answer.late')
  answerLate(@MessageBody() data: unknown): Observable<unknown> {
    return of({ event: 'order.status', data: { orderId: 1, status: 'placed' } }, { event: 'order.status', data });
  }
}

class WatchedAuthorizer extends RoomsAuthorizer {
  static asked: string[] = [];

  override async canSend(...args: Parameters<RoomsAuthorizer['canSend']>): Promise<boolean> {
    WatchedAuthorizer.asked.push(args[2]);
    return super.canSend(...args);
  }
}

function start(platform: Platform, validateOutgoing?: boolean | 'warn'): Promise<PushApp> {
  return PushApp.start({
    platform,
    push: {
      events: EVENTS,
      authorizer: WatchedAuthorizer,
      validationTimeoutMs: 200,
      ...(validateOutgoing !== undefined && { validateOutgoing }),
    },
    metadata: { providers: [OrdersGateway] },
    nest: { logger: false },
    configure: (nest) => nest.useWebSocketAdapter(new PushWsAdapter(nest)),
  });
}

function nested(depth: number): unknown {
  return depth === 0 ? 'end' : { below: nested(depth - 1) };
}

type Ask = (event: string, data?: unknown) => Promise<Envelope>;

/** One frame of user 7 with a ref, by each way that there is. */
const WAYS: Readonly<Record<string, (app: PushApp) => Promise<{ ask: Ask; end: () => unknown }>>> = {
  'over a WebSocket': async (app) => {
    const client = await app.connect('7');
    return { ask: (event, data) => client.request(event, data), end: () => client.close() };
  },
  'for an event stream': async (app) => {
    const client = await SseClient.open(`${app.origin}/push/sse`, bearer(signToken({ sub: '7' })));
    const { data } = await client.next('push:welcome');
    const { connectionId } = data as { connectionId: string };
    return { ask: upstream(app, { 'push-connection': connectionId }), end: () => client.close() };
  },
  'for a poll': async (app) => ({ ask: upstream(app), end: () => undefined }),
};

function upstream(app: PushApp, headers: Readonly<Record<string, string>> = {}): Ask {
  return async (event, data) => {
    const { status, text } = await ask(`${app.origin}/push/upstream`, {
      method: 'POST',
      headers: { ...bearer(signToken({ sub: '7' })), 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ event, data, ref: 'u' }),
    });
    const reply = JSON.parse(text) as Envelope;
    const { status: said = 200 } = (reply.event === 'push:error' ? reply.data : {}) as { status?: number };
    expect(status).toBe(said);
    return reply;
  };
}

describe.each(PLATFORMS)('declared events on %s', (platform) => {
  let app: PushApp;
  beforeAll(async () => {
    app = await start(platform);
  });
  afterAll(() => app.close());
  beforeEach(() => {
    WatchedAuthorizer.asked = [];
    app.app.get(OrdersGateway).placed.length = 0;
  });

  describe.each(Object.entries(WAYS))('from a client %s', (_, open) => {
    let way: Awaited<ReturnType<typeof open>>;
    beforeAll(async () => {
      way = await open(app);
    });
    afterAll(async () => {
      await way.end();
    });

    it('reach their handler as they were sent', async () => {
      const data = { item: 'fern', constructor: 'kept', more: [1, { deep: true }] };
      expect(await way.ask('order.place', data)).toMatchObject({ event: 'push:ok', data });
      expect(app.app.get(OrdersGateway).placed).toEqual([data]);
    });

    it.each([
      ['order.place', { item: 4711 }, '/data/item'],
      ['order.place', undefined, '/data: '],
      ['order.place', [[[]]], '/data: '],
    ])('are refused before their handler: %s %j', async (event, data, place) => {
      const reply = await way.ask(event, data);
      expect(reply).toMatchObject({
        event: 'push:error',
        data: { code: 'invalid_data', status: 400, retryable: false },
      });
      expect(reply.ref).toBeDefined();
      expect((reply.data as { detail: string }).detail).toContain(place);
      expect(JSON.stringify(reply)).not.toContain('4711');
      expect(app.app.get(OrdersGateway).placed).toEqual([]);
    });

    it('are judged before the authorizer when they go to others, also by a schema that answers later', async () => {
      const to = { group: 'room:1' };
      const texts = [7, 'rude', 'hello'];
      const replies = [];
      for (const text of texts) replies.push(await way.ask('push:send', { to, event: 'chat.message', data: { text } }));
      expect(replies.map(({ event }) => event)).toEqual(['push:error', 'push:error', 'push:ok']);
      expect(replies[1]?.data).toMatchObject({ code: 'invalid_data', detail: '/data: not in here' });
      expect(WatchedAuthorizer.asked).toEqual(['chat.message']);
    });

    it.each([
      ['thousands of items', { lines: Array.from({ length: 8_000 }, () => 7) }, false],
      ['what nests deep', { lines: [nested(100)] }, false],
      [
        'members of every object',
        { lines: [{ item: 'a' }], constructor: 1, toString: 2, hasOwnProperty: 3, valueOf: 4 },
        true,
      ],
      ['members of an object within', { lines: [{ item: 'a', constructor: { prototype: { polluted: true } } }] }, true],
      ['a list that is none', { lines: { length: 4_000_000_000, 0: { item: 'a' } } }, false],
    ])('are judged for what they are with %s', async (_name, data, isGood) => {
      const reply = await way.ask('cart.save', data);
      expect(reply).toMatchObject(isGood ? { data: { isPlain: true } } : { data: { code: 'invalid_data' } });
      expect(JSON.stringify(reply).length).toBeLessThan(1_000);
      expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    });

    it.each(['broken', 'stuck'])('get one internal error from a schema that is %s', async (event) => {
      const reply = await way.ask(event, { secret: 'host' });
      expect(reply).toMatchObject({ event: 'push:error', data: { code: 'internal' } });
      expect(JSON.stringify(reply)).not.toMatch(/host/);
    });
  });

  it('arrive at others as they were sent, not as the schema would make them', async () => {
    const member = await app.connect('8', { groups: ['room:2'] });
    const sender = await app.connect('7');
    const data = { text: 'hello', extra: { kept: true } };
    expect((await sender.request('push:send', { to: { group: 'room:2' }, event: 'chat.message', data })).event).toBe(
      'push:ok',
    );
    expect((await member.next('chat.message')).data).toEqual(data);
  });

  it('are refused by every call of PushService, and nothing is sent', async () => {
    const client = await app.connect('9', { groups: ['g'] });
    const bad = { orderId: '7' } as unknown as OrderStatus;
    const sends = [
      app.push.broadcast('order.status', bad),
      app.push.toUser('9', OrderStatus, bad),
      app.push.toGroup('g', 'order.status', bad, { idempotencyKey: 'k' }),
      app.push.toConnection('c', 'order.status', bad),
      app.push.send({ target: { users: ['9'] }, event: 'order.status' }),
      app.push.forTenant('other').broadcast('order.status', bad),
    ];
    for (const send of await Promise.allSettled(sends)) {
      const { reason } = send as PromiseRejectedResult & { reason: PushError };
      expect(reason).toBeInstanceOf(PushError);
      expect(reason).toMatchObject({ code: 'PUSH_ERR_INVALID_DATA' });
      expect((reason as PushError).message).toContain('order.status');
      expect((reason as PushError).errors?.length).toBeGreaterThan(0);
    }
    expect(await client.settled()).toEqual([]);
  });

  it('are sent by their class and by their declaration', async () => {
    const client = await app.connect('9');
    await app.push.toUser('9', OrderStatus, { orderId: 7, status: 'shipped' });
    await app.push.toUser('9', counted, { n: 1 });
    expect(await client.next('order.status')).toMatchObject({ data: { orderId: 7, status: 'shipped' } });
    expect(await client.next('counted')).toMatchObject({ data: { n: 1 } });
  });

  it('cannot be sent by a class that declares none', async () => {
    await expect(app.push.broadcast(class Undeclared {}, {})).rejects.toMatchObject({
      errors: [{ pointer: '/event' }],
    });
  });

  it('are refused by REST with every fault listed, in a batch alone', async () => {
    const rest = RestClient.of(app);
    const bad = { event: 'order.status', data: { orderId: 'x', status: 'y'.repeat(21) } };
    const single = await rest.post('/push/users/9', bad);
    expect(single.status).toBe(400);
    expect(single.json).toMatchObject({
      code: 'invalid_data',
      errors: [{ pointer: '/data/orderId' }, { pointer: '/data/status' }],
    });
    const target = { users: ['9'] };
    const batch = await rest.post('/push/batch', {
      messages: [
        { target, ...bad },
        { target, event: 'order.status', data: { orderId: 1, status: 'placed' } },
      ],
    });
    expect(batch.status).toBe(202);
    expect(batch.json['results']).toMatchObject([
      { status: 400, code: 'invalid_data', errors: [{ pointer: '/messages/0/data/orderId' }, {}] },
      { duplicate: false },
    ]);
  });

  it('are judged in what handlers send and answer', async () => {
    const client = await app.connect('9');
    const good = { orderId: 7, status: 'shipped' };
    client.send('tell', good);
    expect(await client.next('order.status')).toMatchObject({ data: good });
    expect(await client.request('answer', good)).toMatchObject({ event: 'order.status', data: good });
    for (const event of ['tell', 'answer']) {
      expect(await client.request(event, { orderId: 'x' })).toMatchObject({ data: { code: 'internal' } });
    }
    client.send('answer.late', { orderId: 'x' }, 'late');
    const both = [await client.next(({ ref }) => ref === 'late'), await client.next(({ ref }) => ref === 'late')];
    expect(both.map(({ event }) => event)).toEqual(['order.status', 'push:error']);
  });
});

describe('outgoing data', () => {
  const bad = { n: 'one' } as unknown as { n: number };

  it('is judged once for each send in development', async () => {
    const app = await start('fastify');
    judgedSends = 0;
    await app.push.broadcast(counted, { n: 1 });
    await app.close();
    expect(judgedSends).toBe(1);
  });

  it('is not even looked at in production', async () => {
    const app = await start('fastify', false);
    const client = await app.connect('9', { groups: ['g'] });
    judgedSends = 0;
    await app.push.toUser('9', counted, { n: 1 });
    await app.push.broadcast(counted, bad);
    const { status } = await RestClient.of(app).post('/push/groups/g', { event: 'counted', data: { n: 1 } });
    expect(status).toBe(202);
    expect((await client.next('counted')).data).toEqual({ n: 1 });
    expect((await client.next('counted')).data).toEqual(bad);
    expect(judgedSends).toBe(0);
    const refused = await client.request('push:send', { to: { group: 'room:1' }, event: 'chat.message', data: {} });
    expect(refused).toMatchObject({ data: { code: 'invalid_data' } });
    await app.close();
  });

  it('is sent all the same where it is only to be warned of', async () => {
    const app = await start('fastify', 'warn');
    const client = await app.connect('9');
    await app.push.toUser('9', counted, bad);
    expect((await client.next('counted')).data).toEqual(bad);
    await app.close();
  });
});
