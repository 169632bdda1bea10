import { afterEach, describe, expect, it } from '@jest/globals';
import { StartedServers } from './conformance-server.js';
import { bearer, exchange } from './http-exchange.js';
import { dataOf } from './frame-inbox.js';
import type { Rules } from './suite.js';
import { openWebSocket, wsDriver } from './ws.driver.js';
import type { WsWireClient } from './ws.driver.js';

/** Section "WebSocket": what no other transport has. */
export const describeWebSocket: Rules = (target) => {
  describe('WebSocket', () => {
    const opened: WsWireClient[] = [];
    const servers = new StartedServers(target);
    afterEach(async () => {
      for (const client of opened.splice(0)) client.cut();
      await servers.stopAll();
    });
    const open = async (userId: string, protocols: string[] = []) => {
      const headers = bearer(target.shared(), { sub: userId });
      const client = await openWebSocket(target.shared(), userId, { headers, protocols });
      opened.push(client);
      return client;
    };
    const knock = (headers = {}) => wsDriver.knock(target.shared(), { ...bearer(target.shared()), ...headers });

    describe('upgrade', () => {
      it('is what a plain GET is told to do', async () => {
        const answer = await exchange(target.shared(), { path: '/push/ws' });
        expect([answer.status, answer.headers['upgrade']]).toEqual([426, 'websocket']);
      });

      it('of a path that no one owns is 404', async () => {
        const upgrade = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };
        const headers = { ...upgrade, 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' };
        expect((await exchange(target.shared(), { path: '/nobody/here', headers })).status).toBe(404);
      });

      it.each([
        ['no key', { 'sec-websocket-key': undefined }, 400],
        ['a key that is none', { 'sec-websocket-key': 'short' }, 400],
        ['another version', { 'sec-websocket-version': '8' }, 426],
        ['no version', { 'sec-websocket-version': undefined }, 426],
      ])('with %s is refused', async (_what, headers, status) => {
        const answer = await knock(headers);
        expect(answer.status).toBe(status);
        expect(answer.headers['content-type']).toContain('application/problem+json');
      });

      it('names the version that is spoken', async () => {
        expect((await knock({ 'sec-websocket-version': '7' })).headers['sec-websocket-version']).toBe('13');
      });

      it('agrees to no extension', async () => {
        const answer = await knock({ 'sec-websocket-extensions': 'permessage-deflate' });
        expect([answer.status, answer.headers['sec-websocket-extensions']]).toEqual([101, undefined]);
      });
    });

    describe('subprotocols', () => {
      it('are not needed', async () => {
        expect((await open('bare')).socket.protocol).toBe('');
      });

      it('are answered with push.v1 and nothing else', async () => {
        expect((await open('polite', ['other.v2', 'push.v1'])).socket.protocol).toBe('push.v1');
      });

      it('may hold the token, which is never echoed', async () => {
        const token = target.shared().sign({ sub: 'browser' });
        const headers = { authorization: undefined, 'sec-websocket-protocol': `push.v1, bearer.${token}` };
        const answer = await knock(headers);
        expect([answer.status, answer.headers['sec-websocket-protocol']]).toEqual([101, 'push.v1']);
      });

      it('hold no token where the Authorization header has one', async () => {
        const client = await open('first', ['push.v1', `bearer.${target.shared().sign({ sub: 'other' })}`]);
        expect(dataOf(client.welcome, 'userId')).toBe('first');
      });
    });

    describe('frames', () => {
      it('that are no messages three times in a row close with 4500', async () => {
        const client = await open('noisy');
        for (let sent = 0; sent < 3; sent++) client.socket.send('{');
        expect(await client.end()).toEqual({ code: 4500 });
        expect(client.inbox.frames.map((frame) => dataOf(frame, 'code'))).toEqual(Array(3).fill('bad_message'));
      });

      it('that are no messages, with good ones between, do not', async () => {
        const client = await open('improving');
        for (let sent = 0; sent < 4; sent++) {
          await client.sendText('{');
          await client.request('push:ping');
        }
        expect(client.ended).toBeUndefined();
      });

      it('that are binary close with 1003', async () => {
        const client = await open('binary');
        client.socket.send(Buffer.from('{"event":"push:ping"}'));
        expect(await client.end()).toEqual({ code: 1003 });
      });

      it('past maxFrameBytes close with 1009', async () => {
        const client = await open('large');
        const maxFrameBytes = Number(dataOf(client.welcome, 'maxFrameBytes'));
        client.socket.send(JSON.stringify({ event: 'push:ping', data: 'x'.repeat(maxFrameBytes) }));
        expect(await client.end()).toEqual({ code: 1009 });
      });

      it('that are too many are refused, then close with 4003', async () => {
        const server = await servers.start({ maxFramesPerSecond: 5 });
        const client = await openWebSocket(server, 'flooding', { headers: bearer(server) });
        opened.push(client);
        for (let sent = 0; sent < 30; sent++) client.socket.send(`{"event":"push:ping","ref":"${sent}"}`);
        expect(await client.end()).toEqual({ code: 4003 });
        const refused = client.inbox.frames.filter(({ event }) => event === 'push:error');
        expect(refused[0]).toMatchObject({
          data: { code: 'rate_limited', retryable: true, retryAfterMs: expect.any(Number) },
          ref: expect.any(String),
        });
      });

      it('are answered in the order in which they came', async () => {
        const client = await open('orderly');
        const events = ['push:ping', 'push:join', 'unknown', 'push:leave', 'push:send', 'push:join'];
        for (const [index, event] of events.entries()) {
          client.socket.send(JSON.stringify({ event, data: { group: 'room:order' }, ref: `${index}` }));
        }
        await client.inbox.take(({ ref }) => ref === '5', 'the last reply');
        expect(client.inbox.frames.map(({ ref }) => ref)).toEqual(['0', '1', '2', '3', '4']);
      });
    });
  });
};
