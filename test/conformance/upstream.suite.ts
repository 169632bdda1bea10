import { afterEach, describe, expect, it } from '@jest/globals';
import { StartedServers } from './conformance-server.js';
import { dataOf } from './frame-inbox.js';
import { bearer, exchange } from './http-exchange.js';
import type { Answer, Headers } from './http-exchange.js';
import { sseDriver } from './sse.driver.js';
import type { Rules } from './suite.js';
import { WireClients } from './transport-driver.js';
import { postFrame, replyOf } from './upstream.js';

const frame = (event: string, data?: unknown) => JSON.stringify({ event, data, ref: 'r' });

/** Section "Frames by POST". */
export const describeUpstream: Rules = (target) => {
  describe('frames by POST', () => {
    const clients = new WireClients();
    const servers = new StartedServers(target);
    afterEach(async () => {
      clients.endAll();
      await servers.stopAll();
    });
    const post = (body: string | Buffer, headers: Headers = {}, server = target.shared()) =>
      postFrame(server, body, { ...bearer(server, { sub: 'poster' }), ...headers });

    it.each([
      [frame('push:ping'), 200, 'push:pong', undefined],
      [frame('push:send', { to: { group: 'room:1' }, event: 'e' }), 200, 'push:ok', undefined],
      ['{', 400, 'push:error', 'bad_message'],
      ['', 400, 'push:error', 'bad_message'],
      ['[]', 400, 'push:error', 'bad_message'],
      [frame('push:send', {}), 400, 'push:error', 'invalid_data'],
      ['{"event":"e","data":{"__proto__":1}}', 400, 'push:error', 'invalid_data'],
      [frame('push:welcome'), 400, 'push:error', 'reserved_event'],
      [frame('push:send', { to: { group: 'staff' }, event: 'e' }), 403, 'push:error', 'forbidden'],
      [frame('no.such.event'), 404, 'push:error', 'unknown_event'],
      [frame('push:join', { group: 'room:1' }), 409, 'push:error', 'connection_required'],
    ])('answers %s with %d and the reply envelope', async (body, status, event, code) => {
      const answer = await post(body);
      const reply = replyOf(answer);
      expect([answer.status, reply.event, dataOf(reply, 'code')]).toEqual([status, event, code]);
      expect(answer.headers['content-type']).toMatch(/^application\/json/);
      if (code !== undefined) expect(dataOf(reply, 'status')).toBe(status);
      if (body.includes('"ref"')) expect(reply['ref']).toBe('r');
    });

    it.each([
      ['text/plain', 415],
      ['application/x-www-form-urlencoded', 415],
      [undefined, 415],
      ['application/json; charset=utf-16', 415],
      ['application/json; charset=utf-8', 200],
      ['APPLICATION/JSON', 200],
    ])('answers a body of type %s with %d', async (type, status) => {
      expect((await post(frame('push:ping'), { 'content-type': type })).status).toBe(status);
    });

    it('answers a body that is not UTF-8 with bad_message', async () => {
      const answer = await post(Buffer.from([0x22, 0xff, 0xfe, 0x22]));
      expect([answer.status, dataOf(replyOf(answer), 'code')]).toEqual([400, 'bad_message']);
    });

    it('answers a body past maxFrameBytes with 413', async () => {
      const client = await clients.open(sseDriver, target.shared(), 'large');
      const maxFrameBytes = Number(dataOf(client.welcome, 'maxFrameBytes'));
      const answer = await post(frame('push:ping', 'x'.repeat(maxFrameBytes)));
      expect([answer.status, answer.body['code']]).toEqual([413, 'payload_too_large']);
      expect(answer.headers['content-type']).toContain('application/problem+json');
      expect((await post(frame('push:ping', 'x'.repeat(maxFrameBytes - 100)))).status).toBe(200);
    });

    it.each([
      ['a foreign origin', { origin: 'https://evil.example' }, 403],
      ['no token', { authorization: undefined }, 401],
      ['a bad token', { authorization: 'Bearer junk' }, 401],
    ])('answers a request with %s with a problem', async (_what, headers, status) => {
      const answer = await post(frame('push:ping'), headers);
      expect(answer.status).toBe(status);
      expect(answer.headers['content-type']).toContain('application/problem+json');
    });

    it('is a POST alone', async () => {
      const answer = await exchange(target.shared(), { path: '/push/upstream', headers: bearer(target.shared()) });
      expect([404, 405]).toContain(answer.status);
    });

    it('answers too many frames with 429 and when to come back, however many come', async () => {
      const server = await servers.start({ maxFramesPerSecond: 5 });
      const answers: Answer[] = [];
      const startedAt = performance.now();
      for (let sent = 0; sent < 60; sent++) answers.push(await post(frame('push:ping'), {}, server));
      const seconds = (performance.now() - startedAt) / 1_000;

      const refused = answers.filter(({ status }) => status !== 200);
      expect(answers.length - refused.length).toBeLessThanOrEqual(5 + Math.ceil(seconds * 5));
      for (const answer of refused) {
        expect([answer.status, answer.headers['retry-after']]).toEqual([429, expect.stringMatching(/^[1-9]\d*$/)]);
        expect(replyOf(answer).data).toMatchObject({ code: 'rate_limited', retryAfterMs: expect.any(Number) });
      }
    });

    describe('with Push-Connection', () => {
      it('is the same for an id of another user as for one of nobody', async () => {
        const other = await clients.open(sseDriver, target.shared(), 'other');
        const foreign = String(dataOf(other.welcome, 'connectionId'));
        const body = frame('push:join', { group: 'room:1' });

        const answers = [
          await post(body, { 'push-connection': foreign }),
          await post(body, { 'push-connection': 'x'.repeat(foreign.length) }),
          await post(body, { 'push-connection': 'none' }),
        ];

        expect(answers.map(({ status }) => status)).toEqual([403, 403, 403]);
        const [reply, ...others] = answers.map(replyOf);
        expect(dataOf(reply, 'code')).toBe('forbidden');
        expect(dataOf(reply, 'detail')).toMatch(/^Push-Connection /);
        for (const another of others) expect(another).toEqual(reply);
      });

      it('closes the stream with 4500 after three frames that are none', async () => {
        const client = await clients.open(sseDriver, target.shared(), 'noisy');
        for (let sent = 0; sent < 3; sent++) expect(dataOf(await client.sendText('{'), 'code')).toBe('bad_message');
        expect(await client.end()).toEqual({ code: 4500 });
      });

      it('carries out the frames of a stream in the order in which they came', async () => {
        const client = await clients.open(sseDriver, target.shared(), 'orderly', { groups: ['room:order'] });
        const send = (n: number) =>
          client.request('push:send', { to: { group: 'room:order' }, event: 'chat', data: n });
        for (let n = 0; n < 10; n++) expect(await send(n)).toMatchObject({ event: 'push:ok' });
        const frames = await client.settled(target.shared());
        expect(frames.map(({ data }) => data)).toEqual(Array.from({ length: 10 }, (_, n) => n));
      });

      it('has the reply in its answer and not on the stream', async () => {
        const client = await clients.open(sseDriver, target.shared(), 'quiet');
        expect(await client.request('push:ping')).toMatchObject({ event: 'push:pong' });
        expect(await client.settled(target.shared())).toEqual([]);
      });
    });
  });
};
