import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import type { ConformanceServer } from './conformance-server.js';
import { StartedServers } from './conformance-server.js';
import { dataOf } from './frame-inbox.js';
import { publish, rest } from './http-exchange.js';
import { SseWireClient } from './sse.driver.js';
import type { TransportRules } from './suite.js';
import { WireClients } from './transport-driver.js';
import type { WireClient } from './transport-driver.js';
import { WsWireClient } from './ws.driver.js';

/** Sections "The life of a connection" and "Close codes": how connections end. */
export const describeEndings: TransportRules = (target, driver) => {
  describe('the end', () => {
    const clients = new WireClients();
    const servers = new StartedServers(target);
    afterEach(async () => {
      clients.endAll();
      await servers.stopAll();
    });
    const connect = (server: ConformanceServer, userId: string, claims = {}) =>
      clients.open(driver, server, userId, { claims });

    it('by an administrator is 4505, behind what was sent before', async () => {
      const client = await connect(target.shared(), 'unwanted');
      await publish(target.shared(), 'users/unwanted', 'last');
      expect(await client.next('last')).toBeDefined();

      // A loop of polls has no connection for a moment between two of them.
      await eventually(async () => {
        const { status } = await rest(target.shared(), 'DELETE', '/push/users/unwanted/connections');
        expect([status, client.ended]).toEqual([202, expect.anything()]);
      });
      expect(client.ended).toEqual(driver.endOf(4505));
    });

    it('of one connection by its id is 4505', async () => {
      const client = await connect(target.shared(), 'named');
      await eventually(async () => {
        const { body } = await rest(target.shared(), 'GET', '/push/connections?user=named');
        const [item] = body['items'] as readonly { readonly connectionId: string }[];
        await rest(target.shared(), 'DELETE', `/push/connections/${item?.connectionId ?? 'none'}`);
        expect(client.ended).toEqual(driver.endOf(4505));
      });
    });

    it('of a revoked token is 4501', async () => {
      const jti = `jti-${Math.random()}`;
      const client = await connect(target.shared(), 'revoked', { jti });
      expect((await rest(target.shared(), 'POST', '/push/revocations', { jti })).status).toBe(204);
      expect(await client.end()).toEqual(driver.endOf(4501));
    });

    it('of the token is announced and is 4001', async () => {
      const server = await servers.start({ clockToleranceSeconds: 0 });
      const exp = Math.floor(Date.now() / 1000) + 2;
      const client = await connect(server, 'brief', { exp });

      expect((await client.next('push:expiring')).data).toEqual({ at: new Date(exp * 1000).toISOString() });
      expect(await client.end(15_000)).toEqual(driver.endOf(4001));
      expect(Date.now()).toBeGreaterThanOrEqual(exp * 1000);
    });

    if (driver.isLasting) {
      it('of the token does not come to who has renewed it', async () => {
        const server = await servers.start({ clockToleranceSeconds: 0 });
        const exp = Math.floor(Date.now() / 1000) + 2;
        const client = await connect(server, 'renewed', { exp });
        const other = await connect(server, 'brief', { exp });

        expect(await client.request('push:auth', { token: server.sign({ sub: 'renewed' }) })).toMatchObject({
          event: 'push:ok',
        });

        await other.end(15_000);
        expect(await client.settled(server)).toEqual([]);
        expect(client.ended).toBeUndefined();
      });

      it('of a reader that takes nothing is its own alone', async () => {
        const server = await servers.start({ maxQueueBytes: 65_536, maxPerUser: 10 });
        const slow = await connect(server, 'slow');
        const quick = await connect(server, 'quick');
        stopReading(slow);
        const isListed = async () => {
          const { body } = await rest(server, 'GET', '/push/connections?user=slow');
          return (body['items'] as readonly unknown[]).length > 0;
        };
        const data = 'x'.repeat(60_000);
        let sent = 0;
        for (; sent < 400 && (await isListed()); sent++) await publish(server, 'broadcast', 'big', data);

        expect(await isListed()).toBe(false);
        expect(await quick.settled(server)).toHaveLength(sent);
      }, 60_000);
    }

    it('of the server is told, with a time to come back', async () => {
      const server = await servers.start();
      const client = await connect(server, 'drained');
      await publish(server, 'users/drained', 'last');
      expect(await client.next('last')).toBeDefined();

      // A loop of polls has no connection for a moment between two of them.
      await eventually(async () => {
        const { body } = await rest(server, 'GET', '/push/connections?user=drained');
        expect(body['items']).toHaveLength(1);
      });
      const stopped = server.stop();

      const draining = await client.next('push:draining');
      expect(dataOf(draining, 'reconnectInMs')).toEqual(expect.any(Number));
      if (driver.isLasting) expect(await client.end()).toEqual({ code: 1012 });
      await stopped;
    });
  });
};

function stopReading(client: WireClient): void {
  if (client instanceof WsWireClient || client instanceof SseWireClient) client.pause();
}
