/** The demo as several processes: on two nodes with a Redis that goes away, and as `npm run demo:cluster` runs it. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Envelope } from '../../src/protocol/frames.js';
import { CLUSTER_START_MS, killNode, startCluster } from '../support/demo-cluster.js';
import type { RunningCluster } from '../support/demo-cluster.js';
import { startDemo } from '../support/demo-process.js';
import type { RunningDemo } from '../support/demo-process.js';
import { eventually, eventuallyDefined } from '../support/eventually.js';
import { RedisServer, redisAbsence } from '../support/redis-server.js';
import { TEST_SECRET, bearer, signToken } from '../support/tokens.js';
import { WsClient } from '../support/ws-client.js';

const absence = redisAbsence();
const describeWithRedis = absence === '' ? describe : describe.skip;
const token = signToken({ sub: '7', scope: 'push:send push:admin' });

function connect(url: string, cursor = ''): Promise<WsClient> {
  return WsClient.connect(`${url.replace('http', 'ws')}/push/ws?cursor=${encodeURIComponent(cursor)}`, { token });
}

function postStatus(url: string, orderId: number, status: string): Promise<Response> {
  return fetch(`${url}/orders/${orderId}/status`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...bearer(token) },
    body: JSON.stringify({ userId: '7', status }),
  });
}

async function setStatus(url: string, orderId: number, status: string): Promise<number> {
  const response = await postStatus(url, orderId, status);
  await response.arrayBuffer();
  return response.status;
}

async function jsonOf(url: string): Promise<unknown> {
  return (await fetch(url, { headers: bearer(token) })).json();
}

describeWithRedis(`two demos that share a Redis${absence}`, () => {
  let redis: RedisServer;
  let demos: readonly RunningDemo[] = [];

  beforeAll(async () => {
    redis = await RedisServer.start(['--appendonly', 'yes', '--appendfsync', 'always']);
    const variables = { PUSH_REDIS_URL: redis.url, PUSH_JWT_SECRET: TEST_SECRET };
    demos = [
      await startDemo({ ...variables, DEMO_NODE: 'one', PLATFORM: 'express' }),
      await startDemo({ ...variables, DEMO_NODE: 'two' }),
    ];
  }, CLUSTER_START_MS);

  afterAll(async () => {
    await Promise.all(demos.map(({ program }) => program.stop()));
    await redis?.stop();
  });

  it('bring the news of an order to who is on the other, and both know the order', async () => {
    const [one = '', two = ''] = demos.map(({ url }) => url);
    const client = await connect(two);
    await client.next('push:welcome');
    expect(await setStatus(one, 41, 'shipped')).toBe(202);
    expect((await client.next('order.status')).data).toEqual({ orderId: 41, status: 'shipped' });
    expect(await jsonOf(`${two}/orders`)).toMatchObject({ items: [{ orderId: 41, status: 'shipped' }] });
    expect((await client.request('node.name')).data).toEqual({ node: 'two' });
    expect(await jsonOf(`${one}/health/live`)).toEqual({ status: 'live', node: 'one' });
    await client.close();
  });

  it('stay ready without it, and say that they are degraded', async () => {
    const { url = '' } = demos[0] ?? {};
    await redis.kill();
    await eventually(async () => {
      const ready = await fetch(`${url}/health/ready`);
      expect([ready.status, await ready.json()]).toEqual([200, { status: 'degraded', reason: expect.any(String) }]);
    });
    expect(await setStatus(url, 42, 'shipped')).toBe(503);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/^push_backing_up 0$/m);
    expect(metrics).toMatch(/^push_nodes 0$/m);
    await redis.run();
    await eventually(async () => expect(await jsonOf(`${url}/health/ready`)).toEqual({ status: 'ready' }));
    await eventually(async () => expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/^push_nodes 2$/m));
  });

  it('say when to come back while it is away, as the push API does', async () => {
    await redis.kill();
    for (const { url } of demos) {
      for (const answer of [
        await postStatus(url, 43, 'shipped'),
        await fetch(`${url}/orders`, { headers: bearer(token) }),
      ]) {
        const said = ['retry-after', 'content-type', 'cache-control'].map((name) => answer.headers.get(name));
        expect([answer.status, ...said]).toEqual([503, '1', 'application/problem+json; charset=utf-8', 'no-store']);
        expect(await answer.json()).toMatchObject({ status: 503, code: 'unavailable', statusCode: 503 });
      }
    }
    await redis.run();
  });
});

describeWithRedis(`npm run demo:cluster${absence}`, () => {
  let cluster: RunningCluster | undefined;

  afterEach(async () => {
    await cluster?.program.stop(10_000);
    cluster = undefined;
  });

  it(
    'starts a Redis and three nodes on one port, and loses nothing when the node of a client is killed',
    async () => {
      const { program, url } = (cluster = await startCluster({ PUSH_JWT_SECRET: TEST_SECRET }));

      const client = await connect(url);
      const { data } = await client.request('node.name');
      const { node } = data as { node: string };
      expect(await setStatus(url, 1, 'placed')).toBe(202);
      const { cursor } = await client.next('order.status');
      expect(await killNode(cluster, node)).toBe(202);
      await client.end();
      expect(await setStatus(url, 1, 'shipped')).toBe(202);

      const again = await connect(url, cursor);
      expect((await again.next('push:welcome')).data).toMatchObject({ resumed: true });
      const missed: Envelope = await again.next('order.status');
      expect(missed.data).toEqual({ orderId: 1, status: 'shipped' });
      await eventuallyDefined(() => program.output.match(new RegExp(`node ${node} is gone \\(SIGKILL\\)`)));
      await eventually(async () => expect(await jsonOf(`${url}/push/stats`)).toMatchObject({ nodes: 3 }), {
        timeoutMs: 20_000,
      });
      await again.close();
      expect(await program.stop(10_000)).toEqual({ code: 0, signal: null });
    },
    2 * CLUSTER_START_MS,
  );

  it(
    'ends no node for a page of another site',
    async () => {
      const { url } = (cluster = await startCluster());
      const headers = { origin: 'https://elsewhere.example' };
      expect((await fetch(`${url}/cluster/nodes/1/kill`, { method: 'POST', headers })).status).toBe(403);
      const states = (await jsonOf(`${url}/cluster`)) as { nodes: readonly { state: string }[] };
      expect(states.nodes.map(({ state }) => state)).toEqual(['up', 'up', 'up']);
    },
    CLUSTER_START_MS,
  );
});
