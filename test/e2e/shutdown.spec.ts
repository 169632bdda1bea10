import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnModuleDestroy } from '@nestjs/common';
import { PushAuthenticator } from '../../src/auth/push-authenticator.js';
import { PushService } from '../../src/push/push.service.js';
import type { Principal } from '../../src/core/principal.js';
import type { Envelope } from '../../src/protocol/frames.js';
import { startNodeProgram } from '../support/child-program.js';
import { eventually } from '../support/eventually.js';
import { PLATFORMS, PushApp } from '../support/push-app.js';
import type { PushAppOptions } from '../support/push-app.js';
import { RawClient } from '../support/raw-client.js';
import { SseClient } from '../support/sse-client.js';
import { bearer, signToken } from '../support/tokens.js';
import { WsClient, refusalOf } from '../support/ws-client.js';

/** Connections of the large test; the end of ten thousand takes no other way. */
const MANY = 1_000;
const DRAIN_MS = 3_000;
/** As many as are kept by default. */
const HISTORY_OF_ALL = 1_000;

let app: PushApp | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

async function start(options: PushAppOptions = {}): Promise<PushApp> {
  return (app = await PushApp.start(options));
}

async function timeOf(action: Promise<unknown>): Promise<number> {
  const startedAtMs = performance.now();
  await action;
  return performance.now() - startedAtMs;
}

/** A connection made by hand, which answers nothing that the server says: no ping, no close. */
async function connectDeaf({ port }: PushApp): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  await once(socket, 'connect');
  const lines = [
    'GET /push/ws HTTP/1.1',
    'Host: localhost',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
    `Authorization: Bearer ${signToken({ sub: 'deaf' })}`,
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  const [head] = (await once(socket, 'data')) as [Buffer];
  expect(head.toString('latin1')).toContain('101 Switching Protocols');
  return socket;
}

