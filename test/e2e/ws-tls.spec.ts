import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Body, Controller, Post } from '@nestjs/common';
import { eventually } from '../support/eventually.js';
import { PLATFORMS, PushApp } from '../support/push-app.js';
import { RawClient, handshake, handshakeOf } from '../support/raw-client.js';
import { rawFrame } from '../support/raw-frame.js';
import { selfSignedCertificate } from '../support/self-signed-certificate.js';

const certificate = selfSignedCertificate();

@Controller('orders')
class OrdersController {
  @Post()
  create(@Body() body: unknown): unknown {
    return { body };
  }
}

describe.each(PLATFORMS)('an https server on %s', (platform) => {
  let app: PushApp;
  const clients: RawClient[] = [];

  beforeEach(async () => {
    app = await PushApp.start({
      platform,
      metadata: { controllers: [OrdersController] },
      nest: { httpsOptions: certificate },
    });
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await app.close();
  });

  async function ask(request: string | Buffer): Promise<RawClient> {
    const client = await RawClient.connectSecurely(app.port);
    clients.push(client);
    client.write(request);
    return client;
  }

  it('serves wss', async () => {
    const client = await app.connect('7', {}, { ca: certificate.cert });
    await app.push.toUser('7', 'e', 1);
    expect(await client.next()).toMatchObject({ event: 'e', data: 1 });
    await client.close();
  });

  it('answers a plain GET of the path with 426', async () => {
    const raw = await ask(['GET /push/ws HTTP/1.1', 'Host: 127.0.0.1', 'Connection: close', '', ''].join('\r\n'));
    expect((await raw.response()).status).toBe(426);
  });

  it.each([
    [401, '/push/ws'],
    [404, '/nowhere'],
  ])('refuses with %d on %s and closes', async (status, target) => {
    const raw = await ask(handshake({ target }));
    expect((await raw.response()).status).toBe(status);
    await raw.end();
  });

  it('takes https for the scheme of its own origin', async () => {
    const host = `127.0.0.1:${app.port}`;
    const raw = await ask(handshakeOf('7', { headers: { Host: host, Origin: `http://${host}` } }));
    expect((await raw.response()).status).toBe(403);
    const other = await ask(handshakeOf('7', { headers: { Host: host, Origin: `https://${host}` } }));
    expect((await other.response()).status).toBe(101);
  });

  it('reads what came with the handshake after the welcome', async () => {
    const raw = await ask(Buffer.concat([Buffer.from(handshakeOf('7')), rawFrame('{"event":"push:ping"}')]));
    expect((await raw.response()).status).toBe(101);
    await raw.nextEnvelope('push:welcome');
    expect(await raw.nextEnvelope('push:pong')).toBeDefined();
  });

  it('answers a plain request that offers another protocol', async () => {
    const body = JSON.stringify({ text: 'x'.repeat(20_000) });
    const head = ['POST /orders HTTP/1.1', 'Host: a', 'Upgrade: h2c', 'Connection: Upgrade, HTTP2-Settings'];
    const raw = await ask(
      [...head, 'Content-Type: application/json', `Content-Length: ${body.length}`, '', ''].join('\r\n'),
    );
    await app.connect('7', {}, { ca: certificate.cert });
    raw.write(body);
    expect(JSON.parse((await raw.response()).body)).toEqual({ body: JSON.parse(body) });
  });

  it('says goodbye to its clients when it ends', async () => {
    const client = await app.connect('7', {}, { ca: certificate.cert });
    await app.close();
    expect((await client.end()).code).toBe(1012);
  });

  it('outlives clients that break off', async () => {
    for (const target of ['/push/ws', '/nowhere']) {
      for (const request of [handshakeOf('7', { target }), handshake({ target })]) {
        (await ask(request)).destroy();
      }
    }
    const client = await app.connect('8', {}, { ca: certificate.cert });
    expect(await client.request('push:ping')).toMatchObject({ event: 'push:pong' });
    await eventually(async () => !(await app.push.isOnline('7')));
  });
});

describe('a Fastify server of HTTP/2 that allows HTTP/1', () => {
  let app: PushApp;

  beforeEach(async () => {
    app = await PushApp.start({
      nest: { httpsOptions: certificate },
      fastify: { http2: true, https: { allowHTTP1: true, ...certificate } },
    });
  });
  afterEach(() => app.close());

  it('serves wss', async () => {
    const client = await app.connect('7', {}, { ca: certificate.cert });
    await app.push.toUser('7', 'e', 1);
    expect(await client.next()).toMatchObject({ event: 'e', data: 1 });
  });

  it('answers a GET of the path over HTTP/2 with 426, without the headers that HTTP/2 forbids', async () => {
    const session = connectHttp2(app.origin, { ca: certificate.cert });
    const request = session.request({ ':path': '/push/ws' }).resume();
    const [headers] = (await once(request, 'response')) as [Record<string, unknown>];
    expect(headers).toMatchObject({ ':status': 426, 'content-type': 'application/problem+json; charset=utf-8' });
    expect(headers).not.toHaveProperty('upgrade');
    session.close();
  });
});
