/** What a running application sends and takes, held against the AsyncAPI document that it serves. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { ConnectedSocket, SubscribeMessage } from '@nestjs/websockets';
import { of } from 'rxjs';
import type { Observable } from 'rxjs';
import { z } from 'zod';
import { pushAsyncApi } from '../../src/documents/push-documents.js';
import type { AsyncApiDocument } from '../../src/documents/async-api.js';
import { PushConnection } from '../../src/gateway/push-connection.js';
import { PushGateway } from '../../src/gateway/push-gateway.decorator.js';
import { PushWsAdapter } from '../../src/gateway/push-ws.adapter.js';
import type { Envelope } from '../../src/protocol/frames.js';
import { CLOSE_CODES, PEER_IS_WRONG } from '../../src/protocol/close-codes.js';
import { eventually } from '../support/eventually.js';
import { ask } from '../support/http-request.js';
import { PushApp } from '../support/push-app.js';
import { RoomsAuthorizer } from '../support/rooms.authorizer.js';
import { SseClient } from '../support/sse-client.js';
import { bearer, signToken } from '../support/tokens.js';
import { refusalOf } from '../support/ws-client.js';
import { judgeOf, problemsOfFrame } from '../support/wire-documents.js';

@PushGateway()
@Injectable()
class CartGateway {
  @SubscribeMessage('total')
  total(): object {
    return { event: 'cart.total', data: 1 };
  }

  @SubscribeMessage('bare')
  bare(): object {
    return { event: 'cart.bare' };
  }

  @SubscribeMessage('declared')
  declared(): object {
    return { event: 'order.status', data: { orderId: 7 } };
  }

  @SubscribeMessage('many')
  many(): Observable<unknown> {
    return of(1, { event: 'cart.total', data: 2 }, 3);
  }

  @SubscribeMessage('silent')
  silent(): void {}

  @SubscribeMessage('told')
  told(@ConnectedSocket() connection: PushConnection): string {
    connection.send('cart.told', { all: true });
    return 'told';
  }
}

const FRAMES: [string, unknown?][] = [
  ['push:ping'],
  ['push:join', { group: 'room:1' }],
  ['push:join', { group: 'staff' }],
  ['push:leave', { group: 'room:1' }],
  ['push:send', { to: { group: 'room:1' }, event: 'chat.line', data: 'hi' }],
  ['push:nothing'],
  ...['total', 'bare', 'declared', 'many', 'silent', 'told', 'unknown'].map((event): [string] => [event]),
];
const token = signToken({ sub: '7', groups: ['room:1'] });

let app: PushApp;
let document: AsyncApiDocument;
const streams: SseClient[] = [];

beforeAll(async () => {
  app = await PushApp.start({
    push: {
      authorizer: RoomsAuthorizer,
      events: [{ name: 'order.status', schema: z.object({ orderId: z.number() }) }],
    },
    metadata: { providers: [CartGateway] },
    configure: (nest) => nest.useWebSocketAdapter(new PushWsAdapter(nest)),
  });
  document = JSON.parse(JSON.stringify(pushAsyncApi(app.app))) as AsyncApiDocument;
});
afterEach(() => {
  for (const stream of streams.splice(0)) stream.close();
});
afterAll(() => app.close());

const sent = (operation: string, frames: readonly Envelope[]) =>
  frames.flatMap((frame) => problemsOfFrame(document, operation, 'messages', frame));

async function poll(query: string): Promise<{ status: number; answer: { messages: Envelope[]; cursor: string } }> {
  const { status, text } = await ask(`${app.origin}/push/poll?${query}`, { headers: bearer(token) });
  return { status, answer: JSON.parse(text) as { messages: Envelope[]; cursor: string } };
}

async function post(frame: object, headers: Readonly<Record<string, string>> = {}): Promise<Envelope> {
  const { text } = await ask(`${app.origin}/push/upstream`, {
    method: 'POST',
    headers: { ...bearer(token), 'content-type': 'application/json', ...headers },
    body: JSON.stringify(frame),
  });
  return JSON.parse(text) as Envelope;
}

async function openStream(query = ''): Promise<{ readonly stream: SseClient; readonly welcome: Envelope }> {
  const stream = await SseClient.open(`${app.origin}/push/sse${query}`, bearer(token));
  streams.push(stream);
  return { stream, welcome: await stream.next('push:welcome') };
}

/** The frames of a stream up to the one whose event or `ref` is this. */
async function framesUntil(stream: SseClient, last: (frame: Envelope) => boolean): Promise<readonly Envelope[]> {
  const frames: Envelope[] = [];
  do frames.push(await stream.next());
  while (!last(frames.at(-1) as Envelope));
  return frames;
}

