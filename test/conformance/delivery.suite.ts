import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { dataOf } from './frame-inbox.js';
import { publish, rest } from './http-exchange.js';
import type { TransportRules } from './suite.js';
import { WireClients } from './transport-driver.js';
import type { WireClient } from './transport-driver.js';

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Sections "The envelope", "Frames from the server" and "What is promised": what a client is sent. */
export const describeDelivery: TransportRules = (target, driver) => {
  describe('delivery', () => {
    const clients = new WireClients();
    afterEach(() => clients.endAll());
    const connect = (userId: string, claims = {}) => clients.open(driver, target.shared(), userId, { claims });
    const send = (to: string, event: string, data?: unknown, options = {}) =>
      publish(target.shared(), to, event, data, options);
    const eventsOf = async (client: WireClient) => (await client.settled(target.shared())).map(({ event }) => event);

    if (driver.isLasting) {
      it('begins with the welcome', async () => {
        const { welcome } = await connect('welcomed', { groups: ['a'] });
        expect(welcome).toEqual({
          event: 'push:welcome',
          data: {
            connectionId: expect.any(String),
            userId: 'welcomed',
            groups: ['a'],
            transport: driver.name,
            heartbeatMs: expect.any(Number),
            maxFrameBytes: expect.any(Number),
            cursor: expect.any(String),
            resumed: false,
            expiresAt: expect.stringMatching(ISO),
          },
        });
      });

      it('begins with another connectionId each time', async () => {
        const opened = [await connect('twice'), await connect('twice'), await connect('twice')];
        expect(new Set(opened.map(({ welcome }) => dataOf(welcome, 'connectionId'))).size).toBe(3);
      });
    }

    describe('an application message', () => {
      it('carries the data as it was sent, and the stamps of the server', async () => {
        const client = await connect('stamped');
        const data = JSON.parse('{"constructor":{"a":[null,1.5,"ü 🙂 \\u2028\\n\\r"]},"toString":false}') as unknown;

        const { id } = await send('users/stamped', 'order.status', data);

        expect(await client.next('order.status')).toEqual({
          event: 'order.status',
          data,
          id,
          cursor: expect.any(String),
          ts: expect.stringMatching(ISO),
        });
      });

      it('has its own id and its own place', async () => {
        const client = await connect('counted');
        for (let sent = 0; sent < 5; sent++) await send('users/counted', 'e');
        const frames = await client.settled(target.shared());
        expect(new Set(frames.map(({ id }) => id)).size).toBe(5);
        expect(new Set(frames.map(({ cursor }) => cursor)).size).toBe(5);
      });

      it('reaches every connection of its user, its group or everyone, and no other', async () => {
        const [one, two] = [await connect('a', { groups: ['g'] }), await connect('a')];
        const other = await connect('b');

        await send('users/a', 'user');
        await send('groups/g', 'group');
        await send('broadcast', 'all');

        expect(await eventsOf(other)).toEqual(['all']);
        // A fence goes to both connections of its user, so the second sees that of the first.
        expect(await eventsOf(one)).toEqual(['user', 'group', 'all']);
        expect(await eventsOf(two)).toEqual(['user', 'all', 'fence']);
      });

      it('reaches a connection once, however many of its targets match', async () => {
        const client = await connect('matched', { groups: ['x', 'y'] });
        const message = { target: { users: ['matched'], groups: ['x', 'y'] }, event: 'e' };
        expect((await rest(target.shared(), 'POST', '/push/messages', message)).status).toBe(202);
        expect(await eventsOf(client)).toEqual(['e']);
      });

      it('comes in the order in which it was sent', async () => {
        const client = await connect('ordered');
        for (let n = 0; n < 20; n++) await send(n % 2 ? 'broadcast' : 'users/ordered', 'n', n);
        const frames = await client.settled(target.shared());
        expect(frames.map(({ data }) => data)).toEqual(Array.from({ length: 20 }, (_, n) => n));
      });

      it('is matched by every open connection', async () => {
        await connect('present');
        await eventually(async () => {
          expect(await send('users/present', 'e')).toMatchObject({ matched: { users: 1, connections: 1 } });
        });
      });

      it('finds connections that are listed with their transport', async () => {
        await connect('listed');
        await eventually(async () => {
          const { body } = await rest(target.shared(), 'GET', '/push/connections?user=listed');
          expect(body['items']).toMatchObject([{ userId: 'listed', transport: driver.name }]);
        });
      });
    });
  });
};
