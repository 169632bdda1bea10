import { afterEach, describe, expect, it } from '@jest/globals';
import { StartedServers } from './conformance-server.js';
import type { ConformanceServer } from './conformance-server.js';
import { bearer, exchange, rest } from './http-exchange.js';
import type { Headers, Query } from './http-exchange.js';
import { DRIVERS } from './suite.js';
import type { Rules } from './suite.js';
import { WireClients } from './transport-driver.js';
import { wsDriver } from './ws.driver.js';

/** Section "The dry run". */
export const describeDryRun: Rules = (target) => {
  describe('the dry run', () => {
    const clients = new WireClients();
    const servers = new StartedServers(target);
    afterEach(async () => {
      clients.endAll();
      await servers.stopAll();
    });
    const tryOut = (headers: Headers, query: Query = {}, server: ConformanceServer = target.shared()) =>
      exchange(server, { path: '/push/handshake', headers, query });

    it('answers 204 where the handshake would succeed', async () => {
      const answer = await tryOut(bearer(target.shared()));
      expect([answer.status, answer.text]).toEqual([204, '']);
    });

    it.each<[string, Headers, Query, number, string]>([
      ['no token', {}, {}, 401, 'unauthorized'],
      ['a bad token', { authorization: 'Bearer junk' }, {}, 401, 'unauthorized'],
      ['a foreign origin', { origin: 'https://evil.example' }, {}, 403, 'origin_not_allowed'],
      ['a cursor over 1 KB', {}, { cursor: 'x'.repeat(1_025) }, 400, 'malformed'],
    ])('answers the refusal for %s', async (_what, headers, query, status, code) => {
      const answer = await tryOut(headers, query);
      expect([answer.status, answer.body['code']]).toEqual([status, code]);
      expect(answer.headers['content-type']).toContain('application/problem+json');
    });

    it('answers the refusals of a full server, an address and a user', async () => {
      for (const [limits, status] of [
        [{ maxConnections: 1 }, 503],
        [{ maxPerIp: 1 }, 429],
        [{ maxPerUser: 1 }, 429],
      ] as const) {
        const server = await servers.start(limits);
        await clients.open(wsDriver, server, 'user');
        const answer = await tryOut(bearer(server, { sub: 'user' }), {}, server);
        expect([answer.status, answer.headers['retry-after']]).toEqual([status, expect.any(String)]);
      }
    });

    it('takes no place', async () => {
      const server = await servers.start({ maxConnections: 1 });
      for (let times = 0; times < 3; times++) expect((await tryOut(bearer(server), {}, server)).status).toBe(204);
      const { body } = await rest(server, 'GET', '/push/stats');
      expect(body['connections']).toEqual({ ws: 0, sse: 0, poll: 0 });
    });

    it('spends no ticket', async () => {
      const headers = bearer(target.shared());
      const { body } = await exchange(target.shared(), { method: 'POST', path: '/push/ticket', headers });
      const query = { ticket: String(body['ticket']) };
      expect((await tryOut({}, query)).status).toBe(204);
      expect((await tryOut({}, query)).status).toBe(204);
      const [driver] = DRIVERS;
      expect((await driver?.knock(target.shared(), {}, query))?.status).toBe(driver?.admitted);
      expect((await tryOut({}, query)).status).toBe(401);
    });

    it('reads a token from the subprotocols as the real one does', async () => {
      const headers = { 'sec-websocket-protocol': `push.v1, bearer.${target.shared().sign()}` };
      expect((await tryOut(headers)).status).toBe(204);
    });
  });
};
