/** Spans, as the real SDK of OpenTelemetry gets them. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { context, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { SubscribeMessage } from '@nestjs/websockets';
import { PushGateway, PushService, PushWsAdapter } from '../../src/index.js';
import { Telemetry } from '../../src/core/telemetry.js';
import { redis } from '../../src/backing/redis/index.js';
import { eventually } from '../support/eventually.js';
import { PushApp } from '../support/push-app.js';
import { RedisServer, redisAbsence } from '../support/redis-server.js';

const exporter = new InMemorySpanExporter();

@PushGateway()
class EchoGateway {
  constructor(private readonly push: PushService) {}

  @SubscribeMessage('echo')
  async echo(): Promise<string> {
    await this.push.broadcast('echoed');
    return 'done';
  }

  @SubscribeMessage('fail')
  fail(): never {
    throw new TypeError('payload');
  }

  @SubscribeMessage('fail.without')
  failWithout(): never {
    // oxlint-disable-next-line typescript/only-throw-error
    throw undefined;
  }
}

let servers: PushApp[] = [];

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
});

afterAll(() => {
  trace.disable();
  context.disable();
});

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
  servers = [];
  exporter.reset();
});

async function start(options: Parameters<typeof PushApp.start>[0] = {}): Promise<PushApp> {
  const server = await PushApp.start({
    configure: (app) => app.useWebSocketAdapter(new PushWsAdapter(app)),
    ...options,
  });
  servers.push(server);
  return server;
}

function spans(name: string): readonly ReadableSpan[] {
  return exporter.getFinishedSpans().filter((span) => span.name === name);
}

async function finished(name: string, count = 1): Promise<readonly ReadableSpan[]> {
  await eventually(() => spans(name).length === count, { what: `${count} spans ${name}` });
  return spans(name);
}

function idOf(span: ReadableSpan | undefined): string | undefined {
  return span?.spanContext().spanId;
}

describe('a send', () => {
  it('is a span below the one of its caller, and its write is a span below that', async () => {
    const app = await start();
    const client = await app.connect('7');
    const caller = trace.getTracer('test').startSpan('caller');

    await context.with(trace.setSpan(context.active(), caller), () => app.push.toUser('7', 'order.status', 'payload'));
    caller.end();
    await client.next('order.status');

    const [publish] = await finished('push publish');
    const [write] = await finished('push write');
    expect(publish?.parentSpanContext?.spanId).toBe(caller.spanContext().spanId);
    expect(write?.parentSpanContext?.spanId).toBe(idOf(publish));
    expect(write?.spanContext().traceId).toBe(caller.spanContext().traceId);
    expect(publish?.attributes).toEqual({ 'push.event': 'order.status' });
    expect(write?.attributes).toEqual({ 'push.matched': 1, 'push.written': 1 });
  });

  it('has no write where nobody gets it, and no place in a trace for clients to see', async () => {
    const app = await start();
    const client = await app.connect('7');
    await app.push.toUser('8', 'a');
    await app.push.toUser('7', 'b');
    const message = await client.next('b');
    await finished('push publish', 2);
    await finished('push write', 1);
    expect(Object.keys(message).toSorted()).toEqual(['cursor', 'data', 'event', 'id', 'ts']);
  });

  it('that fails is a span that failed', async () => {
    const app = await start({ push: { maxPayloadBytes: 2 } });
    app.app
      .get(Telemetry)
      .tracer?.publish('a', () => Promise.reject(new TypeError('payload')))
      .catch(() => {});
    const [publish] = await finished('push publish');
    expect(publish?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'TypeError' });
  });
});

it('a handler of client frames is a span, with what it sends below it', async () => {
  const app = await start({ metadata: { providers: [EchoGateway] } });
  const client = await app.connect('7');
  expect((await client.request('echo')).data).toBe('done');

  const [handle] = await finished('push handle');
  const [publish] = await finished('push publish');
  expect(handle?.attributes).toMatchObject({ 'push.event': 'echo', 'push.connection_id': expect.any(String) });
  expect(publish?.parentSpanContext?.spanId).toBe(idOf(handle));
});

it.each([
  { thrown: 'an error', event: 'fail', message: 'TypeError' },
  { thrown: 'nothing', event: 'fail.without', message: 'failed' },
])('a handler that throws $thrown is a span that failed, and does not say at what', async ({ event, message }) => {
  const app = await start({ metadata: { providers: [EchoGateway] }, nest: { logger: false } });
  const client = await app.connect('7');
  expect((await client.request(event)).data).toMatchObject({ code: 'internal' });

  const [handle] = await finished('push handle');
  expect(handle?.status).toEqual({ code: SpanStatusCode.ERROR, message });
});

const absence = redisAbsence();

(absence === '' ? describe : describe.skip)(`over Redis${absence}`, () => {
  it('a write on another node is below the send on this one', async () => {
    const server = await RedisServer.start();
    try {
      const push = { backing: redis({ url: server.url }) };
      const [here, there] = [await start({ push }), await start({ push })];
      const client = await there.connect('7');
      await here.push.toUser('7', 'order.status', 'payload');
      await client.next('order.status');

      const [publish] = await finished('push publish');
      const [write] = await finished('push write');
      expect(write?.parentSpanContext).toMatchObject({ spanId: idOf(publish), isRemote: true });
      expect(write?.attributes).toEqual({ 'push.matched': 1, 'push.written': 1 });
    } finally {
      for (const app of servers.splice(0)) await app.close();
      await server.stop();
    }
  });
});

it('nothing is traced where tracing is off', async () => {
  const app = await start({ push: { tracing: false } });
  const client = await app.connect('7');
  await app.push.toUser('7', 'a');
  await client.next('a');
  expect(exporter.getFinishedSpans()).toEqual([]);
  expect(app.app.get(Telemetry).tracer).toBeUndefined();
});

it('nothing is traced, and no message made longer, where no SDK has started', async () => {
  const provider = trace.getTracerProvider();
  trace.disable();
  try {
    expect((await start()).app.get(Telemetry).tracer).toBeUndefined();
  } finally {
    trace.setGlobalTracerProvider(provider);
  }
});
