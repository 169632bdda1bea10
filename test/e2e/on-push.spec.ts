/** What an application hears by `@OnPush`. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { ConnectedSocket, SubscribeMessage } from '@nestjs/websockets';
import { PushConnection } from '../../src/gateway/push-connection.js';
import { PushGateway } from '../../src/gateway/push-gateway.decorator.js';
import { PushWsAdapter } from '../../src/gateway/push-ws.adapter.js';
import { OnPush } from '../../src/index.js';
import type { ConnectedEvent, PushLifecycleEvents, PushModuleOptions } from '../../src/index.js';
import { Telemetry } from '../../src/core/telemetry.js';
import { eventually } from '../support/eventually.js';
import { PLATFORMS, PushApp } from '../support/push-app.js';
import { RestClient } from '../support/rest-client.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { SseClient } from '../support/sse-client.js';
import { bearer, signToken } from '../support/tokens.js';
import { refusalOf } from '../support/ws-client.js';

type Heard = {
  [Name in keyof PushLifecycleEvents]: readonly [Name, PushLifecycleEvents[Name]];
}[keyof PushLifecycleEvents];

@Injectable()
class Listener {
  readonly heard: Heard[] = [];

  @OnPush('connected')
  async connected(event: ConnectedEvent): Promise<void> {
    this.heard.push(['connected', event]);
  }

  @OnPush('disconnected')
  disconnected(event: PushLifecycleEvents['disconnected']): void {
    this.heard.push(['disconnected', event]);
  }

  @OnPush('sent')
  sent(event: PushLifecycleEvents['sent']): void {
    this.heard.push(['sent', event]);
  }

  @OnPush('kicked')
  kicked(event: PushLifecycleEvents['kicked']): void {
    this.heard.push(['kicked', event]);
  }

  @OnPush('refused')
  refused(event: PushLifecycleEvents['refused']): void {
    this.heard.push(['refused', event]);
  }

  of(name: keyof PushLifecycleEvents) {
    return this.heard.flatMap(([heard, event]) => (heard === name ? [event] : []));
  }
}

/** Ends the connection of whoever asks for it, twice, as careless handlers do. */
@PushGateway()
class ClosingGateway {
  @SubscribeMessage('leave')
  leave(@ConnectedSocket() connection: PushConnection): void {
    connection.close(4777, 'as you wish');
    connection.close();
  }
}

let server: PushApp | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function start(
  listener: Type,
  platform: (typeof PLATFORMS)[number] = 'fastify',
  push: PushModuleOptions = {},
  logger?: RecordingLogger,
): Promise<PushApp> {
  const nest = logger && { logger };
  server = await PushApp.start({ platform, push, metadata: { providers: [listener] }, ...(nest && { nest }) });
  return server;
}

