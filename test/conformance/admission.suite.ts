import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { StartedServers } from './conformance-server.js';
import { bearer, rest } from './http-exchange.js';
import type { TransportRules } from './suite.js';
import { WireClients } from './transport-driver.js';
import { wsDriver } from './ws.driver.js';

/** Sections "The checks, in order" and "Limits": places. A WebSocket takes the place, so that it stays taken. */
export const describeAdmission: TransportRules = (target, driver) => {
  describe('places', () => {
    const clients = new WireClients();
    const servers = new StartedServers(target);
    afterEach(async () => {
      clients.endAll();
      await servers.stopAll();
    });

    it.each([
      ['the server', { maxConnections: 1 }, 503, 'server_full'],
      ['the address', { maxPerIp: 1 }, 429, 'address_limit'],
    ])('are counted for %s before the token is looked at', async (_whose, limits, status, code) => {
      const server = await servers.start(limits);
      await clients.open(wsDriver, server);

      const answer = await driver.knock(server, { authorization: 'Bearer junk' });

      expect([answer.status, answer.body['code']]).toEqual([status, code]);
      expect(answer.headers['retry-after']).toMatch(/^[1-9]\d*$/);
    });

    it('are counted after the origin', async () => {
      const server = await servers.start({ maxConnections: 1 });
      await clients.open(wsDriver, server);
      expect((await driver.knock(server, { origin: 'https://evil.example' })).status).toBe(403);
    });

    it('are counted for each user, after the token', async () => {
      const server = await servers.start({ maxPerUser: 1 });
      await clients.open(wsDriver, server, 'greedy');

      const answer = await driver.knock(server, bearer(server, { sub: 'greedy' }));

      expect([answer.status, answer.body['code']]).toEqual([429, 'user_limit']);
      expect(answer.headers['retry-after']).toMatch(/^[1-9]\d*$/);
      expect((await driver.knock(server, { authorization: 'Bearer junk' })).status).toBe(401);
      expect((await driver.knock(server, bearer(server, { sub: 'modest' }))).status).toBe(driver.admitted);
    });

    it('are free again when the client has gone', async () => {
      const server = await servers.start({ maxConnections: 1 });
      const client = await clients.open(driver, server, 'first');
      client.cut();
      await eventually(async () => {
        expect((await driver.knock(server, bearer(server))).status).toBe(driver.admitted);
      });
      await eventually(async () => {
        const { body } = await rest(server, 'GET', '/push/stats');
        expect(body['connections']).toEqual({ ws: 0, sse: 0, poll: 0 });
      });
    });
  });
};
