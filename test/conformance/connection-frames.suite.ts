import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StartedServers } from './conformance-server.js';
import { dataOf } from './frame-inbox.js';
import { publish } from './http-exchange.js';
import type { TransportRules } from './suite.js';
import { WireClients } from './transport-driver.js';
import type { WireClient } from './transport-driver.js';

/** Frames that change the connection they came over: `push:join`, `push:leave`, `push:auth`. */
export const describeConnectionFrames: TransportRules = (target, driver) => {
  describe('frames about the connection', () => {
    const clients = new WireClients();
    const servers = new StartedServers(target);
    let client: WireClient;
    beforeEach(async () => {
      client = await clients.open(driver, target.shared(), 'framer');
    });
    afterEach(async () => {
      clients.endAll();
      await servers.stopAll();
    });
    const codeOf = async (event: string, data?: unknown) => dataOf(await client.request(event, data), 'code');

    if (!driver.isLasting) {
      it.each([
        ['push:join', { group: 'room:1' }],
        ['push:leave', { group: 'room:1' }],
        ['push:auth', { token: 'any' }],
      ])('%s needs a connection', async (event, data) => {
        const reply = await client.request(event, data);
        expect(reply).toMatchObject({ event: 'push:error', data: { code: 'connection_required', status: 409 } });
      });
      return;
    }

    it('push:join brings the messages of the group, push:leave ends them', async () => {
      const data = { group: 'room:1' };
      expect(await client.request('push:join', data)).toMatchObject({ event: 'push:ok', data });
      await publish(target.shared(), 'groups/room:1', 'inside');
      expect(await client.next('inside')).toBeDefined();

      expect(await client.request('push:leave', data)).toMatchObject({ event: 'push:ok', data });
      await publish(target.shared(), 'groups/room:1', 'outside');
      expect(await client.settled(target.shared())).toEqual([]);
    });

    it('push:join is forbidden where the host does not allow it', async () => {
      expect(await codeOf('push:join', { group: 'staff' })).toBe('forbidden');
    });

    it('push:leave is forbidden where the host does not allow it, and changes nothing', async () => {
      const data = { group: 'room:locked' };
      expect(await client.request('push:join', data)).toMatchObject({ event: 'push:ok', data });
      expect(await codeOf('push:leave', data)).toBe('forbidden');
      await publish(target.shared(), 'groups/room:locked', 'inside');
      expect(await client.next('inside')).toBeDefined();
    });

    it.each([[undefined], [{}], [{ group: 5 }], [{ group: '' }], [{ group: 'a b' }], [{ group: 'x'.repeat(129) }]])(
      'push:join of %j is invalid_data',
      async (data) => {
        expect(await codeOf('push:join', data)).toBe('invalid_data');
      },
    );

    it('push:join past the limit of groups is limit_groups', async () => {
      const server = await servers.start({ maxGroupsPerConnection: 1 });
      client = await clients.open(driver, server, 'many', { groups: ['room:1'] });
      expect(await codeOf('push:join', { group: 'room:2' })).toBe('limit_groups');
    });

    it('push:auth takes a fresh token of the same user and answers its end', async () => {
      const exp = Math.floor(Date.now() / 1000) + 5_000;
      const reply = await client.request('push:auth', { token: target.shared().sign({ sub: 'framer', exp }) });
      expect(reply).toMatchObject({ event: 'push:ok', data: { expiresAt: new Date(exp * 1000).toISOString() } });
    });

    it('push:auth with a bad token changes nothing', async () => {
      expect(await codeOf('push:auth', { token: 'junk' })).toBe('forbidden');
      expect(await client.request('push:ping')).toMatchObject({ event: 'push:pong' });
    });

    it("push:auth with another user's token closes with 4503", async () => {
      const token = target.shared().sign({ sub: 'another' });
      // On a WebSocket the close is the answer.
      void client.request('push:auth', { token }).catch(() => {});
      expect(await client.end()).toEqual(driver.endOf(4503));
    });
  });
};
