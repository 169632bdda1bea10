import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { StartedServers } from './conformance-server.js';
import type { ConformanceServer } from './conformance-server.js';
import { dataOf } from './frame-inbox.js';
import { bearer, exchange, publish, rest } from './http-exchange.js';
import type { Answer, Query } from './http-exchange.js';
import { pollBodyOf } from './poll.driver.js';
import type { Rules } from './suite.js';

/** Section "Long polling": what one request is answered. */
export const describePolling: Rules = (target) => {
  describe('long polling', () => {
    const servers = new StartedServers(target);
    afterEach(() => servers.stopAll());

    const pollAt = (server: ConformanceServer, sub: string, query: Query = {}, claims = {}): Promise<Answer> =>
      exchange(server, { path: '/push/poll', query, headers: bearer(server, { sub, ...claims }) });
    const poll = (sub: string, query: Query = {}) => pollAt(target.shared(), sub, query);
    const cursorOf = async (sub: string) => pollBodyOf(await poll(sub, { wait: '0' })).cursor;
    /** Waits until a poll of the user is open. */
    const open = (sub: string, server = target.shared()) =>
      eventually(async () => {
        const { body } = await rest(server, 'GET', `/push/connections?user=${sub}`);
        expect(body['items']).toMatchObject([{ transport: 'poll' }]);
      });

    it('answers nothing with a cursor, without waiting where it is told so', async () => {
      const answer = await poll('idle', { wait: '0' });
      expect(answer.body).toEqual({ messages: [], cursor: expect.any(String), more: false });
      expect(answer.headers['content-type']).toMatch(/^application\/json/);
      expect(answer.headers['cache-control']).toContain('no-store');
    });

    it.each([['-1'], ['-0.5'], ['0.0'], ['0.01']])('answers ?wait=%s at once', async (wait) => {
      expect(pollBodyOf(await poll('hasty', { wait })).messages).toEqual([]);
    });

    it.each([['abc'], [''], ['1s'], ['NaN'], ['Infinity'], ['1e'], ['0x1'], ['1,5'], ['5 5']])(
      'refuses ?wait=%s',
      async (wait) => {
        const answer = await poll('vague', { wait });
        expect([answer.status, answer.body['code']]).toEqual([400, 'malformed']);
      },
    );

    it.each([[undefined], ['26'], ['1e9']])('waits with ?wait=%s until there is something', async (wait) => {
      const sub = `patient-${wait ?? 'default'}`;
      const answer = poll(sub, { wait });
      await open(sub);
      await publish(target.shared(), `users/${sub}`, 'e', 1);
      const body = pollBodyOf(await answer);
      expect(body).toMatchObject({ messages: [{ event: 'e', data: 1, cursor: body.cursor }], more: false });
    });

    it('answers nothing when the wait is over, and not before', async () => {
      const startedAt = performance.now();
      const { messages } = pollBodyOf(await poll('waiting', { wait: '0.3' }));
      expect(messages).toEqual([]);
      // Timers of Node may run a millisecond early.
      expect(performance.now() - startedAt).toBeGreaterThan(298);
    });

    it('answers a burst that comes while it is open, and has the rest for the polls after it', async () => {
      const answer = poll('burst');
      await open('burst');
      const messages = Array.from({ length: 250 }, (_, n) => ({ target: { all: true }, event: 'e', data: n }));
      expect((await rest(target.shared(), 'POST', '/push/batch', { messages })).status).toBe(202);

      let body = pollBodyOf(await answer);
      const received = [...body.messages];
      while (received.length < 250 && body.messages.length > 0) {
        body = pollBodyOf(await poll('burst', { cursor: body.cursor, wait: '0' }));
        received.push(...body.messages);
      }
      expect(received.map(({ data }) => data)).toEqual(Array.from({ length: 250 }, (_, n) => n));
    });

    it('judges the shape before the origin', async () => {
      const headers = { origin: 'https://evil.example' };
      expect((await exchange(target.shared(), { path: '/push/poll', query: { wait: 'abc' }, headers })).status).toBe(
        400,
      );
    });

    it('begins now without a cursor, and with an empty one', async () => {
      await publish(target.shared(), 'users/fresh', 'e');
      expect(pollBodyOf(await poll('fresh', { wait: '0' })).messages).toEqual([]);
      expect(pollBodyOf(await poll('fresh', { wait: '0', cursor: '' })).messages).toEqual([]);
    });

    it('answers at most 100 messages and says that there are more', async () => {
      const cursor = await cursorOf('busy');
      for (let n = 0; n < 110; n++) await publish(target.shared(), n % 2 ? 'broadcast' : 'users/busy', 'e', n);

      const first = pollBodyOf(await poll('busy', { cursor }));
      const second = pollBodyOf(await poll('busy', { cursor: first.cursor }));

      expect([first.messages.length, first.more]).toEqual([100, true]);
      expect([second.messages.length, second.more]).toEqual([10, false]);
      const data = [...first.messages, ...second.messages].map((frame) => frame.data);
      expect(data).toEqual(Array.from({ length: 110 }, (_, n) => n));
    });

    it('tells of a gap at once', async () => {
      const { messages } = pollBodyOf(await poll('lost', { cursor: 'nonsense' }));
      expect(messages).toMatchObject([{ event: 'push:gap', data: { reason: 'invalid_cursor' } }]);
    });

    it('tells of a refused group with the rest, and does not end the wait for it', async () => {
      const answer = poll('refused', { groups: 'staff' });
      await open('refused');
      await publish(target.shared(), 'users/refused', 'e');
      const { messages } = pollBodyOf(await answer);
      expect(messages.map(({ event }) => event).toSorted()).toEqual(['e', 'push:error']);
    });

    it('has a message that is not stored only while it is open', async () => {
      const cursor = await cursorOf('passing');
      await publish(target.shared(), 'users/passing', 'missed', 1, { store: 'none' });
      const answer = poll('passing', { cursor });
      await open('passing');
      await publish(target.shared(), 'users/passing', 'caught', 1, { store: 'none' });
      expect(pollBodyOf(await answer).messages.map(({ event }) => event)).toEqual(['caught']);
    });

    it('is 403 for who is disconnected while it waits', async () => {
      const answer = poll('unwanted');
      await open('unwanted');
      await rest(target.shared(), 'DELETE', '/push/users/unwanted/connections');
      const { status, headers } = await answer;
      expect([status, headers['content-type']]).toEqual([403, expect.stringContaining('application/problem+json')]);
    });

    it('is 401 for whose token is revoked while it waits', async () => {
      const jti = `jti-${Math.random()}`;
      const answer = pollAt(target.shared(), 'revoked', {}, { jti });
      await open('revoked');
      await rest(target.shared(), 'POST', '/push/revocations', { jti });
      const { status, headers } = await answer;
      expect([status, headers['www-authenticate']]).toEqual([401, expect.stringMatching(/^Bearer/)]);
    });

    it('is 401 for whose token ends while it waits', async () => {
      const server = await servers.start({ clockToleranceSeconds: 0 });
      const exp = Math.floor(Date.now() / 1000) + 2;
      const answer = await pollAt(server, 'brief', {}, { exp });
      expect(answer.status).toBe(401);
      expect(Date.now()).toBeGreaterThanOrEqual(exp * 1000);
    });

    it('is 200 with push:draining when the server ends', async () => {
      const server = await servers.start();
      const answer = pollAt(server, 'drained');
      await open('drained', server);
      const stopped = server.stop();
      const { messages, cursor } = pollBodyOf(await answer);
      expect(messages).toMatchObject([{ event: 'push:draining', data: { reconnectInMs: expect.any(Number) } }]);
      expect(cursor).not.toBe('');
      await stopped;
    });

    it('takes its place only while it is open', async () => {
      const server = await servers.start({ maxPerUser: 1 });
      const first = pollAt(server, 'single');
      await open('single', server);
      expect((await pollAt(server, 'single', { wait: '0' })).status).toBe(429);
      await publish(server, 'users/single', 'e');
      expect((await first).status).toBe(200);
      expect((await pollAt(server, 'single', { wait: '0' })).status).toBe(200);
    });

    it('names the groups that are refused', async () => {
      const cursor = await cursorOf('named');
      await publish(target.shared(), 'users/named', 'e');
      const { messages } = pollBodyOf(await poll('named', { cursor, groups: 'staff' }));
      const error = messages.find(({ event }) => event === 'push:error');
      expect([dataOf(error, 'code'), dataOf(error, 'detail')]).toEqual(['forbidden', expect.stringContaining('staff')]);
    });
  });
};