describe.each(PLATFORMS)('@OnPush on %s', (platform) => {
  it('hears of connections, with the id of their request, and of their end', async () => {
    const app = await start(Listener, platform);
    const { heard } = app.app.get(Listener);
    const headers = { 'x-request-id': 'req-1' };
    const client = await app.connect('7', { groups: ['a'] }, { headers });
    await client.close();
    await eventually(() => heard.length === 2, { what: 'both events' });

    const who = { userId: '7', tenant: undefined, transport: 'ws', address: '127.0.0.1', requestId: 'req-1' };
    const [opened] = app.app.get(Listener).of('connected') as ConnectedEvent[];
    const connectionId = opened?.connectionId;
    const times = { connectedAt: expect.any(String), durationMs: expect.any(Number) };
    expect(connectionId).toMatch(/^[\w-]{20}$/);
    expect(heard).toEqual([
      ['connected', { connectionId, ...who, groups: ['a'] }],
      ['disconnected', { connectionId, ...who, ...times, code: undefined }],
    ]);
  });

  it('hears who was disconnected by whom, before their end', async () => {
    const app = await start(Listener, platform);
    const { heard } = app.app.get(Listener);
    const stream = await SseClient.open(`${app.origin}/push/sse`, bearer(signToken({ sub: '7' })));
    await stream.next('push:welcome');
    const revoked = await app.connect('8');

    await app.push.disconnect({ user: '7' }, { reason: 'enough' });
    await app.push.revoke({ sub: '8' });
    await revoked.end();
    await eventually(() => heard.length === 6, { what: 'all events' });

    expect(heard.slice(2)).toMatchObject([
      [
        'kicked',
        { userId: '7', transport: 'sse', cause: 'disconnect', by: 'application', code: 4505, reason: 'enough' },
      ],
      ['disconnected', { userId: '7', code: 4505 }],
      ['kicked', { userId: '8', cause: 'revocation', by: 'revocation', code: 4501, reason: 'token revoked' }],
      ['disconnected', { userId: '8', code: 4501 }],
    ]);
  });

  it('hears whom a handler disconnected, once', async () => {
    server = await PushApp.start({
      platform,
      metadata: { providers: [Listener, ClosingGateway] },
      configure: (nest) => nest.useWebSocketAdapter(new PushWsAdapter(nest)),
    });
    const { heard } = server.app.get(Listener);
    const client = await server.connect('7');
    client.send('leave');
    expect((await client.end()).code).toBe(4777);
    await eventually(() => heard.length === 3, { what: 'all events' });
    expect(heard.slice(1)).toMatchObject([
      ['kicked', { userId: '7', cause: 'handler', by: 'application', code: 4777, reason: 'as you wish' }],
      ['disconnected', { userId: '7', code: 4777 }],
    ]);
  });

  it('hears which caller of REST disconnected somebody, or whom the application names', async () => {
    const app = await start(Listener, platform);
    const listener = app.app.get(Listener);
    const rest = RestClient.of(app, { sub: 'support' });
    const [one, two, three] = [await app.connect('7'), await app.connect('8'), await app.connect('9')];
    const { items } = await app.push.connections({ user: '8' });
    expect((await rest.delete('/push/users/7/connections')).status).toBe(202);
    expect((await rest.delete(`/push/connections/${items[0]?.connectionId ?? ''}`)).status).toBe(202);
    await app.push.disconnect({ user: '9' }, { by: 'night job' });
    await Promise.all([one, two, three].map((client) => client?.end()));
    await eventually(() => listener.of('kicked').length === 3, { what: 'all kicks' });
    expect(listener.of('kicked')).toMatchObject([
      { userId: '7', by: 'support' },
      { userId: '8', by: 'support' },
      { userId: '9', by: 'night job' },
    ]);
    await expect(app.push.disconnect({ user: '9' }, { by: '' })).rejects.toMatchObject({
      errors: [{ pointer: '/by' }],
    });
  });

  it('hears which requests of REST were turned away, and of no others', async () => {
    const app = await start(Listener, platform, { maxSendsPerSecond: 1 });
    const listener = app.app.get(Listener);
    const rest = RestClient.of(app, { sub: 'editor', scope: 'push:send' });
    const message = { event: 'a', data: 'payload' };
    const headers = { 'x-request-id': 'req-3' };
    expect((await rest.withAuthorization('Bearer stranger-token').post('/push/broadcast', message)).status).toBe(401);
    expect((await rest.post('/push/broadcast', message, headers)).status).toBe(403);
    const batch = [{ target: { all: true }, ...message }];
    expect((await rest.post('/push/batch', { messages: batch })).status).toBe(202);
    expect((await rest.post('/push/users/7', message)).status).toBe(429);
    expect((await rest.post('/push/users/7', { other: 1 })).status).toBe(429);
    await eventually(() => listener.heard.length === 5, { what: 'all refusals' });

    const who = { purpose: 'rest', address: '127.0.0.1', tenant: undefined, group: undefined };
    expect(listener.of('refused')).toMatchObject([
      { ...who, status: 401, code: 'unauthorized', userId: undefined },
      { ...who, status: 403, code: 'forbidden', userId: 'editor', requestId: 'req-3' },
      { ...who, status: 403, code: 'forbidden', userId: 'editor', requestId: undefined },
      { ...who, status: 429, code: 'rate_limited', userId: 'editor' },
      { ...who, status: 429, code: 'rate_limited', userId: 'editor' },
    ]);
    expect(JSON.stringify(listener.heard)).not.toMatch(/payload|stranger-token/);
  });

  it('hears who was kept out of which group, asked for by a frame or in the address', async () => {
    const app = await start(Listener, platform, { maxGroupsPerConnection: 1 });
    const listener = app.app.get(Listener);
    const client = await app.connect('7', {}, { query: '?groups=closed' });
    await client.request('push:join', { group: 'room:1' });
    await client.request('push:join', { group: 'not a name' });
    const poll = await fetch(`${app.origin}/push/poll?wait=0&groups=closed,b:d,%20`, {
      headers: bearer(signToken({ sub: '8' })),
    });
    await poll.text();
    await eventually(() => listener.of('refused').length >= 4, { what: 'all refusals' });
    const why = { purpose: 'join', address: '127.0.0.1', status: 403, code: 'forbidden' };
    expect(listener.of('refused')).toMatchObject([
      { ...why, userId: '7', group: 'closed' },
      { ...why, userId: '7', group: 'room:1' },
      { ...why, userId: '8', group: 'closed' },
      { purpose: 'join', userId: '8' },
      ...listener.of('refused').slice(4),
    ]);
  });

  it('hears who may not leave a group or send to whom, over each transport', async () => {
    const app = await start(Listener, platform);
    const listener = app.app.get(Listener);
    const client = await app.connect('7');
    await client.request('push:leave', { group: 'closed' });
    await client.request('push:send', { to: { group: 'closed' }, event: 'chat', data: 'payload' });
    await fetch(`${app.origin}/push/upstream`, {
      method: 'POST',
      headers: { ...bearer(signToken({ sub: '8' })), 'content-type': 'application/json' },
      body: JSON.stringify({ event: 'push:send', data: { to: { user: '9' }, event: 'chat', data: 'payload' } }),
    });
    await eventually(() => listener.of('refused').length === 3, { what: 'all refusals' });
    const why = { address: '127.0.0.1', status: 403, code: 'forbidden' };
    expect(listener.of('refused')).toMatchObject([
      { ...why, purpose: 'leave', userId: '7', group: 'closed', target: undefined },
      { ...why, purpose: 'send', userId: '7', group: undefined, target: { groups: ['closed'] } },
      { ...why, purpose: 'send', userId: '8', group: undefined, target: { users: ['9'] } },
    ]);
    expect(JSON.stringify(listener.heard)).not.toMatch(/payload/);
  });

  it('hears what was sent, by whom and to whom, and nothing of its data', async () => {
    const app = await start(Listener, platform);
    const listener = app.app.get(Listener);
    await app.connect('7');
    await app.push.toUser('7', 'order.status', { secret: 'payload' }, { by: 'night job' });
    await fetch(`${app.origin}/push/broadcast`, {
      method: 'POST',
      headers: { ...bearer(signToken({ sub: 'editor', scope: 'push:broadcast' })), 'content-type': 'application/json' },
      body: JSON.stringify({ event: 'news', data: 'payload' }),
    });
    await eventually(() => listener.of('sent').length === 2, { what: 'both sends' });

    const matched = { users: 1, connections: 1 };
    const messageId = expect.stringMatching(/^[0-9a-f]{12}-/);
    const common = { tenant: undefined, messageId, from: undefined, matched };
    expect(listener.of('sent')).toEqual([
      { ...common, event: 'order.status', target: { users: ['7'] }, by: 'night job' },
      { ...common, event: 'news', target: { all: true }, by: 'editor' },
    ]);
    expect(JSON.stringify(listener.heard)).not.toContain('payload');
  });

  it('hears who was refused and why', async () => {
    const app = await start(Listener, platform);
    const listener = app.app.get(Listener);
    await refusalOf(app.wsUrl, { token: 'stranger-token', headers: { 'x-request-id': 'a.b.c' } });
    await fetch(`${app.origin}/push/handshake`, { headers: { 'x-request-id': 'req-2' } });
    await eventually(() => listener.heard.length === 2, { what: 'both refusals' });

    const why = { address: '127.0.0.1', status: 401, code: 'unauthorized' };
    expect(listener.of('refused')).toMatchObject([
      { ...why, purpose: 'connect', requestId: undefined },
      { ...why, purpose: 'check', requestId: 'req-2' },
    ]);
    expect(JSON.stringify(listener.heard)).not.toContain('stranger-token');
  });
});

