/** The configurations of docs/deployment in the real proxies, which end TLS before two nodes on one Redis. */
import { once } from 'node:events';
import { request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startNodeProgram } from '../support/child-program.js';
import type { ChildProgram } from '../support/child-program.js';
import { eventually, eventuallyDefined } from '../support/eventually.js';
import { PROXIES, ProxyProgram, proxyAbsence } from '../support/proxy-program.js';
import { RedisServer, redisAbsence } from '../support/redis-server.js';
import { bearer, signToken } from '../support/tokens.js';
import { WsClient, refusalOf } from '../support/ws-client.js';

const ALL = 'push:send push:broadcast push:admin';
/** Another address of loopback, so that the client's can be told from the proxy's. */
const CLIENT_ADDRESS = '127.0.0.2';

interface Node {
  readonly program: ChildProgram;
  readonly port: number;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  text: string;
  hasEnded: boolean;
  readonly response: IncomingMessage;
}

async function startNode(redisUrl: string): Promise<Node> {
  const script = fileURLToPath(new URL('../support/programs/cluster-node.mjs', import.meta.url));
  const options = { trustProxy: 1, drainMs: 2_000, metrics: {} };
  const env = { NODE_REDIS_JSON: JSON.stringify({ url: redisUrl }), NODE_OPTIONS_JSON: JSON.stringify(options) };
  const program = await startNodeProgram([script], { env });
  const [, port] = await program.waitForLine(/^listening on (\d+)$/);
  return { program, port: Number(port) };
}