describe('what the AsyncAPI document says of', () => {
  it('a WebSocket fits every frame of it, and every reply', async () => {
    const socket = await app.connect('7', { groups: ['room:1'] }, { query: '?groups=staff,room:2&cursor=none' });
    await app.push.toUser('7', 'order.status', { orderId: 7 });
    await app.push.toUser('7', 'free', [null]);
    const replies: Envelope[] = [];
    for (const [event, data] of FRAMES) replies.push(await socket.request(event, data));
    expect(replies.flatMap((frame) => problemsOfFrame(document, 'ws.receive', 'reply', frame))).toEqual([]);
    const frames = [...replies, ...(await socket.settled())];
    expect(sent('ws.send', frames)).toEqual([]);
    expect(new Set(frames.map(({ event }) => event))).toEqual(
      new Set([
        ...['push:ok', 'push:error', 'push:pong', 'push:gap', 'order.status', 'free', 'chat.line'],
        ...['cart.total', 'cart.bare', 'cart.told'],
      ]),
    );
  });

  it('an event stream fits every frame of it, later answers among them', async () => {
    const { stream, welcome } = await openStream('?groups=staff&cursor=none');
    const headers = { 'push-connection': (welcome.data as { readonly connectionId: string }).connectionId };
    for (const [event, data] of FRAMES) await post({ event, data, ref: event }, headers);
    await app.push.toUser('7', 'order.status', { orderId: 7 });
    const frames = [welcome, ...(await framesUntil(stream, ({ id, event }) => !!id && event === 'order.status'))];
    expect(sent('sse.send', frames)).toEqual([]);
    expect(new Set(frames.map(({ event }) => event))).toEqual(
      new Set([
        ...['push:welcome', 'push:error', 'push:gap', 'push:ok', 'chat.line', 'cart.total', 'cart.told'],
        'order.status',
      ]),
    );
  });

  it('a frame by POST fits every frame and every reply', async () => {
    for (const [event, data] of FRAMES) {
      const reply = await post({ event, data, ref: 'r' });
      expect(problemsOfFrame(document, 'upstream.receive', 'reply', reply)).toEqual([]);
    }
    const known = FRAMES.filter(([event]) => !['push:nothing', 'unknown'].includes(event));
    const misfits = known.flatMap(([event, data]) =>
      problemsOfFrame(document, 'upstream.receive', 'messages', {
        event,
        ref: 'r',
        ...(data !== undefined && { data }),
      }),
    );
    expect(misfits).toEqual([]);
  });

  it('the answer of a poll fits a refused group, a gap, and as many messages as there can be', async () => {
    const isAnswer = judgeOf(document, '/components/messages/poll.answer/payload');
    const refused = await poll('wait=0&groups=staff');
    expect(refused.answer.messages).toMatchObject([{ event: 'push:error', data: { code: 'forbidden' } }]);
    expect([isAnswer(refused.answer), isAnswer.errors]).toEqual([true, null]);

    for (let count = 0; count < 100; count++) await app.push.toUser('7', 'free', count);
    const full = await poll(`wait=0&groups=staff&cursor=${encodeURIComponent(refused.answer.cursor)}`);
    expect(full.answer.messages).toHaveLength(101);
    expect([isAnswer(full.answer), isAnswer.errors]).toEqual([true, null]);
  });

  it('how long a poll waits fits every number that is taken', async () => {
    const isWait = judgeOf(document, '/operations/poll.send/bindings/http/query/properties/wait');
    const full = await poll('wait=0');
    await app.push.toUser('7', 'free');
    for (const wait of [0.5, 100, -3, 25]) {
      const { status } = await poll(`wait=${wait}&cursor=${encodeURIComponent(full.answer.cursor)}`);
      expect([wait, status, isWait(wait)]).toEqual([wait, 200, true]);
    }
    expect(isWait('soon')).toBe(false);
  });
});

