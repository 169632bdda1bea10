/** What strangers bring in and the server writes somewhere: event streams, the log, the metrics. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startDemo } from '../support/demo-process.js';
import type { RunningDemo } from '../support/demo-process.js';
import { ask } from '../support/http-request.js';
import { PLATFORMS } from '../support/push-app.js';
import { RawClient } from '../support/raw-client.js';
import { SseClient } from '../support/sse-client.js';
import { TEST_SECRET, bearer, signToken } from '../support/tokens.js';
import { refusalOf } from '../support/ws-client.js';
import { AttackedApp } from './attacked-app.js';

describe.each(PLATFORMS)('an event stream on %s', (platform) => {
  let attacked: AttackedApp;

  beforeAll(async () => {
    attacked = await AttackedApp.start(platform);
  });
  afterAll(() => attacked.stop());

  it.each(['', '?named=1'])('keeps line breaks of a message within its data (%s)', async (query) => {
    const stream = await SseClient.open(
      `${attacked.app.origin}/push/sse${query}`,
      bearer(signToken({ sub: 'reader' })),
    );
    await stream.nextBlock();
    await stream.nextBlock();
    const evil = 'a\n\nevent: forged\ndata: 1\r\rid: 9\r\n\r\nretry: 1\u2028\u0000\u2029';
    await attacked.app.push.toUser('reader', 'note', { evil, [evil]: 1 });
    await attacked.app.push.toUser('reader', 'after', 1);
    const note = await stream.nextBlock();
    const after = await stream.nextBlock();
    const parsed = JSON.parse(note.data ?? '') as { data?: unknown };
    expect(query === '' ? parsed.data : parsed).toEqual({ evil, [evil]: 1 });
    expect([note.retry, after.text.includes('after') || after.event === 'after']).toEqual([undefined, true]);
    stream.close();
  });

  it.each(['a\nb', 'a\rb', 'a\u0000', 'a b', 'id: 9', '<a>', 'x'.repeat(129), ''])(
    'has no event by a name like %j, for it is refused where it is sent',
    async (event) => {
      await expect(attacked.app.push.toUser('reader', event, 1)).rejects.toMatchObject({
        code: 'PUSH_ERR_INVALID_ARGUMENT',
      });
    },
  );
});

describe('two nodes', () => {
  it('have ids of their own, whatever they are called', async () => {
    const demos = await Promise.all([1, 2].map(() => startDemo({ PUSH_JWT_SECRET: TEST_SECRET, DEMO_NODE: 'twin' })));
    const nodes: string[] = [];
    for (const { url } of demos) {
      const headers = bearer(signToken({ scope: 'push:admin' }));
      const stream = await SseClient.open(`${url}/push/sse`, headers);
      await stream.next('push:welcome');
      const { text } = await ask(`${url}/push/connections`, { headers });
      nodes.push(...(JSON.parse(text) as { items: { node: string }[] }).items.map(({ node }) => node));
      stream.close();
    }
    await Promise.all(demos.map(({ program }) => program.stop()));
    expect(new Set(nodes).size).toBe(2);
  });
});

describe.each(PLATFORMS)('the demo on %s', (PLATFORM) => {
  let demo: RunningDemo;

  beforeAll(async () => {
    demo = await startDemo({ PLATFORM, PUSH_JWT_SECRET: TEST_SECRET });
  });
  afterAll(() => demo.program.stop());

  it('logs nothing of what strangers bring, and counts nothing by it', async () => {
    const mark = 'evil\u001b[31m';
    const token = signToken({ sub: `mark-user-\u00e9`, jti: 'mark-jti' });
    const headers = { 'user-agent': `mark-agent \t${'x'.repeat(4_000)}`, 'x-forwarded-for': 'mark-address' };
    for (const path of [
      '/push/poll?wait=0&cursor=mark-cursor',
      '/push/handshake?access_token=mark-token',
      '/mark-path',
    ]) {
      await ask(demo.url + path, { headers: { ...headers, ...bearer(token) } });
      await ask(demo.url + path, { headers: { ...headers, authorization: 'Bearer mark.bad.token' } });
    }
    await refusalOf(`${demo.url.replace('http', 'ws')}/push/ws?ticket=mark-ticket`, { headers });
    await ask(`${demo.url}/push/upstream`, {
      method: 'POST',
      headers: { ...bearer(token), 'content-type': 'application/json' },
      body: JSON.stringify({ event: 'mark-event', data: mark, ref: 'mark-ref' }),
    });
    await ask(`${demo.url}/push/users/mark-target`, {
      method: 'POST',
      headers: { ...bearer(signToken({ scope: 'push:send' })), 'content-type': 'application/json' },
      body: JSON.stringify({ event: 'mark-event', data: mark }),
    });
    const metrics = await ask(`${demo.url}/metrics`);
    expect(metrics.status).toBe(200);
    expect(metrics.text).not.toMatch(/mark-/);
    expect(demo.program.output).not.toMatch(/mark-|evil/);
    expect(demo.program.output).not.toContain('\u001b');
  });

  it('hangs up on a request that comes byte by byte', async () => {
    const client = await RawClient.connect(Number(new URL(demo.url).port));
    const bytes = Buffer.from(`GET /push/ws HTTP/1.1\r\nHost: x\r\nX-Slow: ${'x'.repeat(500)}`);
    let at = 0;
    const dripping = setInterval(() => client.write(bytes.subarray(at, ++at)), 200);
    await client.end();
    clearInterval(dripping);
    client.destroy();
    expect(at).toBeLessThan(bytes.length);
  });
});