describe('@OnPush', () => {
  it('costs nothing where nobody listens: nothing is made', async () => {
    server = await PushApp.start();
    const { listeners } = server.app.get(Telemetry);
    // The level of the log leaves refusals out as well.
    expect(Object.values(listeners).filter((listener) => listener !== undefined)).toEqual([]);
  });

  it('logs a handler that throws, and goes on', async () => {
    @Injectable()
    class Broken {
      heard = 0;

      @OnPush('connected')
      async fail(): Promise<void> {
        this.heard++;
        throw new Error('the audit log is full');
      }

      @OnPush('connected')
      failAtOnce(): void {
        this.heard++;
        throw new Error('at once');
      }
    }
    const logger = new RecordingLogger();
    const app = await start(Broken, 'fastify', {}, logger);
    const client = await app.connect('7');
    await eventually(() => app.app.get(Broken).heard === 2, { what: 'both handlers' });
    expect((await client.request('push:ping')).event).toBe('push:pong');
    // One line a second: that of the first.
    expect(logger.text).toContain("@OnPush('connected') on Broken.failAtOnce");
    expect(logger.text).toContain('[cause]: Error: at once');
  });

  it('bounds what waits for slow handlers, and counts what it drops', async () => {
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    @Injectable()
    class Slow {
      heard = 0;

      @OnPush('sent')
      async wait(): Promise<void> {
        this.heard++;
        await gate;
      }
    }
    const app = await start(Slow, 'fastify', { maxLifecycleEvents: 2 });
    for (let count = 0; count < 5; count++) await app.push.broadcast('a');
    await eventually(() => app.app.get(Slow).heard === 2, { what: 'two of them' });
    expect(app.app.get(Telemetry).counters.lifecycleEventsDropped).toBe(3);
    release();
    await eventually(async () => {
      await app.push.broadcast('a');
      expect(app.app.get(Slow).heard).toBeGreaterThan(2);
    });
  });

  it('takes several events on one method, and hears them once where a provider has two names', async () => {
    @Injectable()
    class Counter {
      heard = 0;

      @OnPush('connected')
      @OnPush('sent')
      count(): void {
        this.heard++;
      }
    }
    server = await PushApp.start({
      metadata: { providers: [Counter, { provide: 'alias', useExisting: Counter }] },
    });
    await server.connect('7');
    await server.push.broadcast('a');
    const { app } = server;
    await server.close();
    server = undefined;
    expect(app.get(Counter).heard).toBe(2);
  });

  it('hears of the end of connections with the application', async () => {
    const app = await start(Listener);
    const listener = app.app.get(Listener);
    await app.connect('7');
    await app.close();
    server = undefined;
    expect(listener.of('disconnected')).toMatchObject([{ userId: '7', code: 1012 }]);
  });
});
