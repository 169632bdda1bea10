import { afterEach, describe, expect, it } from '@jest/globals';
import type { ConformanceServer } from './conformance-server.js';
import { StartedServers } from './conformance-server.js';
import { dataOf } from './frame-inbox.js';
import { publish, rest } from './http-exchange.js';
import { DRIVERS } from './suite.js';
import type { TransportRules } from './suite.js';
import { WireClients } from './transport-driver.js';
import type { WireClient } from './transport-driver.js';

/** Publishes 500 messages in one request, numbered from here. */
async function publishRun(server: ConformanceServer, userId: string, from: number): Promise<void> {
  const target = { users: [userId] };
  const messages = Array.from({ length: 500 }, (_, n) => ({ target, event: 'e', data: from + n }));
  expect((await rest(server, 'POST', '/push/batch', { messages })).status).toBe(202);
}

/** Section "Cursor and resume": what a client gets that comes back while everything is still held. */
export const describeResume: TransportRules = (target, driver) => {
  describe('resume', () => {
    const clients = new WireClients();
    const servers = new StartedServers(target);
    afterEach(async () => {
      clients.endAll();
      await servers.stopAll();
    });

    const send = (to: string, data: unknown, options = {}) => publish(target.shared(), to, 'e', data, options);
    const connect = (userId: string, options = {}) => clients.open(driver, target.shared(), userId, options);
    /** A cursor that a user has had, and then it was gone. */
    const leave = async (userId: string): Promise<string> => {
      const client = await connect(userId);
      await client.settled(target.shared());
      client.cut();
      return client.cursor ?? '';
    };
    const dataFor = async (client: WireClient) => (await client.settled(target.shared())).map(({ data }) => data);

    it.each(DRIVERS)('brings what was missed, in order and once, from $name to this transport', async (before) => {
      const userId = `from-${before.name}`;
      const first = await clients.open(before, target.shared(), userId);
      await send(`users/${userId}`, 'had');
      await first.next('e');
      first.cut();
      for (let n = 0; n < 10; n++) await send(n % 2 ? 'broadcast' : `users/${userId}`, n);

      const second = await connect(userId, { cursor: first.cursor });
      await send(`users/${userId}`, 'live');

      expect(await dataFor(second)).toEqual([...Array.from({ length: 10 }, (_, n) => n), 'live']);
      expect(second.isResumed).toBe(true);
    });

    it('brings messages as they were: the same id, cursor and time', async () => {
      const userId = 'identical';
      const cursor = await leave(userId);
      const witness = await connect(userId);
      await send(`users/${userId}`, 'once');
      const live = await witness.next('e');

      const [replayed] = await (await connect(userId, { cursor })).settled(target.shared());

      expect(replayed).toEqual(live);
    });

    it('brings nothing to who has missed nothing, and says so', async () => {
      const cursor = await leave('prompt');
      const client = await connect('prompt', { cursor });
      expect(await dataFor(client)).toEqual([]);
      expect(client.isResumed).toBe(true);
    });

    it('loses and repeats nothing while messages keep flowing', async () => {
      const userId = 'flowing';
      let cursor: string | undefined = await leave(userId);
      const received: unknown[] = [];
      const flow = (async () => {
        for (let n = 0; n < 60; n++) await send(`users/${userId}`, n);
      })();
      for (let times = 0; times < 6; times++) {
        const client: WireClient = await connect(userId, { cursor });
        await client.next('e').then(({ data }) => received.push(data));
        client.cut();
        received.push(...client.inbox.frames.splice(0).map(({ data }) => data));
        cursor = client.cursor;
      }
      await flow;
      received.push(...(await dataFor(await connect(userId, { cursor }))));
      expect(received).toEqual(Array.from({ length: 60 }, (_, n) => n));
    });

    it('meets what is live without a hole or a repeat, however much was missed', async () => {
      const server = await servers.start({ historyCount: 10_000 });
      const first = await clients.open(driver, server, 'absent');
      await first.settled(server);
      first.cut();
      for (let from = 0; from < 2_000; from += 500) await publishRun(server, 'absent', from);

      const [client] = await Promise.all([
        clients.open(driver, server, 'absent', { cursor: first.cursor }),
        ...[2_000, 2_500, 3_000].map((from) => publishRun(server, 'absent', from)),
      ]);

      const numbers = (await client.settled(server)).map(({ data }) => Number(data));
      // Runs that are sent at the same time may be accepted in any order, each in its own.
      expect(numbers.slice(0, 2_000)).toEqual(Array.from({ length: 2_000 }, (_, n) => n));
      expect(numbers.toSorted((one, other) => one - other)).toEqual(Array.from({ length: 3_500 }, (_, n) => n));
      for (const from of [2_000, 2_500, 3_000]) {
        const run = numbers.filter((n) => n >= from && n < from + 500);
        expect(run).toEqual(Array.from({ length: 500 }, (_, n) => from + n));
      }
    });

    it('is of no use to another user', async () => {
      const cursor = await leave('owner');
      await send('users/owner', 'private');
      expect(await dataFor(await connect('thief', { cursor }))).toEqual([]);
    });

    it('without a cursor begins now, and is no gap', async () => {
      await send('users/newcomer', 'before');
      const client = await connect('newcomer');
      expect(await dataFor(client)).toEqual([]);
      expect(dataOf(client.welcome, 'resumed')).not.toBe(true);
    });

    it('with a text that is no cursor begins now, and says that it is a gap', async () => {
      await send('users/confused', 'before');
      const client = await connect('confused', { cursor: 'nonsense' });
      const gap = await client.next('push:gap');
      expect(gap).toEqual({ event: 'push:gap', data: { reason: 'invalid_cursor' }, cursor: expect.any(String) });
      expect(await dataFor(client)).toEqual([]);
    });

    it('leaves out messages that were not to be stored, and is none the less whole', async () => {
      const cursor = await leave('passing');
      await send('users/passing', 'passing', { store: 'none' });
      await send('users/passing', 'stored');
      const client = await connect('passing', { cursor });
      expect(await dataFor(client)).toEqual(['stored']);
      expect(client.isResumed).toBe(true);
    });

    it('brings of messages with one collapse key the newest, at its own place', async () => {
      const cursor = await leave('collapsed');
      await send('users/collapsed', 'old', { collapseKey: 'k' });
      await send('users/collapsed', 'between');
      await send('users/collapsed', 'new', { collapseKey: 'k' });
      const client = await connect('collapsed', { cursor });
      expect(await dataFor(client)).toEqual(['between', 'new']);
      expect(client.isResumed).toBe(true);
    });

    describe('judges the rights of the present', () => {
      it('for a group that the server has taken', async () => {
        const membership = '/push/groups/past/members/former';
        await rest(target.shared(), 'PUT', membership);
        const cursor = await leave('former');
        await send('groups/past', 'inside');
        await rest(target.shared(), 'DELETE', membership);
        expect(await dataFor(await connect('former', { cursor }))).toEqual([]);
      });

      it('for a group that the server has given', async () => {
        const cursor = await leave('latecomer');
        await send('groups/future', 'early');
        await rest(target.shared(), 'PUT', '/push/groups/future/members/latecomer');
        expect(await dataFor(await connect('latecomer', { cursor }))).toEqual(['early']);
      });

      it('for a group of the token', async () => {
        const cursor = await leave('claimed');
        await send('groups/claimed', 'g');
        expect(await dataFor(await connect('claimed', { cursor }))).toEqual([]);
        const client = await connect('claimed', { cursor, claims: { groups: ['claimed'] } });
        expect(await dataFor(client)).toEqual(['g', { fence: expect.anything() }]);
      });

      it('for a group of ?groups=', async () => {
        const cursor = await leave('rejoining');
        await send('groups/room:replayed', 'g');
        await send('groups/staff', 'secret');
        const client = await connect('rejoining', { cursor, groups: ['room:replayed', 'staff'] });
        const frames = await client.settled(target.shared());
        expect(frames.filter(({ event }) => event === 'e').map(({ data }) => data)).toEqual(['g']);
      });

      it('for whom a message leaves out', async () => {
        const cursor = await leave('excepted');
        const message = { target: { all: true, except: { users: ['excepted'] } }, event: 'e', data: 'for others' };
        expect((await rest(target.shared(), 'POST', '/push/messages', message)).status).toBe(202);
        expect(await dataFor(await connect('excepted', { cursor }))).toEqual([]);
      });
    });
  });
};