describe.each(PLATFORMS)('app.close() on %s', (platform) => {
  it('tells every client to come back, and closes with 1012', async () => {
    const app = await start({ platform });
    const clients = [await app.connect('7'), await app.connect('8')];

    await app.close();

    for (const client of clients) {
      expect(await client.end()).toEqual({ code: 1012, reason: 'restart' });
      expect(client.frames).toEqual([{ event: 'push:draining', data: { reconnectInMs: expect.any(Number) } }]);
      const [draining] = client.frames;
      const { reconnectInMs = 0 } = (draining?.data ?? {}) as { readonly reconnectInMs?: number };
      expect(reconnectInMs).toBeGreaterThanOrEqual(1_000);
    }
  });

  it('gives every client a seat of its own, evenly over the window', async () => {
    const app = await start({ platform, push: { drainWindowMs: 10_000 } });
    const clients: WsClient[] = [];
    for (let user = 0; user < 20; user++) clients.push(await app.connect(`${user}`));

    await app.close();

    const seats = clients.map(({ frames }) => {
      const data = frames.find(({ event }) => event === 'push:draining')?.data as { readonly reconnectInMs: number };
      return data.reconnectInMs;
    });
    seats.sort((one, other) => one - other);
    expect(seats[0]).toBeGreaterThanOrEqual(1_000);
    expect(seats.at(-1)).toBeLessThanOrEqual(11_000);
    const gaps = seats.slice(1).map((seat, index) => seat - (seats[index] ?? 0));
    // Half a second each, less what it takes to tell everyone.
    expect(gaps.filter((gap) => gap < 250)).toEqual([]);
  });

  it.each(['ws', 'sse'])(
    'brings who has just come back up to date before it says goodbye, on %s',
    async (transport) => {
      const app = await start({ platform });
      const headers = bearer(signToken({ sub: '7' }));
      const poll = await fetch(`${app.origin}/push/poll?wait=0`, { headers });
      const { cursor } = (await poll.json()) as { readonly cursor: string };
      for (let number = 0; number < HISTORY_OF_ALL; number++) await app.push.broadcast('missed', 'x'.repeat(4_000));
      const query = `?cursor=${encodeURIComponent(cursor)}`;
      const client =
        transport === 'ws'
          ? await app.connect('7', {}, { query })
          : await SseClient.open(`${app.origin}/push/sse${query}`, headers);
      await app.push.toUser('7', 'live');

      await app.app.close();

      await client.end();
      const texts =
        client instanceof SseClient
          ? client.blocks.map(({ data = '{}' }) => data)
          : client.frames.map((frame) => JSON.stringify(frame));
      const events = texts.map((text) => (JSON.parse(text) as Envelope).event);
      expect(events.filter((event) => event === 'missed')).toHaveLength(HISTORY_OF_ALL);
      expect(events.filter((event) => event === 'live' || event === 'push:draining')).toEqual([
        'live',
        'push:draining',
      ]);
    },
  );

  it('lets who reads a long answer to a poll have all of it', async () => {
    const size = 8 * 1024 * 1024;
    const app = await start({
      platform,
      push: { drainMs: 60_000, maxQueueBytes: 2 * size, maxPayloadBytes: size + 2 },
    });
    const headers = bearer(signToken({ sub: '7' }));
    const first = await fetch(`${app.origin}/push/poll?wait=0`, { headers });
    const { cursor } = (await first.json()) as { readonly cursor: string };
    await app.push.toUser('7', 'long', 'x'.repeat(size));
    const answer = await fetch(`${app.origin}/push/poll?cursor=${encodeURIComponent(cursor)}`, { headers });

    const closed = app.app.close();
    // Its goodbyes are over by then, and the answer is still on its way.
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { messages } = (await answer.json()) as { readonly messages: readonly Envelope[] };
    await closed;

    expect(messages.map(({ data }) => (data as string).length)).toEqual([size]);
  });

  it('is quick when everyone goes along', async () => {
    const app = await start({ platform, push: { drainMs: 60_000 } });
    await app.connect('7');
    expect(await timeOf(app.close())).toBeLessThan(5_000);
  });

  it('is quick when nobody is there', async () => {
    const app = await start({ platform, push: { drainMs: 60_000 } });
    expect(await timeOf(app.close())).toBeLessThan(5_000);
  });

  it('cuts a peer that never answers the close when the time is over', async () => {
    const app = await start({ platform, push: { drainMs: 500 } });
    const deaf = await connectDeaf(app);
    const polite = await app.connect('7');
    const end = once(deaf, 'close');

    const took = await timeOf(app.close());

    expect(took).toBeGreaterThanOrEqual(490);
    expect(took).toBeLessThan(3_000);
    expect((await polite.end()).code).toBe(1012);
    await end;
  });

  it('ends the connection of a caller of REST with the answer that was under way', async () => {
    const app = await start({ platform });
    const caller = await RawClient.connect(app.port);
    const token = signToken({ scope: 'push:send' });
    const body = '{"event":"a"}';
    const lines = [
      'POST /push/users/7 HTTP/1.1',
      'Host: localhost',
      `Authorization: Bearer ${token}`,
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
    ];
    const isUnderWay = once(app.server, 'request');
    caller.write(`${lines.join('\r\n')}\r\n\r\n`);
    await isUnderWay;

    const isClosed = app.close();
    await eventually(() => !app.server.listening);
    caller.write(body);

    expect((await caller.response()).headers['connection']).toBe('close');
    await caller.end();
    caller.destroy();
    await isClosed;
  });

  it('waits for nobody where drainMs is 0', async () => {
    const app = await start({ platform, push: { drainMs: 0 } });
    const deaf = await connectDeaf(app);
    const end = once(deaf, 'close');
    expect(await timeOf(app.close())).toBeLessThan(2_000);
    await end;
  });
});

describe('what was sent before', () => {
  it('arrives before the close, to everyone', async () => {
    const app = await start();
    const clients: WsClient[] = [];
    for (let user = 0; user < 50; user++) clients.push(await app.connect(`${user}`));

    const sends = Array.from({ length: 20 }, (_, n) => app.push.broadcast('n', n));
    await app.close();
    await Promise.all(sends);

    for (const client of clients) {
      expect((await client.end()).code).toBe(1012);
      expect(client.frames.filter(({ event }) => event === 'n').map(({ data }) => data)).toEqual([...sends.keys()]);
      expect(client.frames.at(-1)?.event).toBe('push:draining');
    }
  });

  it.each([
    ['late', 0],
    ['later than anybody else would be waited for', 6_000],
  ])('arrives at a client that reads %s, too', async (_when, afterMs) => {
    const app = await start({ push: { maxQueueBytes: 16 * 1024 * 1024, drainMs: 15_000 } });
    const late = await app.connect('7');
    late.socket.pause();
    const data = 'x'.repeat(60_000);
    for (let n = 0; n < 150; n++) await app.push.toUser('7', 'n', data);
    const isClosed = app.close();

    setTimeout(() => late.socket.resume(), afterMs);

    expect((await late.end()).code).toBe(1012);
    await isClosed;
    expect(late.frames).toHaveLength(151);
  });

  it('may still be sent while other parts of the application end', async () => {
    @Injectable()
    class LastWords implements OnModuleDestroy {
      static push: PushService;
      async onModuleDestroy(): Promise<void> {
        await LastWords.push.broadcast('last.words');
      }
    }
    const app = await start({ metadata: { providers: [LastWords] } });
    LastWords.push = app.push;
    const client = await app.connect();

    await app.close();

    expect((await client.end()).code).toBe(1012);
    expect(client.frames.map(({ event }) => event)).toEqual(['last.words', 'push:draining']);
  });
});

