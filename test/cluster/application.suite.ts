import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { BackingFactory } from '../../src/backing/backing.interface.js';
import { Telemetry } from '../../src/core/telemetry.js';
import { PUSH_BACKING } from '../../src/push.tokens.js';
import type { Backing } from '../../src/backing/backing.interface.js';
import { eventually } from '../support/eventually.js';
import { ask } from '../support/http-request.js';
import { PushApp } from '../support/push-app.js';
import { RestClient } from '../support/rest-client.js';
import { RoomsAuthorizer } from '../support/rooms.authorizer.js';
import { SseClient } from '../support/sse-client.js';
import { bearer, signToken } from '../support/tokens.js';

/** What the nodes of one test share. */
export interface ClusterSubject {
  /** The backing of one more node. */
  factory(): BackingFactory;
  close(): Promise<void> | void;
}

const NOBODY = '00000000000000000000';

/** What PushService and REST do on several nodes. `create` makes an empty cluster. */
export function describeCluster(name: string, create: () => Promise<ClusterSubject> | ClusterSubject): void {
  describe(`an application on three nodes over ${name}`, () => {
    let subject: ClusterSubject;
    let nodes: readonly PushApp[];
    let first: PushApp;
    let second: PushApp;
    let third: PushApp;
    const streams: SseClient[] = [];

    const start = async (): Promise<PushApp> =>
      PushApp.start({ push: { backing: subject.factory(), authorizer: RoomsAuthorizer } });

    beforeEach(async () => {
      subject = await create();
      first = await start();
      second = await start();
      third = await start();
      nodes = [first, second, third];
      await eventually(() => nodes.every(({ app }) => app.get<Backing>(PUSH_BACKING).nodes.nodeCount === 3));
    });
    afterEach(async () => {
      for (const stream of streams.splice(0)) stream.close();
      await Promise.all(nodes.map((node) => node.close()));
      await subject.close();
    });

    const idOf = async (user: string): Promise<string> => {
      const [found] = (await first.push.connections({ user })).items;
      if (!found) throw new Error(`${user} is not connected`);
      return found.connectionId;
    };

    it('says on each node who is online on any', async () => {
      await second.connect('7');
      await third.connect('7');
      for (const node of nodes) {
        expect(await node.push.isOnline('7')).toBe(true);
        expect(await node.push.isOnline('8')).toBe(false);
        expect(await node.push.presence(['8', '7'])).toEqual([
          { userId: '8', online: false, connections: 0 },
          { userId: '7', online: true, connections: 2 },
        ]);
      }
      expect((await RestClient.of(first).get('/push/users/7/presence')).json).toEqual({
        userId: '7',
        online: true,
        connections: 2,
      });
    });

    it('lists the connections of all nodes in pages, each once', async () => {
      for (let user = 0; user < 7; user++) await (nodes[user % 3] ?? first).connect(`u${user}`);
      const pages: string[][] = [];
      const holders = new Set<string>();
      for (let cursor: string | undefined; pages.length < 10;) {
        const page = await second.push.connections({}, { limit: 3, cursor });
        pages.push(page.items.map(({ userId }) => userId));
        for (const { node } of page.items) holders.add(node);
        if (page.cursor === null) break;
        cursor = page.cursor;
      }
      expect(pages.map((page) => page.length)).toEqual([3, 3, 1]);
      expect(pages.flat().sort()).toEqual(['u0', 'u1', 'u2', 'u3', 'u4', 'u5', 'u6']);
      expect(holders.size).toBe(3);
    });

    it('counts a user or group once that is on several nodes', async () => {
      await first.connect('7', { groups: ['g'] });
      await second.connect('7', { groups: ['g', 'h'] });
      await third.connect('8');
      const stats = { scope: 'cluster', users: 2, connections: { ws: 3, sse: 0, poll: 0 }, groups: 2, nodes: 3 };
      for (const node of nodes) expect(await node.push.stats()).toEqual(stats);
    });

    it('closes the connections of a user on all nodes', async () => {
      const clients = [await first.connect('7'), await second.connect('7'), await third.connect('7')];
      const other = await third.connect('8');
      const kickedBy: string[] = [];
      for (const { app } of nodes) app.get(Telemetry).listeners.kicked = ({ by }) => kickedBy.push(by);
      expect(await first.push.disconnect({ user: '7' }, { reason: 'enough', by: 'support' })).toEqual({ matched: 3 });
      expect(kickedBy).toEqual(['support', 'support', 'support']);
      for (const client of clients) expect(await client.end()).toEqual({ code: 4505, reason: 'enough' });
      expect(other.closed).toBeUndefined();
    });

    it('closes a connection by its id from any node, and knows those that nobody has', async () => {
      const client = await third.connect('7');
      const rest = RestClient.of(first);
      const { status, json } = await rest.delete(`/push/connections/${await idOf('7')}`);
      expect([status, json]).toEqual([202, { matched: 1 }]);
      expect((await client.end()).code).toBe(4505);
      expect((await rest.delete(`/push/connections/${NOBODY}`)).status).toBe(404);
    });

    it('has ended a token everywhere by the time that its revocation is answered', async () => {
      const token = signToken({ sub: '7', jti: 'j', scope: 'push:admin' });
      const clients = [await first.connect('7', { jti: 'j' }), await second.connect('7', { jti: 'j' })];
      const other = await third.connect('7');

      expect((await RestClient.of(first).post('/push/revocations', { jti: 'j' })).status).toBe(204);

      const askAt = async (node: PushApp, path: string) =>
        (await ask(`${node.origin}${path}`, { headers: bearer(token) })).status;
      expect(await Promise.all(nodes.map((node) => askAt(node, '/push/handshake')))).toEqual([401, 401, 401]);
      expect(await Promise.all(nodes.map((node) => askAt(node, '/push/stats')))).toEqual([401, 401, 401]);
      for (const client of clients) expect((await client.end()).code).toBe(4501);
      expect(other.closed).toBeUndefined();
    });

    it('has connections on other nodes join and leave with the memberships of their users', async () => {
      const client = await second.connect('7');
      await first.push.addToGroup('7', 'g');
      await eventually(async () => (await first.push.connections({ group: 'g' })).items.length === 1);
      await third.push.toGroup('g', 'hello', 1);
      expect(await client.next('hello')).toMatchObject({ data: 1 });
      await third.push.removeFromGroup('7', 'g');
      await eventually(async () => (await first.push.connections({ group: 'g' })).items.length === 0);
    });

    it('counts what a message came to on all nodes for a sender who asks', async () => {
      for (const node of nodes) await node.connect('7');
      await third.connect('8');
      const asked = await first.push.broadcast('e', 1, { report: true });
      expect(asked).toMatchObject({ matched: { users: 2, connections: 4 }, written: 4, scope: 'cluster' });
      expect(asked).not.toHaveProperty('partial');
      const byRest = await RestClient.of(second).post('/push/users/7', { event: 'e' }, { prefer: 'wait=2' });
      expect(byRest.json).toMatchObject({ matched: { users: 1, connections: 3 }, written: 3, scope: 'cluster' });
    });

    it('counts at once what only some nodes hear', async () => {
      await second.connect('7', { groups: ['g'] });
      await third.connect('8');
      const withinMs = 20_000;
      for (const target of [{ users: ['7'] }, { groups: ['g'] }, { users: ['7', '9'], groups: ['g'] }]) {
        const receipt = await first.push.send({ target, event: 'e', report: { withinMs } });
        expect(receipt).toMatchObject({ matched: { users: 1, connections: 1 }, written: 1, scope: 'cluster' });
        expect(receipt).not.toHaveProperty('partial');
      }
    });

    it('counts messages that are not kept as well', async () => {
      await second.connect('7');
      const receipt = await first.push.toUser('7', 'e', 1, { report: true, store: 'none' });
      expect(receipt).toMatchObject({ matched: { users: 1, connections: 1 }, written: 1, scope: 'cluster' });
    });

    it('counts its own for a sender who does not ask, and says so', async () => {
      for (const node of nodes) await node.connect('7');
      const { matched, scope } = await first.push.toUser('7', 'e');
      expect([matched, scope]).toEqual([{ users: 1, connections: 1 }, 'node']);
    });

    describe('with a stream on another node', () => {
      const open = async (node: PushApp, sub: string): Promise<SseClient> => {
        const client = await SseClient.open(`${node.origin}/push/sse`, bearer(signToken({ sub })));
        streams.push(client);
        await client.next('push:welcome');
        return client;
      };
      const send = async (frame: unknown, connectionId: string, sub: string) => {
        const headers = { ...bearer(signToken({ sub })), 'content-type': 'application/json' };
        const { status, text } = await ask(`${first.origin}/push/upstream`, {
          method: 'POST',
          headers: { ...headers, 'push-connection': connectionId },
          body: JSON.stringify(frame),
        });
        return { status, body: JSON.parse(text) as unknown };
      };

      it('carries its frames out there and answers here', async () => {
        const client = await open(second, '7');
        const frame = { event: 'push:join', data: { group: 'room:1' }, ref: 'r' };
        const { status, body } = await send(frame, await idOf('7'), '7');
        expect(status).toBe(200);
        expect(body).toMatchObject({ ref: 'r' });
        await third.push.toGroup('room:1', 'hello', 1);
        expect(await client.next('hello')).toMatchObject({ data: 1 });
      });

      it('does so for its own user only', async () => {
        await open(second, '7');
        const { status, body } = await send({ event: 'push:ping', ref: 'r' }, await idOf('7'), '8');
        expect(status).toBe(403);
        expect(body).toMatchObject({ event: 'push:error', data: { code: 'forbidden' }, ref: 'r' });
      });
    });
  });

  it(`counts a node that is alone over ${name} as the cluster`, async () => {
    const subject = await create();
    const app = await PushApp.start({ push: { backing: subject.factory() } });
    try {
      await eventually(() => app.app.get<Backing>(PUSH_BACKING).nodes.nodeCount === 1);
      await app.connect('7');
      expect(await app.push.broadcast('e')).toMatchObject({ matched: { connections: 1 }, scope: 'cluster' });
      expect(await app.push.stats()).toMatchObject({ users: 1, nodes: 1 });
    } finally {
      await app.close();
      await subject.close();
    }
  });
}
