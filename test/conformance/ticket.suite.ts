import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { StartedServers } from './conformance-server.js';
import type { ConformanceServer } from './conformance-server.js';
import { EventStream } from './event-stream.js';
import { dataOf, frameOf } from './frame-inbox.js';
import { bearer, exchange, rest } from './http-exchange.js';
import type { Headers } from './http-exchange.js';
import { DRIVERS } from './suite.js';
import type { Rules } from './suite.js';
import { openWebSocket } from './ws.driver.js';

/** Section "Tickets". */
export const describeTickets: Rules = (target) => {
  describe('a ticket', () => {
    const servers = new StartedServers(target);
    afterEach(() => servers.stopAll());
    const ask = (headers: Headers, server: ConformanceServer = target.shared()) =>
      exchange(server, { method: 'POST', path: '/push/ticket', headers });
    const ticketOf = async (claims = {}, server: ConformanceServer = target.shared()) => {
      const { status, body } = await ask(bearer(server, claims), server);
      expect([status, body]).toEqual([200, { ticket: expect.any(String), expiresIn: 30 }]);
      return String(body['ticket']);
    };

    it('is given to who has a token, and may be stored by nobody', async () => {
      const { headers } = await ask(bearer(target.shared()));
      expect(headers['cache-control']).toContain('no-store');
      expect(await ticketOf()).not.toBe(await ticketOf());
    });

    it.each([
      ['no token', {}, 401],
      ['a bad token', { authorization: 'Bearer junk' }, 401],
      ['a foreign origin', { origin: 'https://evil.example' }, 403],
    ])('is refused for %s', async (_what, headers, status) => {
      const answer = await ask(headers);
      expect(answer.status).toBe(status);
      expect(answer.headers['content-type']).toContain('application/problem+json');
    });

    it('is given for no ticket', async () => {
      const query = { ticket: await ticketOf() };
      const answer = await exchange(target.shared(), { method: 'POST', path: '/push/ticket', query });
      expect(answer.status).toBe(401);
    });

    it.each(DRIVERS)('opens $name once', async (driver) => {
      const query = { ticket: await ticketOf() };
      expect((await driver.knock(target.shared(), {}, query)).status).toBe(driver.admitted);
      expect((await driver.knock(target.shared(), {}, query)).status).toBe(401);
    });

    it.each(DRIVERS)('that is none is 401 on $name', async (driver) => {
      expect((await driver.knock(target.shared(), {}, { ticket: 'none' })).status).toBe(401);
    });

    it('opens one of many handshakes at the same time', async () => {
      const query = { ticket: await ticketOf() };
      const knocks = [...DRIVERS, ...DRIVERS, ...DRIVERS].map((driver) => driver.knock(target.shared(), {}, query));
      const admitted = (await Promise.all(knocks)).filter(({ status }) => status < 400);
      expect(admitted).toHaveLength(1);
    });

    it('is not spent by a refusal that says to come back', async () => {
      const server = await servers.start({ maxPerUser: 1 });
      const query = { ticket: await ticketOf({ sub: 'greedy' }, server) };
      const holder = await openWebSocket(server, 'greedy', { headers: bearer(server, { sub: 'greedy' }) });
      const [driver] = DRIVERS;
      expect((await driver?.knock(server, {}, query))?.status).toBe(429);
      holder.cut();
      await eventually(async () => {
        expect((await driver?.knock(server, {}, query))?.status).toBe(driver?.admitted);
      });
    });

    it('stands for the token it was got with', async () => {
      const exp = Math.floor(Date.now() / 1000) + 1_000;
      const query = { ticket: await ticketOf({ sub: 'ticketed', groups: ['g'], exp }) };
      const stream = await EventStream.open(target.shared(), { query });
      const welcome = frameOf((await stream.at(0)).data);
      stream.cut();
      expect(welcome.data).toMatchObject({
        userId: 'ticketed',
        groups: ['g'],
        expiresAt: new Date(exp * 1000).toISOString(),
      });
    });

    it('ends with a revocation of that token', async () => {
      const jti = `jti-${Math.random()}`;
      const query = { ticket: await ticketOf({ jti }) };
      await rest(target.shared(), 'POST', '/push/revocations', { jti });
      for (const driver of DRIVERS) expect((await driver.knock(target.shared(), {}, query)).status).toBe(401);
    });

    it('comes after the Authorization header, which leaves it unspent', async () => {
      const query = { ticket: await ticketOf({ sub: 'by-ticket' }) };
      const options = { headers: bearer(target.shared(), { sub: 'by-header' }), query };
      const client = await openWebSocket(target.shared(), 'by-header', options);
      client.cut();
      expect(dataOf(client.welcome, 'userId')).toBe('by-header');
      const ticketed = await openWebSocket(target.shared(), 'by-ticket', { query });
      ticketed.cut();
      expect(dataOf(ticketed.welcome, 'userId')).toBe('by-ticket');
    });

    it('comes before the cookie', async () => {
      const server = await servers.start({ cookie: 'session' });
      const query = { ticket: await ticketOf({ sub: 'by-ticket' }, server) };
      const headers = { cookie: `session=${server.sign({ sub: 'by-cookie' })}`, 'sec-fetch-site': 'same-origin' };
      const client = await openWebSocket(server, 'by-ticket', { headers, query });
      client.cut();
      expect(dataOf(client.welcome, 'userId')).toBe('by-ticket');
    });
  });
};
