import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, Headers, Post, Query } from '@nestjs/common';
import type { INestApplication, Provider, WebSocketAdapter } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { WebSocketGateway } from '@nestjs/websockets';
import { PushWsAdapter } from '../../src/gateway/push-ws.adapter.js';
import { PLATFORMS, PushApp } from '../support/push-app.js';
import { RawClient } from '../support/raw-client.js';
import { signToken } from '../support/tokens.js';

@Controller('orders')
class OrdersController {
  @Get()
  list(@Query('q') q: string, @Headers() headers: Record<string, string>): unknown {
    return { q, upgrade: headers['upgrade'] ?? null, custom: headers['x-custom'] ?? null };
  }

  @Post()
  create(@Body() body: unknown): unknown {
    return { body };
  }
}

@WebSocketGateway({ path: '/other' })
class OtherGateway {}

/** What Java's HttpClient writes on every plain request (RFC 7540 section 3.2). */
const H2C = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQAoAAA'];

let app: PushApp;
let client: RawClient;

afterEach(async () => {
  client.destroy();
  await app.close();
});

function head(requestLine: string, ...lines: string[]): string {
  return [`${requestLine} HTTP/1.1`, 'Host: 127.0.0.1', ...lines, '', ''].join('\r\n');
}

async function bodyOf(raw: RawClient): Promise<unknown> {
  const { status, body } = await raw.response();
  expect([200, 201]).toContain(status);
  return JSON.parse(body);
}

const hosts: [string, Provider[], (app: INestApplication) => WebSocketAdapter | undefined][] = [
  ['alone', [], () => undefined],
  ['beside Socket.IO', [OtherGateway], (nest) => new PushWsAdapter(nest, new IoAdapter(nest))],
  ['beside WsAdapter', [OtherGateway], (nest) => new PushWsAdapter(nest, new WsAdapter(nest))],
];

describe.each(PLATFORMS)('a request that offers another protocol on %s', (platform) => {
  describe.each(hosts)('%s', (_beside, providers, adapter) => {
    beforeEach(async () => {
      app = await PushApp.start({
        platform,
        metadata: { controllers: [OrdersController], providers },
        nest: { logger: false },
        configure: (nest) => {
          const chosen = adapter(nest);
          if (chosen) nest.useWebSocketAdapter(chosen);
        },
      });
      client = await RawClient.connect(app.port);
    });

    it('is answered as if it had not, a GET', async () => {
      client.write(Buffer.from(head('GET /orders?q=%C3%A4', 'X-Custom: \xe4', ...H2C), 'latin1'));
      expect(await bodyOf(client)).toEqual({ q: 'ä', upgrade: null, custom: 'ä' });
    });

    it.each(['together with its head', 'later', 'later and in pieces'])(
      'is answered with its body, a POST (%s)',
      async (when) => {
        const body = JSON.stringify({ text: 'x'.repeat(20_000) });
        const request = head(
          'POST /orders',
          ...H2C,
          'Content-Type: application/json',
          `Content-Length: ${body.length}`,
        );
        if (when === 'together with its head') {
          client.write(request + body);
        } else {
          client.write(request);
          await seenByServer();
          for (let start = 0; start < body.length; start += 7_000) {
            client.write(body.slice(start, start + 7_000));
            if (when === 'later and in pieces') await seenByServer();
          }
        }
        expect(await bodyOf(client)).toEqual({ body: JSON.parse(body) });
      },
    );

    it('is answered with its body in chunks', async () => {
      client.write(head('POST /orders', ...H2C, 'Content-Type: application/json', 'Transfer-Encoding: chunked'));
      await seenByServer();
      for (const chunk of ['{"a":', '[1,2]}', '']) client.write(`${chunk.length.toString(16)}\r\n${chunk}\r\n`);
      expect(await bodyOf(client)).toEqual({ body: { a: [1, 2] } });
    });

    it('is answered with its body that it was told to send', async () => {
      const lines = [...H2C, 'Content-Type: application/json', 'Content-Length: 2', 'Expect: 100-continue'];
      client.write(head('POST /orders', ...lines));
      expect((await client.response()).status).toBe(100);
      client.write('{}');
      expect(await bodyOf(client)).toEqual({ body: {} });
    });

    it('leaves the connection as it was, for the next request and the next offer', async () => {
      for (let round = 0; round < 3; round++) {
        client.write(head(`GET /orders?q=${round}`, ...H2C));
        expect(await bodyOf(client)).toMatchObject({ q: `${round}` });
        client.write(head('GET /orders?q=plain'));
        expect(await bodyOf(client)).toMatchObject({ q: 'plain' });
      }
    });

    it('is answered in order when plain ones follow at once', async () => {
      client.write(head('GET /orders?q=1', ...H2C) + head('GET /orders?q=2') + head('GET /orders?q=3'));
      expect([await bodyOf(client), await bodyOf(client), await bodyOf(client)]).toMatchObject([
        { q: '1' },
        { q: '2' },
        { q: '3' },
      ]);
    });

    it('is refused on the WebSocket path as any plain request is', async () => {
      client.write(head('GET /push/ws', ...H2C, `Authorization: Bearer ${signToken()}`));
      expect((await client.response()).status).toBe(426);
    });

    it('may break off at any byte', async () => {
      const request = head('POST /orders', ...H2C, 'Content-Length: 5');
      for (const [bytes, leave] of [
        [request, 'reset'],
        [`${request}{`, 'finish'],
        [`${request}{`, 'reset'],
      ] as const) {
        const other = await RawClient.connect(app.port);
        other.write(bytes);
        other[leave]();
        other.destroy();
      }
      client.write(head('GET /orders?q=1'));
      expect(await bodyOf(client)).toMatchObject({ q: '1' });
    });
  });

  describe('that nobody here speaks', () => {
    beforeEach(async () => {
      app = await PushApp.start({ platform, metadata: { controllers: [OrdersController] } });
      client = await RawClient.connect(app.port);
    });

    it.each(['TLS/1.2', 'foo/1', 'h2c, foo', 'websocket, h2c', 'websocket2'])(
      'is answered as if it had not (%s)',
      async (protocol) => {
        client.write(head('GET /orders?q=1', `Upgrade: ${protocol}`, 'Connection: Upgrade'));
        expect(await bodyOf(client)).toEqual({ q: '1', upgrade: null, custom: null });
      },
    );
  });
});

/** Waits until the server has answered someone else, so that what was written before has arrived. */
async function seenByServer(): Promise<void> {
  await (await fetch(`${app.origin}/orders`)).text();
}