describe.each(PROXIES)('behind $name', (kind) => {
  const absence = proxyAbsence(kind) || redisAbsence();
  const describeBehind = absence === '' ? describe : describe.skip;

  describeBehind(`as docs/deployment has it${absence}`, () => {
    let redis: RedisServer;
    let proxy: ProxyProgram;
    const nodes: Node[] = [];

    beforeAll(async () => {
      redis = await RedisServer.start();
      nodes.push(await startNode(redis.url), await startNode(redis.url));
      proxy = await ProxyProgram.start(kind, [nodes[0]?.port ?? 0, nodes[1]?.port ?? 0]);
      await eventually(async () => expect((await ask('GET', '/health/ready')).status).toBe(200));
    });
    afterAll(async () => {
      await proxy.stop();
      await Promise.all(nodes.map(({ program }) => program.stop()));
      await redis.stop();
    });

    /** The head of an answer; its body goes on to arrive. */
    async function open(method: string, path: string, body?: unknown, headers: object = {}): Promise<Answer> {
      const payload = body === undefined ? undefined : JSON.stringify(body);
      const request = httpsRequest(proxy.url + path, {
        method,
        agent: false,
        rejectUnauthorized: false,
        localAddress: CLIENT_ADDRESS,
        headers: {
          ...bearer(signToken({ sub: '7', scope: ALL })),
          ...(payload !== undefined && {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(payload),
          }),
          ...headers,
        },
      });
      request.end(payload);
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      const { statusCode: status = 0, headers: answered } = response;
      const answer: Answer = { status, headers: answered, text: '', hasEnded: false, response };
      response.setEncoding('utf8').on('data', (chunk: string) => (answer.text += chunk));
      response.on('close', () => (answer.hasEnded = true)).on('error', () => {});
      return answer;
    }

    async function ask(...args: Parameters<typeof open>): Promise<Answer> {
      const answer = await open(...args);
      await eventually(() => answer.hasEnded);
      return answer;
    }

    const socket = (sub: string, headers: Readonly<Record<string, string>> = {}, query = '') =>
      WsClient.connect(`${proxy.url.replace('https', 'wss')}/push/ws${query}`, {
        token: signToken({ sub }),
        rejectUnauthorized: false,
        localAddress: CLIENT_ADDRESS,
        headers,
      });
    const send = (user: string, data: unknown) => ask('POST', `/push/users/${user}`, { event: 'note', data });

    it('carries messages over WebSocket, with frames of the client', async () => {
      const client = await socket('ws-user');
      await client.next('push:welcome');
      expect(await client.request('push:ping')).toMatchObject({ event: 'push:pong' });
      expect((await send('ws-user', 1)).status).toBe(202);
      expect(await client.next('note')).toMatchObject({ data: 1 });
      await client.close();
    });

    it('lets events of a stream through at once', async () => {
      const stream = await open('GET', '/push/sse');
      expect([stream.status, stream.headers['content-type']]).toEqual([200, 'text/event-stream']);
      await eventually(() => stream.text.includes('push:welcome'));
      await send('7', 'streamed');
      await eventually(() => stream.text.includes('"data":"streamed"'));
      expect(stream.hasEnded).toBe(false);
      stream.response.destroy();
    });

    it('answers polls that wait, and frames by POST, from whichever node', async () => {
      const { cursor } = JSON.parse((await ask('GET', '/push/poll?wait=0')).text) as { cursor: string };
      const waiting = ask('GET', `/push/poll?wait=20&cursor=${cursor}`);
      await eventually(async () => {
        const { text } = await ask('GET', '/push/users/7/presence');
        expect(JSON.parse(text)).toMatchObject({ online: true });
      });
      await send('7', 'polled');
      expect((await waiting).text).toContain('"data":"polled"');
      expect((await ask('POST', '/push/upstream', { event: 'push:ping' })).text).toContain('push:pong');
    });

    it('carries statuses and headers of REST as they are', async () => {
      const refused = await ask('POST', '/push/users/7', { event: 'push:x' });
      expect([refused.status, refused.headers['content-type']]).toEqual([
        400,
        'application/problem+json; charset=utf-8',
      ]);
      const key = { 'Idempotency-Key': `k${Math.random()}` };
      await ask('POST', '/push/users/7', { event: 'a' }, key);
      expect((await ask('POST', '/push/users/7', { event: 'a' }, key)).headers['idempotency-replayed']).toBe('true');
      expect((await ask('POST', '/push/users/7', { event: 'a', data: 'x'.repeat(70_000) })).status).toBe(413);
    });

    it('tells the address of the client, whatever the client says of it', async () => {
      const client = await socket('addressed', { 'X-Forwarded-For': '203.0.113.9', Forwarded: 'for=203.0.113.9' });
      await client.next('push:welcome');
      const { text } = await ask('GET', '/push/connections?user=addressed');
      expect(JSON.parse(text)).toMatchObject({ items: [{ address: CLIENT_ADDRESS }] });
      await client.close();
    });

    it('tells the origin that the browser sees, though TLS ends at the proxy', async () => {
      const client = await socket('page', { Origin: proxy.url });
      await client.next('push:welcome');
      await client.close();
      const options = { token: signToken(), rejectUnauthorized: false, headers: { Origin: 'https://evil.example' } };
      expect((await refusalOf(`${proxy.url.replace('https', 'wss')}/push/ws`, options)).status).toBe(403);
      const forged = { Origin: 'https://evil.example', 'X-Forwarded-Host': 'evil.example' };
      const forging = { ...options, headers: forged };
      expect((await refusalOf(`${proxy.url.replace('https', 'wss')}/push/ws`, forging)).status).toBe(403);
      const plain = { ...options, headers: { Origin: proxy.url.replace('https', 'http') } };
      expect((await refusalOf(`${proxy.url.replace('https', 'wss')}/push/ws`, plain)).status).toBe(403);
    });

    it.each(['/push/sse', '/push/poll'])('has the node hear at once that the client of %s has left', async (path) => {
      const user = bearer(signToken({ sub: `leaves ${path}` }));
      const presence = async () => {
        const { text } = await ask('GET', `/push/users/${encodeURIComponent(`leaves ${path}`)}/presence`);
        return (JSON.parse(text) as { connections: number }).connections;
      };
      const request = httpsRequest(proxy.url + path, { agent: false, rejectUnauthorized: false, headers: user });
      request.on('error', () => {}).end();
      await eventually(async () => expect(await presence()).toBe(1));
      request.destroy();
      await eventually(async () => expect(await presence()).toBe(0));
    });

    it('keeps strangers out of the metrics, however they write the path', async () => {
      const scrape = await fetch(`http://127.0.0.1:${nodes[0]?.port}/METRICS`);
      expect(await scrape.text()).toContain('push_connections');
      for (const path of ['/metrics', '/metrics?a=1', '/METRICS', '/metrics/', '/%6detrics', '/%4Detrics/']) {
        expect([path, (await ask('GET', path)).status]).toEqual([path, 403]);
      }
    });

    // The last: it ends a node.
    it('loses nobody while a node drains, and lets in whoever comes meanwhile', async () => {
      const leaving = nodes[0];
      if (!leaving) throw new Error('there is no node');
      const clients = await Promise.all(Array.from({ length: 6 }, (_, index) => socket(`drain-${index}`)));
      for (const client of clients) await client.next('push:welcome');
      const streams = await Promise.all(Array.from({ length: 6 }, () => open('GET', '/push/sse')));
      const polls = Array.from({ length: 6 }, () => ask('GET', '/push/poll?wait=20'));
      for (const stream of streams) await eventually(() => stream.text.includes('push:welcome'));
      await eventually(async () => {
        const { text } = await ask('GET', '/push/stats');
        expect(JSON.parse(text)).toMatchObject({ connections: { poll: polls.length } });
      });

      leaving.program.signal('SIGTERM');
      const late: Promise<unknown>[] = [];
      while (leaving.program.isRunning) {
        late.push(socket(`late-${late.length}`).then((client) => client.close()));
        const answer = await ask('GET', '/push/poll?wait=0');
        expect(answer.status).toBe(200);
      }
      await Promise.all(late);

      const moved = clients.filter(({ closed }) => closed !== undefined);
      expect(moved.length).toBeGreaterThan(0);
      for (const client of moved) {
        expect(client.closed?.code).toBe(1012);
        expect(client.frames.at(-1)).toMatchObject({ event: 'push:draining' });
      }
      const ended = streams.filter(({ hasEnded }) => hasEnded);
      expect(ended.length).toBeGreaterThan(0);
      for (const { text } of ended) expect(text).toMatch(/push:draining[^]*push:closing[^]*"code":1012/);
      await send('7', 'after');
      const answers = await Promise.all(polls);
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
      expect(answers.some(({ text }) => text.includes('push:draining'))).toBe(true);
      for (const stream of streams) stream.response.destroy();
      for (const client of clients) await client.close();
    });

    it('is no obstacle to coming back with the cursor, on the node that is left', async () => {
      const first = await socket('back');
      const welcome = await eventuallyDefined(() => first.next('push:welcome'));
      const { cursor } = welcome.data as { readonly cursor: string };
      await first.close();
      await send('back', 'missed');
      const second = await socket('back', {}, `?cursor=${cursor}`);
      expect(await second.next('push:welcome')).toMatchObject({ data: { resumed: true } });
      expect(await second.next('note')).toMatchObject({ data: 'missed' });
      await second.close();
    });
  });
});
