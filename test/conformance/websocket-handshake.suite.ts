import { afterEach, describe, expect, it } from '@jest/globals';
import { WireClients, handshake, rest } from './wire-client.js';
import type { ConformanceServer } from './wire-client.js';

/** Sections "Transports" and "Handshake": who is let in, and what the others are told. */
export function describeHandshake(server: () => ConformanceServer): void {
  describe('handshake', () => {
    const clients = new WireClients(server);
    afterEach(() => clients.endAll());
    const bearer = (claims = {}) => ({ authorization: `Bearer ${server().sign(claims)}` });

    describe('route', () => {
      it('answers a plain GET with 426', async () => {
        const answer = await handshake(server(), { connection: undefined, upgrade: undefined });
        expect([answer.status, answer.headers['upgrade']]).toEqual([426, 'websocket']);
      });

      it('answers an upgrade that no one owns with 404', async () => {
        expect((await handshake(server(), bearer(), '/nobody/here')).status).toBe(404);
      });
    });

    describe('refusals', () => {
      it.each([
        ['no key', { 'sec-websocket-key': undefined }, 400],
        ['a key that is none', { 'sec-websocket-key': 'short' }, 400],
        ['another version', { 'sec-websocket-version': '8' }, 426],
        ['no version', { 'sec-websocket-version': undefined }, 426],
        ['a foreign origin', { origin: 'https://evil.example' }, 403],
        ['an origin that is none', { origin: 'null' }, 403],
        ['no token', { authorization: undefined }, 401],
        ['a token that is none', { authorization: 'Bearer junk' }, 401],
        ['another scheme', { authorization: 'Basic dXNlcjpwYXNz' }, 401],
      ])('come as problem+json before the upgrade: %s', async (_what, headers, status) => {
        const answer = await handshake(server(), { ...bearer(), ...headers });

        expect(answer.status).toBe(status);
        expect(answer.headers['content-type']).toContain('application/problem+json');
        expect(answer.body).toMatchObject({
          type: expect.any(String),
          title: expect.any(String),
          detail: expect.any(String),
          code: expect.any(String),
          status,
        });
      });

      it('name the version that is spoken', async () => {
        const answer = await handshake(server(), { ...bearer(), 'sec-websocket-version': '7' });
        expect(answer.headers['sec-websocket-version']).toBe('13');
      });

      it('ask for a bearer token', async () => {
        expect((await handshake(server())).headers['www-authenticate']).toMatch(/^Bearer/);
      });

      it('judge the origin before the token', async () => {
        expect((await handshake(server(), { origin: 'https://evil.example' })).status).toBe(403);
      });

      it.each([
        ['expired', { exp: 1_000_000_000 }],
        ['without end', { exp: undefined }],
        ['without a user', { sub: undefined }],
        ['of an empty user', { sub: '' }],
        ['of a user with a control character', { sub: 'a\u0000b' }],
        ['of a user of 256 characters', { sub: 'x'.repeat(256) }],
        ['not valid yet', { nbf: Math.floor(Date.now() / 1000) + 600 }],
        ['longer than 8 KiB', { padding: 'x'.repeat(8_192) }],
      ])('meet a token that is %s with 401', async (_what, claims) => {
        expect((await handshake(server(), bearer(claims))).status).toBe(401);
      });
    });

    describe('admission', () => {
      it('takes a user id of 255 characters in any script', async () => {
        const sub = 'ü'.repeat(255);
        const client = await clients.open({ token: server().sign({ sub }) });
        expect((await client.next('push:welcome')).data).toMatchObject({ userId: sub });
      });

      it("takes the server's own origin", async () => {
        const { origin } = new URL(server().url);
        expect((await handshake(server(), { ...bearer(), origin })).status).toBe(101);
      });

      it('speaks to a client without subprotocol', async () => {
        const client = await clients.connect();
        expect(client.socket.protocol).toBe('');
      });

      it('echoes push.v1 and nothing else', async () => {
        const client = await clients.connect('user', {}, { protocols: ['other.v2', 'push.v1'] });
        expect(client.socket.protocol).toBe('push.v1');
      });

      it('takes the token from the subprotocols and never echoes it', async () => {
        const token = server().sign({ sub: 'browser' });
        const answer = await handshake(server(), { 'sec-websocket-protocol': `push.v1, bearer.${token}` });
        expect([answer.status, answer.headers['sec-websocket-protocol']]).toEqual([101, 'push.v1']);
      });

      it('takes the token of the Authorization header first', async () => {
        const protocols = ['push.v1', `bearer.${server().sign({ sub: 'other' })}`];
        const client = await clients.open({ token: server().sign({ sub: 'first' }), protocols });
        expect((await client.next('push:welcome')).data).toMatchObject({ userId: 'first' });
      });

      it('agrees to no extension', async () => {
        const answer = await handshake(server(), { ...bearer(), 'sec-websocket-extensions': 'permessage-deflate' });
        expect([answer.status, answer.headers['sec-websocket-extensions']]).toEqual([101, undefined]);
      });
    });

    describe('revoked tokens', () => {
      it('close their connections with 4501 and open no new ones', async () => {
        const claims = { sub: 'revoked', jti: `jti-${Math.random()}` };
        const client = await clients.connect('revoked', claims);

        expect((await rest(server(), 'POST', '/push/revocations', { jti: claims.jti })).status).toBe(204);

        expect((await client.end()).code).toBe(4501);
        expect((await handshake(server(), bearer(claims))).status).toBe(401);
      });
    });
  });
}