describe('what is sent when the application has ended', () => {
  it.each([undefined, 'acme'])('is refused, for nobody would get it, in tenant %s', async (tenant) => {
    const app = await start();
    const push = app.push.forTenant(tenant);
    await push.broadcast('early');
    await app.close();

    await expect(push.toUser('7', 'late')).rejects.toMatchObject({
      code: 'PUSH_ERR_UNAVAILABLE',
      message: 'the application has ended: nobody would get it',
    });
  });

  it('is refused of a tenant, too, that nobody had spoken of before', async () => {
    const app = await start();
    await app.close();
    await expect(app.push.forTenant('new').broadcast('late')).rejects.toMatchObject({ code: 'PUSH_ERR_UNAVAILABLE' });
  });
});

describe('new handshakes', () => {
  it('get 503 with Retry-After from the moment the end begins', async () => {
    let release = () => {};
    let isEnding = false;
    /** Holds the end of the application up, so that a test can look at it meanwhile. */
    class Holding implements BeforeApplicationShutdown {
      beforeApplicationShutdown(): Promise<void> | undefined {
        if (isEnding) return undefined;
        isEnding = true;
        return new Promise((resolve) => (release = resolve));
      }
    }
    const app = await start({ metadata: { providers: [Holding] } });
    const isClosed = app.close();
    await eventually(() => isEnding);

    const refusal = await refusalOf(app.wsUrl, { token: signToken() });

    expect([refusal.status, refusal.problem['code']]).toEqual([503, 'draining']);
    expect(Number(refusal.headers['retry-after'])).toBeGreaterThan(0);
    release();
    await isClosed;
  });

  it('that are being checked when the end begins get 503, and hold nothing up', async () => {
    class NeverAnswering extends PushAuthenticator {
      static asked = false;
      override authenticate(): Promise<Principal> {
        NeverAnswering.asked = true;
        return new Promise(() => {});
      }
    }
    const app = await start({ push: { authenticator: NeverAnswering, authTimeoutMs: 60_000, drainMs: 60_000 } });
    const refusal = refusalOf(app.wsUrl, { token: 'any' });
    await eventually(() => NeverAnswering.asked);

    const took = timeOf(app.close());

    expect((await refusal).status).toBe(503);
    expect(await took).toBeLessThan(5_000);
  });
});

describe(`the end of ${MANY} connections`, () => {
  it('comes by itself within drainMs, with 1012 for every one, behind what was sent before', async () => {
    const app = await start({ push: { drainMs: DRAIN_MS } });
    const clients: WsClient[] = [];
    for (let from = 0; from < MANY; from += 50) {
      const batch = Array.from({ length: 50 }, (_, index) =>
        WsClient.connect(app.wsUrl, { token: signToken({ sub: `u${from + index}` }) }),
      );
      clients.push(...(await Promise.all(batch)));
    }

    const sent = app.push.broadcast('last', 'word');
    const took = await timeOf(app.close());
    await sent;

    expect(took).toBeLessThan(DRAIN_MS + 2_000);
    await eventually(() => clients.every(({ closed }) => closed !== undefined));
    expect(new Set(clients.map(({ closed }) => closed?.code))).toEqual(new Set([1012]));
    const sequences = clients.map(({ frames }) => frames.map(({ event }) => event).join(' '));
    expect(new Set(sequences)).toEqual(new Set(['push:welcome last push:draining']));
  }, 60_000);
});

describe('the process', () => {
  it('ends by itself after app.close(), with clients connected', async () => {
    const file = fileURLToPath(new URL('../support/programs/closing-app.mjs', import.meta.url));
    const program = await startNodeProgram([file]);
    try {
      const [, port] = await program.waitForLine(/^listening on (\d+)$/, 60_000);
      const url = `ws://127.0.0.1:${port}/push/ws`;
      const client = await WsClient.connect(url, { token: signToken() });
      await client.next('push:welcome');

      program.signal('SIGTERM');

      expect((await client.end()).code).toBe(1012);
      expect(client.frames.map(({ event }) => event)).toEqual(['last.words', 'push:draining']);
      expect(await program.ended).toEqual({ code: 0, signal: null });
      expect(program.stdout).toContain('closed');
    } finally {
      await program.stop();
    }
  }, 90_000);
});
