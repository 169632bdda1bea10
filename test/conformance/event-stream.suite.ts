import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { StartedServers } from './conformance-server.js';
import type { ConformanceServer } from './conformance-server.js';
import { EventStream } from './event-stream.js';
import type { StreamEvent } from './event-stream.js';
import { bearer, publish, rest } from './http-exchange.js';
import type { Headers, Query } from './http-exchange.js';
import type { Rules } from './suite.js';
import { WireClients } from './transport-driver.js';
import { wsDriver } from './ws.driver.js';

const jsonOf = ({ data }: StreamEvent) => JSON.parse(data) as Readonly<Record<string, unknown>>;

/** Section "Server-Sent Events": what an `EventSource` relies on. */
export const describeEventStream: Rules = (target) => {
  describe('Server-Sent Events', () => {
    const streams: EventStream[] = [];
    const clients = new WireClients();
    const servers = new StartedServers(target);
    afterEach(async () => {
      for (const stream of streams.splice(0)) stream.cut();
      clients.endAll();
      await servers.stopAll();
    });
    const openAt = async (server: ConformanceServer, headers: Headers, query: Query = {}) => {
      const stream = await EventStream.open(server, { headers, query });
      streams.push(stream);
      return stream;
    };
    const open = (sub: string, query: Query = {}, headers: Headers = {}) =>
      openAt(target.shared(), { ...bearer(target.shared(), { sub }), ...headers }, query);

    it('has the headers that keep what lies between from holding it back', async () => {
      const { status, headers } = await open('headed');
      expect(status).toBe(200);
      expect(headers['content-type']).toMatch(/^text\/event-stream/);
      expect(headers['cache-control']).toBe('no-cache, no-transform');
      expect(headers['x-accel-buffering']).toBe('no');
      expect(headers['content-encoding']).toBeUndefined();
    });

    it('is not compressed for who would take it so', async () => {
      const { headers } = await open('compressed', {}, { 'accept-encoding': 'gzip, br' });
      expect(headers['content-encoding']).toBeUndefined();
    });

    it('begins with retry, then the welcome, whose id is its cursor', async () => {
      const stream = await open('greeted');
      const welcome = await stream.at(0);
      expect(stream.lines[0]).toMatch(/^retry: \d+$/);
      expect(welcome.event).toBeUndefined();
      expect(jsonOf(welcome)).toMatchObject({ event: 'push:welcome', data: { cursor: welcome.id } });
    });

    it('has each message unnamed, whole, in one line, under its cursor', async () => {
      const stream = await open('whole');
      await stream.at(0);
      await publish(target.shared(), 'users/whole', 'order.status', 'a\nb\rc\u2028d');
      const event = await stream.at(1);
      expect(event.event).toBeUndefined();
      expect(jsonOf(event)).toMatchObject({ event: 'order.status', data: 'a\nb\rc\u2028d', cursor: event.id });
      expect(event.data).not.toContain('\n');
    });

    it('has with ?named=1 each event under its name with its bare data', async () => {
      const stream = await open('named', { named: '1' });
      const welcome = await stream.at(0);
      expect(welcome).toMatchObject({ event: 'push:welcome', id: expect.any(String) });
      expect(jsonOf(welcome)).toMatchObject({ userId: 'named', cursor: welcome.id });

      await publish(target.shared(), 'users/named', 'order.status', { orderId: 7 });
      await publish(target.shared(), 'users/named', 'nothing');
      const [first, second] = [await stream.at(1), await stream.at(2)];
      expect(first).toEqual({ event: 'order.status', id: expect.any(String), data: '{"orderId":7}' });
      expect(second).toEqual({ event: 'nothing', id: expect.any(String), data: 'null' });
    });

    it('has no id on what is no place in the log', async () => {
      const stream = await open('errors', { groups: 'staff' });
      const error = await stream.at(1);
      expect(jsonOf(error)).toMatchObject({ event: 'push:error' });
      expect(error.id).toBeUndefined();
    });

    it('has an id on a gap', async () => {
      const stream = await open('gapped', { cursor: 'nonsense' });
      const gap = await stream.at(1);
      expect(jsonOf(gap)).toMatchObject({ event: 'push:gap', cursor: gap.id });
    });

    it('goes on from Last-Event-ID before ?cursor=', async () => {
      const stream = await open('returning');
      const { id } = await stream.at(0);
      await publish(target.shared(), 'users/returning', 'e', 1);
      const { id: later } = await stream.at(1);
      await publish(target.shared(), 'users/returning', 'e', 2);

      const resumed = await open('returning', { cursor: id ?? '' }, { 'last-event-id': later });
      expect(jsonOf(await resumed.at(0))).toMatchObject({ data: { resumed: true, cursor: later } });
      expect(jsonOf(await resumed.at(1))).toMatchObject({ data: 2 });
    });

    it('goes on from ?cursor= where Last-Event-ID is empty', async () => {
      const { id } = await (await open('empty')).at(0);
      const resumed = await open('empty', { cursor: id ?? '' }, { 'last-event-id': '' });
      expect(jsonOf(await resumed.at(0))).toMatchObject({ data: { resumed: true } });
    });

    it('is refused for a Last-Event-ID over 1 KB', async () => {
      expect((await open('long', {}, { 'last-event-id': 'x'.repeat(1_025) })).status).toBe(400);
    });

    it('is kept alive by comments', async () => {
      const server = await servers.start({ heartbeatMs: 50, heartbeatTimeoutMs: 50 });
      const stream = await openAt(server, bearer(server));
      await eventually(() => stream.comments >= 4);
      expect([stream.events.length, stream.hasEnded]).toEqual([1, false]);
    });

    it('ends for who is disconnected with the word not to come back', async () => {
      const stream = await open('unwanted');
      await stream.at(0);
      await rest(target.shared(), 'DELETE', '/push/users/unwanted/connections');
      await stream.end();
      const [closing] = stream.events.slice(1);
      expect(jsonOf(closing ?? { data: '{}' })).toEqual({
        event: 'push:closing',
        data: { code: 4505, reason: expect.any(String), reconnect: false },
      });
      expect(closing?.id).toBeUndefined();
    });

    it('ends at the drain with draining, a time for retry, closing', async () => {
      const server = await servers.start();
      const stream = await openAt(server, bearer(server));
      await stream.at(0);
      const stopped = server.stop();
      await stream.end();
      await stopped;

      const [draining, closing] = stream.events.slice(1);
      const { reconnectInMs } = jsonOf(draining ?? { data: '{}' })['data'] as { readonly reconnectInMs: number };
      expect(stream.retries.at(-1)).toBe(reconnectInMs);
      expect(jsonOf(closing ?? { data: '{}' })).toMatchObject({
        event: 'push:closing',
        data: { code: 1012, reason: 'restart', reconnect: true },
      });
      expect([draining?.id, closing?.id]).toEqual([undefined, undefined]);
    });

    describe('without an Authorization header', () => {
      it.each([
        ['a full server', { maxConnections: 1 }],
        ['a full address', { maxPerIp: 1 }],
      ])('is told to come back by %s in a way that an EventSource can', async (_whose, limits) => {
        const server = await servers.start(limits);
        await clients.open(wsDriver, server);

        const stream = await openAt(server, {});
        await stream.end();

        expect(stream.status).toBe(200);
        expect(stream.headers['content-type']).toMatch(/^text\/event-stream/);
        expect(stream.events).toHaveLength(1);
        const [retryMs] = stream.retries;
        expect(stream.events.map(jsonOf)).toEqual([{ event: 'push:draining', data: { reconnectInMs: retryMs } }]);
        expect(retryMs).toBeGreaterThan(0);
      });

      it('is told to come back when its user has too many, too', async () => {
        const server = await servers.start({ maxPerUser: 1, cookie: 'session' });
        await clients.open(wsDriver, server, 'greedy');
        const headers = { cookie: `session=${server.sign({ sub: 'greedy' })}`, 'sec-fetch-site': 'same-origin' };
        const stream = await openAt(server, headers);
        await stream.end();
        expect([stream.status, stream.retries.length]).toEqual([200, 1]);
      });

      it('is stopped for good where it is not wanted', async () => {
        expect((await openAt(target.shared(), {})).status).toBe(401);
        expect((await openAt(target.shared(), { origin: 'https://evil.example' })).status).toBe(403);
      });
    });
  });
};
