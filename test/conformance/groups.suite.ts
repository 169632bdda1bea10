import { afterEach, describe, expect, it } from '@jest/globals';
import { StartedServers } from './conformance-server.js';
import { dataOf } from './frame-inbox.js';
import type { Frame } from './frame-inbox.js';
import { publish, rest } from './http-exchange.js';
import type { TransportRules } from './suite.js';
import { WireClients } from './transport-driver.js';

const codes = (frames: readonly Frame[]) => frames.map((frame) => dataOf(frame, 'code') ?? frame.event);

/** Where a connection's groups come from: its token, the server, and `?groups=`. */
export const describeGroups: TransportRules = (target, driver) => {
  describe('groups', () => {
    const clients = new WireClients();
    const servers = new StartedServers(target);
    afterEach(async () => {
      clients.endAll();
      await servers.stopAll();
    });

    it('of ?groups= are joined at connect', async () => {
      const client = await clients.open(driver, target.shared(), 'asker', { groups: ['room:1', 'room:2'] });
      await publish(target.shared(), 'groups/room:2', 'e');
      expect((await client.settled(target.shared())).map(({ event }) => event)).toEqual(['e']);
    });

    it('of each ?groups= are joined where there are several', async () => {
      const groupLists = ['room:1,room:2', '', 'room:3'];
      const client = await clients.open(driver, target.shared(), 'lister', { groupLists });
      for (const room of [2, 3]) await publish(target.shared(), `groups/room:${room}`, `e${room}`);
      expect((await client.settled(target.shared())).map(({ event }) => event)).toEqual(['e2', 'e3']);
    });

    it('of ?groups= that are refused are told of, and refuse nothing else', async () => {
      const client = await clients.open(driver, target.shared(), 'hopeful', { groups: ['staff', 'room:3', 'a b'] });

      const errors = [await client.next('push:error'), await client.next('push:error')];
      expect(codes(errors)).toEqual(['forbidden', 'forbidden']);
      expect(dataOf(errors[0], 'detail')).toContain('staff');

      for (const group of ['staff', 'room:3']) await publish(target.shared(), `groups/${group}`, group);
      const events = (await client.settled(target.shared())).map(({ event }) => event);
      expect(events.filter((event) => event !== 'push:error')).toEqual(['room:3']);
    });

    it('of ?groups= are limited', async () => {
      const server = await servers.start({ maxGroupsPerConnection: 1 });
      const client = await clients.open(driver, server, 'many', { groups: ['room:1', 'room:2'] });
      expect(codes([await client.next('push:error')])).toEqual(['limit_groups']);
    });

    it('of the token need no permission', async () => {
      const client = await clients.open(driver, target.shared(), 'staffer', { claims: { groups: ['staff'] } });
      await publish(target.shared(), 'groups/staff', 'e');
      expect((await client.settled(target.shared())).map(({ event }) => event)).toEqual(['e']);
    });

    it('that the server gives and takes are so at once', async () => {
      const server = target.shared();
      const client = await clients.open(driver, server, 'member');
      const membership = '/push/groups/given/members/member';

      expect((await rest(server, 'PUT', membership)).status).toBe(204);
      await publish(server, 'groups/given', 'inside');
      expect(await client.next('inside')).toBeDefined();

      expect((await rest(server, 'DELETE', membership)).status).toBe(204);
      await publish(server, 'groups/given', 'outside');
      expect(await client.settled(server)).toEqual([]);
    });
  });
};
