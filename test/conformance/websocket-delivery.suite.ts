import { afterEach, describe, expect, it } from '@jest/globals';
import { WireClients, handshake, rest } from './wire-client.js';
import type { ConformanceServer } from './wire-client.js';

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Sections "Envelope" and "Resume": what a client is sent. */
export function describeDelivery(server: () => ConformanceServer): void {
  describe('delivery', () => {
    const clients = new WireClients(server);
    afterEach(() => clients.endAll());

    const publish = async (to: string, event: string, data?: unknown, options = {}) => {
      const { status, body } = await rest(server(), 'POST', `/push/${to}`, { event, data, ...options });
      expect([status, body]).toEqual([202, expect.objectContaining({ id: expect.any(String) })]);
      return body;
    };

    describe('the welcome', () => {
      it('is the first frame', async () => {
        const client = await clients.open({ token: server().sign({ sub: 'welcomed', groups: ['a'] }) });
        const [welcome] = await client.settled();

        expect(welcome).toEqual({
          event: 'push:welcome',
          data: {
            connectionId: expect.any(String),
            userId: 'welcomed',
            groups: ['a'],
            transport: 'ws',
            heartbeatMs: expect.any(Number),
            maxFrameBytes: expect.any(Number),
            cursor: expect.any(String),
            resumed: false,
            expiresAt: expect.stringMatching(ISO),
          },
        });
      });

      it('has another connectionId each time', async () => {
        const ids = new Set<unknown>();
        for (let times = 0; times < 3; times++) {
          const client = await clients.open({ token: server().sign() });
          ids.add(((await client.next('push:welcome')).data as { readonly connectionId: string }).connectionId);
        }
        expect(ids.size).toBe(3);
      });

      it('is followed by a gap and never resumed for a cursor that the server cannot serve', async () => {
        const client = await clients.open({ token: server().sign(), query: '?cursor=nonsense' });
        const frames = await client.settled();

        expect(frames.map(({ event }) => event)).toEqual(['push:welcome', 'push:gap']);
        expect(frames).toMatchObject([{ data: { resumed: false } }, { data: { reason: expect.any(String) } }]);
      });

      it('does not come for a cursor past 1 KB: 400', async () => {
        const headers = { authorization: `Bearer ${server().sign()}` };
        expect((await handshake(server(), headers, `/push/ws?cursor=${'x'.repeat(1_025)}`)).status).toBe(400);
      });

      it('names the groups that were joined at connect, and an error those that were refused', async () => {
        const client = await clients.open({ token: server().sign(), query: '?groups=room:1,staff' });
        const frames = await client.settled();

        expect(frames).toMatchObject([
          { event: 'push:welcome', data: { groups: ['room:1'] } },
          { event: 'push:error', data: { code: 'forbidden' } },
        ]);
      });
    });

    describe('an application message', () => {
      it('carries the data as it was sent, and the stamps of the server', async () => {
        const client = await clients.connect('stamped');
        const data = JSON.parse('{"constructor":{"a":[null,1.5,"ü 🙂 \\u2028"]},"toString":false}') as unknown;

        const { id } = await publish('users/stamped', 'order.status', data);

        expect(await client.next('order.status')).toEqual({
          event: 'order.status',
          data,
          id,
          cursor: expect.any(String),
          ts: expect.stringMatching(ISO),
        });
      });

      it('has its own id and its own place', async () => {
        const client = await clients.connect('counted');
        for (let sent = 0; sent < 5; sent++) await publish('users/counted', 'e');
        const frames = await client.settled();

        expect(new Set(frames.map(({ id }) => id)).size).toBe(5);
        expect(new Set(frames.map(({ cursor }) => cursor)).size).toBe(5);
      });

      it('that is not stored carries the place before it', async () => {
        const client = await clients.connect('passing');
        await publish('users/passing', 'stored');
        await publish('users/passing', 'passing', 1, { store: 'none' });

        const stored = await client.next('stored');
        expect((await client.next('passing'))['cursor']).toBe(stored['cursor']);
      });

      it('reaches every connection of its user, its group or everyone, and no other', async () => {
        const [one, two] = [await clients.connect('a', { groups: ['g'] }), await clients.connect('a')];
        const other = await clients.connect('b');

        await publish('users/a', 'user');
        await publish('groups/g', 'group');
        await publish('broadcast', 'all');

        const received = await Promise.all([one, two, other].map((client) => client.settled()));
        expect(received.map((frames) => frames.map(({ event }) => event))).toEqual([
          ['user', 'group', 'all'],
          ['user', 'all'],
          ['all'],
        ]);
      });

      it('comes in the order in which it was sent', async () => {
        const client = await clients.connect('ordered');
        for (let n = 0; n < 20; n++) await publish(n % 2 ? 'broadcast' : 'users/ordered', 'n', n);
        expect((await client.settled()).map(({ data }) => data)).toEqual(Array.from({ length: 20 }, (_, n) => n));
      });
    });

    describe('the end', () => {
      it('by an administrator is 4505, behind what was sent before', async () => {
        const client = await clients.connect('unwanted');
        await publish('users/unwanted', 'last');

        expect((await rest(server(), 'DELETE', '/push/users/unwanted/connections')).status).toBe(202);

        expect((await client.end()).code).toBe(4505);
        expect(client.frames.map(({ event }) => event)).toEqual(['last']);
      });
    });
  });
}
