/** Redis as it stands in a network that is not one's own: over TLS, with passwords, behind other addresses. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { redis } from '../../src/backing/redis/index.js';
import type { RedisBackingOptions } from '../../src/backing/redis/index.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { PushApp } from '../support/push-app.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { RedisSentinels } from '../support/redis-sentinels.js';
import { RedisServer, redisAbsence } from '../support/redis-server.js';
import { selfSignedCertificate } from '../support/self-signed-certificate.js';

const absence = redisAbsence();
const PASSWORD = 'p@ss:word/of the test';
const HOST = '127.0.0.1';

(absence === '' ? describe : describe.skip)(`over TLS and with passwords${absence}`, () => {
  const { key, cert } = selfSignedCertificate();
  const tls = { ca: cert };
  let folder: string;
  let settings: readonly string[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'push-tls-'));
    const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    await Promise.all([writeFile(keyFile, key), writeFile(certFile, cert)]);
    const files = ['--tls-key-file', keyFile, '--tls-cert-file', certFile, '--tls-ca-cert-file', certFile];
    settings = [...files, '--tls-auth-clients', 'no'];
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** Has the server listen over TLS too, on the port that it resolves to, and ask everyone for the password. */
  async function secure(server: RedisServer): Promise<number> {
    const operator = new Redis(server.url);
    try {
      const port = await freePort();
      await operator.config('SET', 'tls-port', port);
      await operator.call('ACL', 'SETUSER', 'default', 'resetpass', `>${PASSWORD}`);
      return port;
    } finally {
      operator.disconnect();
    }
  }

  async function expectService(options: RedisBackingOptions): Promise<void> {
    const startNode = () => PushApp.start({ push: { backing: redis(options) } });
    const [one, other] = await Promise.all([startNode(), startNode()]);
    try {
      const client = await one.connect('7');
      await eventually(async () => (await other.push.presence(['7']))[0]?.connections === 1, { timeoutMs: 20_000 });
      await other.push.addToGroup('7', 'g');
      await other.push.toUser('7', 'to-user');
      await other.push.toGroup('g', 'to-group');
      await other.push.broadcast('to-all');
      const events = () => client.frames.map(({ event }) => event).filter((event) => event.startsWith('to-'));
      await eventually(() => expect(events().toSorted()).toEqual(['to-all', 'to-group', 'to-user']));
    } finally {
      await Promise.all([one.close(), other.close()]);
    }
  }

  it('serves over one server', async () => {
    const server = await RedisServer.start(settings);
    try {
      const port = await secure(server);
      await expectService({ url: `rediss://:${encodeURIComponent(PASSWORD)}@${HOST}:${port}`, tls });
    } finally {
      await server.stop();
    }
  }, 60_000);

  it('does not trust a certificate that nobody vouches for', async () => {
    const server = await RedisServer.start(settings);
    const port = await secure(server);
    const app = await PushApp.start({
      push: { backing: redis({ url: `rediss://:${encodeURIComponent(PASSWORD)}@${HOST}:${port}` }) },
    });
    try {
      await expect(app.push.broadcast('to-all')).rejects.toMatchObject({ code: 'PUSH_ERR_UNAVAILABLE' });
    } finally {
      await app.close();
      await server.stop();
    }
  }, 60_000);

  it('serves over Sentinels with a password of their own, by other addresses than they tell', async () => {
    const sentinels = await RedisSentinels.start(settings);
    try {
      const natMap: Record<string, { readonly host: string; readonly port: number }> = {};
      for (const server of [await sentinels.master(), await sentinels.replica()])
        natMap[`${HOST}:${server.port}`] = { host: HOST, port: await secure(server) };
      const { options } = sentinels;
      for (const { port } of options.nodes) {
        const watcher = new Redis(port, HOST);
        await watcher.call('ACL', 'SETUSER', 'default', 'resetpass', '>of the Sentinels');
        watcher.disconnect();
      }
      const sentinel = { ...options, password: 'of the Sentinels' };
      await expectService({ sentinel, password: PASSWORD, tls, natMap });
    } finally {
      await sentinels.stop();
    }
  }, 60_000);

  it('serves over a Cluster that speaks TLS among itself', async () => {
    const ports: number[] = [];
    const cluster = await RedisCluster.start(async () => {
      const port = await freePort();
      ports.push(port);
      return [...settings, '--tls-port', `${port}`, '--tls-cluster', 'yes', '--tls-replication', 'yes'];
    });
    try {
      await cluster.everywhere('ACL', 'SETUSER', 'default', 'resetpass', `>${PASSWORD}`);
      const nodes = ports.slice(0, 3).map((port) => ({ host: HOST, port }));
      await expectService({ cluster: { nodes }, password: PASSWORD, tls, partitions: 3 });
    } finally {
      await cluster.stop();
    }
  }, 60_000);
});
