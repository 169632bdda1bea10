import { afterEach, describe, expect, it } from '@jest/globals';
import { bearer, exchange, rest } from './http-exchange.js';
import type { Headers, Query } from './http-exchange.js';
import type { TransportRules } from './suite.js';
import { WireClients } from './transport-driver.js';

const FOREIGN = { origin: 'https://evil.example' };
const LONG_CURSOR = { cursor: 'x'.repeat(1_025) };

/** Section "Getting in": who is let in, and what the others are told. Limits are in `admission.suite.ts`. */
export const describeHandshake: TransportRules = (target, driver) => {
  describe('handshake', () => {
    const clients = new WireClients();
    afterEach(() => clients.endAll());
    const knock = (headers: Headers = {}, query: Query = {}) => driver.knock(target.shared(), headers, query);
    const token = (claims = {}) => bearer(target.shared(), claims);

    describe('a refusal', () => {
      it.each<[string, Headers, Query, number, string]>([
        ['a foreign origin', FOREIGN, {}, 403, 'origin_not_allowed'],
        ['an origin that is none', { origin: 'null' }, {}, 403, 'origin_not_allowed'],
        ['no token', { authorization: undefined }, {}, 401, 'unauthorized'],
        ['a token that is none', { authorization: 'Bearer junk' }, {}, 401, 'unauthorized'],
        ['another scheme', { authorization: 'Basic dXNlcjpwYXNz' }, {}, 401, 'unauthorized'],
        ['a cursor over 1 KB', {}, LONG_CURSOR, 400, 'malformed'],
      ])('is problem+json: %s', async (_what, headers, query, status, code) => {
        const answer = await knock({ ...token(), ...headers }, query);

        expect([answer.status, answer.body]).toEqual([status, expect.objectContaining({ code, status })]);
        expect(answer.headers['content-type']).toContain('application/problem+json');
        expect(answer.body).toMatchObject({
          type: expect.any(String),
          title: expect.any(String),
          detail: expect.any(String),
        });
      });

      it('for want of a token asks for a bearer token', async () => {
        expect((await knock()).headers['www-authenticate']).toMatch(/^Bearer/);
      });

      it('may be stored by nobody', async () => {
        expect((await knock()).headers['cache-control']).toContain('no-store');
      });
    });

    it('meets a HEAD, which could not be held open', async () => {
      const answer = await exchange(target.shared(), { method: 'HEAD', path: driver.path, headers: token() });
      expect([answer.status, answer.headers.allow]).toEqual([405, 'GET']);
    });

    describe('the order of the checks', () => {
      it('is the shape before the origin', async () => {
        expect((await knock(FOREIGN, LONG_CURSOR)).status).toBe(400);
      });

      it('is the origin before the token', async () => {
        expect((await knock(FOREIGN)).status).toBe(403);
      });
    });

    describe('a token that is refused', () => {
      it.each([
        ['expired', { exp: 1_000_000_000 }],
        ['without end', { exp: undefined }],
        ['without a user', { sub: undefined }],
        ['of an empty user', { sub: '' }],
        ['of a user with a control character', { sub: 'a\u0000b' }],
        ['of a user of 256 characters', { sub: 'x'.repeat(256) }],
        ['not valid yet', { nbf: Math.floor(Date.now() / 1000) + 600 }],
        ['longer than 8 KiB', { padding: 'x'.repeat(8_192) }],
      ])('is %s', async (_what, claims) => {
        expect((await knock(token(claims))).status).toBe(401);
      });

      it('in an address is looked at by nobody', async () => {
        const access_token = target.shared().sign();
        expect((await knock({}, { access_token })).status).toBe(401);
      });

      it('is revoked', async () => {
        const claims = { jti: `jti-${Math.random()}` };
        expect((await knock(token(claims))).status).toBe(driver.admitted);
        expect((await rest(target.shared(), 'POST', '/push/revocations', claims)).status).toBe(204);
        expect((await knock(token(claims))).status).toBe(401);
      });
    });

    describe('admission', () => {
      it("is given to the server's own origin", async () => {
        const { origin } = new URL(target.shared().url);
        expect((await knock({ ...token(), origin })).status).toBe(driver.admitted);
      });

      it('is given to a user id of 255 characters in any script', async () => {
        const sub = 'ü'.repeat(255);
        const client = await clients.open(driver, target.shared(), sub);
        expect(await client.settled(target.shared())).toEqual([]);
      });

      it('is given with a cursor that is empty', async () => {
        expect((await knock(token(), { cursor: '' })).status).toBe(driver.admitted);
      });
    });
  });
};