describe('what the AsyncAPI document says of refusals', () => {
  const good = bearer(token);
  const far = { ...good, origin: 'https://other.example' };
  const cursor = `?cursor=${'x'.repeat(1025)}`;
  const REQUESTS: [string, 'sse.refuse' | 'poll.refuse' | 'ws.refuse', string, number, object?][] = [
    ['an event stream without a token', 'sse.refuse', '/push/sse', 401],
    ['an event stream with a bad one', 'sse.refuse', '/push/sse', 401, bearer('bad')],
    ['an event stream of another origin', 'sse.refuse', '/push/sse', 403, far],
    ['an event stream with too long a cursor', 'sse.refuse', `/push/sse${cursor}`, 400, good],
    ['a poll without a token', 'poll.refuse', '/push/poll', 401],
    ['a poll of another origin', 'poll.refuse', '/push/poll', 403, far],
    ['a poll with no number', 'poll.refuse', '/push/poll?wait=0x1', 400, good],
    ['a plain GET of a WebSocket', 'ws.refuse', '/push/ws', 426, good],
  ];

  function problems(operation: string, status: number, headers: object, body: object): readonly unknown[] {
    const part = operation === 'upstream.receive' ? 'reply' : 'messages';
    const message = messages()[`refusal.${status}`];
    const missing = (message?.headers?.required ?? []).filter((name) => !(name.toLowerCase() in headers));
    return [...problemsOfFrame(document, operation, part, body), ...missing];
  }
  const messages = () =>
    document.components['messages'] as Record<string, { headers?: { required: readonly string[] } }>;

  it.each(REQUESTS)('%s fits', async (_what, operation, path, status, headers = {}) => {
    const answer = await ask(app.origin + path, { headers: headers as Record<string, string> });
    expect(answer.status).toBe(status);
    expect(problems(operation, status, answer.headers, JSON.parse(answer.text) as object)).toEqual([]);
  });

  it('a WebSocket fits', async () => {
    for (const [status, options] of [
      [401, {}],
      [403, { token, origin: 'https://other.example' }],
      [426, { token, protocolVersion: 8 }],
    ] as const) {
      const refused = await refusalOf(app.wsUrl, options);
      expect(refused.status).toBe(status);
      expect(problems('ws.refuse', status, refused.headers, refused.problem)).toEqual([]);
    }
  });

  it('an open poll that an administrator or the application ends fits', async () => {
    for (const [code, status] of [
      [4505, 403],
      [4003, 429],
      [4500, 400],
      [4400, 503],
    ] as const) {
      const open = ask(`${app.origin}/push/poll`, { headers: bearer(signToken({ sub: `polls-${code}` })) });
      await eventually(() => app.push.isOnline(`polls-${code}`), { what: 'the poll' });
      await app.push.disconnect({ user: `polls-${code}` }, { code });
      const answer = await open;
      expect([code, answer.status]).toEqual([code, status]);
      expect(problems('poll.refuse', status, answer.headers, JSON.parse(answer.text) as object)).toEqual([]);
    }
  });

  it('a frame by POST fits', async () => {
    const json = { 'content-type': 'application/json' };
    for (const [status, headers, body] of [
      [401, json, '{}'],
      [415, { ...good, 'content-type': 'text/plain' }, '{}'],
      [413, { ...good, ...json }, `"${'x'.repeat(70_000)}"`],
    ] as const) {
      const answer = await ask(`${app.origin}/push/upstream`, { method: 'POST', headers, body });
      expect(answer.status).toBe(status);
      expect(problems('upstream.receive', status, answer.headers, JSON.parse(answer.text) as object)).toEqual([]);
    }
  });

  it('every close code is named, for sockets and in push:closing', () => {
    const { description } = (document.channels as Record<string, { description: string }>)['ws'] ?? {};
    const named = [...(description ?? '').matchAll(/^- (\d{4}) /gm)].map(([, code]) => Number(code));
    expect(named).toEqual(
      [...Object.keys(CLOSE_CODES), ...Object.keys(PEER_IS_WRONG)].map(Number).toSorted((one, other) => one - other),
    );
    const isClosing = judgeOf(document, '/components/messages/push.closing/payload');
    const closing = (code: number) => isClosing({ event: 'push:closing', data: { code, reason: '', reconnect: true } });
    expect([...Object.keys(CLOSE_CODES).map(Number), 4499, 4999].filter((code) => !closing(code))).toEqual([]);
    expect([1000, 1006, 3999, 5000].filter(closing)).toEqual([]);
  });

  it('a ticket says where it comes from', () => {
    const { ticket } = document.components['securitySchemes'] as Record<string, { description: string }>;
    expect(ticket?.description).toContain('POST /push/ticket');
    expect(ticket?.description).toContain('30 seconds');
  });
});
