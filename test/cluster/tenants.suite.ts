import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PushAuthorizer } from '../../src/auth/push-authorizer.js';
import type { BackingFactory } from '../../src/backing/backing.interface.js';
import type { Envelope } from '../../src/protocol/frames.js';
import type { PushService } from '../../src/push/push.service.js';
import type { Revocation } from '../../src/push/push-types.js';
import { eventually } from '../support/eventually.js';
import { ask } from '../support/http-request.js';
import { PushApp } from '../support/push-app.js';
import { RestClient } from '../support/rest-client.js';
import { SseClient } from '../support/sse-client.js';
import { bearer, signToken, TEST_SECRET } from '../support/tokens.js';
import type { Claims } from '../support/tokens.js';
import type { WsClient } from '../support/ws-client.js';
import type { ClusterSubject } from './application.suite.js';

/** Names that any of keys, patterns, paths, objects or escapes might take for another, and those of a user and a group. */
export const HOSTILE_TENANTS = [
  'a:b',
  'a%3Ab',
  'a%253Ab',
  '{x}',
  'x',
  '%7Bx%7D',
  '../',
  '*',
  '?',
  '[a-z]',
  ' ',
  '"',
  '\\',
  '__proto__',
  'constructor',
  'undefined',
  'default',
  'Acme',
  'acme',
  'é',
  'e\u0301',
  '7',
  'room:1',
  '漢'.repeat(128),
  '漢'.repeat(127),
] as const;

/** Whatever keeps tenants apart, it is not the authorizer. */
class AllowingAuthorizer extends PushAuthorizer {
  override canJoin(): boolean {
    return true;
  }

  override canSend(): boolean {
    return true;
  }
}

const [OURS, THEIRS] = ['a:b', 'a%3Ab'];

/** What nobody of one tenant may do to, or learn of, another, on two nodes. `create` makes an empty cluster. */
export function describeTenants(name: string, create: () => Promise<ClusterSubject> | ClusterSubject): void {
  describe(`tenants on two nodes over ${name}`, () => {
    let subject: ClusterSubject;
    let first: PushApp;
    let second: PushApp;
    const streams: SseClient[] = [];

    const start = (backing: BackingFactory): Promise<PushApp> => {
      const jwt = { secret: TEST_SECRET, algorithms: ['HS256' as const] };
      return PushApp.start({ push: { backing, auth: { jwt, tenantClaim: 'tenant' }, authorizer: AllowingAuthorizer } });
    };

    beforeEach(async () => {
      subject = await create();
      first = await start(subject.factory());
      second = await start(subject.factory());
      await eventually(async () => (await first.push.stats()).nodes === 2 && (await second.push.stats()).nodes === 2);
    });
    afterEach(async () => {
      for (const stream of streams.splice(0)) stream.close();
      await Promise.all([first.close(), second.close()]);
      await subject.close();
    });

    const join = (node: PushApp, tenant: string, claims: Claims = {}, query = ''): Promise<WsClient> =>
      node.connect('7', { tenant, groups: ['room:1'], ...claims }, { query });
    const pushOf = (node: PushApp, tenant: string): PushService => node.push.forTenant(tenant);
    const restOf = (node: PushApp, tenant: string): RestClient => RestClient.of(node, { sub: 'admin', tenant });
    const idOf = async (tenant: string): Promise<string> => {
      const [found] = (await pushOf(first, tenant).connections({ user: '7' })).items;
      if (!found) throw new Error(`user 7 of ${tenant} is not connected`);
      return found.connectionId;
    };
    const messagesOf = async (client: WsClient): Promise<readonly Envelope[]> =>
      (await client.settled()).filter(({ event }) => !event.startsWith('push:'));

    it('keeps those of hostile names apart, all at once', async () => {
      const clients = new Map<string, WsClient>();
      for (const [index, tenant] of HOSTILE_TENANTS.entries())
        clients.set(tenant, await join(index % 2 ? first : second, tenant));

      for (const [index, tenant] of HOSTILE_TENANTS.entries()) {
        const push = pushOf(index % 2 ? second : first, tenant);
        const stranger = await idOf(HOSTILE_TENANTS[(index + 1) % HOSTILE_TENANTS.length] ?? '');
        const one = { matched: { users: 1, connections: 1 }, duplicate: false };
        const options = { report: true, idempotencyKey: 'same' } as const;
        expect(await push.broadcast('all', tenant, options)).toMatchObject(one);
        expect(await push.toUser('7', 'user', tenant, { report: true })).toMatchObject(one);
        expect(await push.toGroup('room:1', 'group', tenant, { report: true })).toMatchObject(one);
        const missed = { matched: { users: 0, connections: 0 } };
        expect(await push.toConnection(stranger, 'connection', tenant, { report: true })).toMatchObject(missed);
        expect(await push.presence(['7'])).toMatchObject([{ connections: 1 }]);
        expect(await push.stats()).toMatchObject({ users: 1, connections: { ws: 1 }, groups: 1, nodes: 2 });
        expect((await push.connections()).items).toMatchObject([{ userId: '7' }]);
      }

      for (const [tenant, client] of clients) {
        for (const event of ['all', 'user', 'group']) expect((await client.next(event)).data).toBe(tenant);
        expect(await messagesOf(client)).toEqual([]);
      }
    });

    it('has nobody in the default tenant where a claim names one', async () => {
      const client = await join(first, OURS);
      expect(await second.push.broadcast('e', 1, { report: true })).toMatchObject({ matched: { connections: 0 } });
      expect(await second.push.isOnline('7')).toBe(false);
      expect(await second.push.stats()).toMatchObject({ users: 0 });
      expect(await messagesOf(client)).toEqual([]);
    });

    it('keeps memberships apart', async () => {
      const [ours, theirs] = [await join(first, OURS), await join(first, THEIRS)];
      await pushOf(second, OURS).addToGroup('7', 'vip');
      await eventually(async () => (await pushOf(first, OURS).connections({ group: 'vip' })).items.length === 1);

      expect(await pushOf(first, OURS).groupsOf('7')).toEqual(['vip']);
      expect(await pushOf(first, THEIRS).groupsOf('7')).toEqual([]);
      expect((await pushOf(first, THEIRS).membersOf('vip')).items).toEqual([]);
      await pushOf(first, THEIRS).removeFromGroup('7', 'vip');
      await pushOf(second, THEIRS).toGroup('vip', 'e', 'theirs');
      await pushOf(second, OURS).toGroup('vip', 'e', 'ours');

      expect(await ours.next('e')).toMatchObject({ data: 'ours' });
      expect([await messagesOf(ours), await messagesOf(theirs)]).toEqual([[], []]);
      expect(await pushOf(second, OURS).groupsOf('7')).toEqual(['vip']);
    });

    it('closes nobody of another', async () => {
      const [ours, theirs] = [await join(first, OURS), await join(second, THEIRS)];
      const theirId = await idOf(THEIRS);
      expect(await pushOf(second, OURS).disconnect({ connection: theirId })).toEqual({ matched: 0 });
      expect(await pushOf(second, OURS).disconnect({ user: '7' })).toEqual({ matched: 1 });
      expect((await ours.end()).code).toBe(4505);
      expect(await pushOf(first, OURS).disconnect({ group: 'room:1' })).toEqual({ matched: 0 });
      expect(await theirs.request('push:ping')).toMatchObject({ event: 'push:pong' });
    });

    it.each<[string, () => Revocation]>([
      ['sub', () => ({ sub: '7' })],
      ['jti', () => ({ jti: 'j' })],
      ['issuedBefore', () => ({ issuedBefore: Math.floor(Date.now() / 1000) + 2 })],
    ])('ends no token of another by %s', async (_member, revocation) => {
      const theirs = await join(first, THEIRS, { jti: 'j' });
      const [here, there] = [await join(first, OURS, { jti: 'j' }), await join(second, OURS, { jti: 'j' })];

      await pushOf(second, OURS).revoke(revocation());

      expect([(await here.end()).code, (await there.end()).code]).toEqual([4501, 4501]);
      expect(await theirs.request('push:ping')).toMatchObject({ event: 'push:pong' });
      const statusOf = async (tenant: string) => {
        // From before the revocation, whichever second it is.
        const token = signToken({ tenant, jti: 'j', iat: Math.floor(Date.now() / 1000) - 60 });
        return (await ask(`${first.origin}/push/handshake`, { headers: bearer(token) })).status;
      };
      expect([await statusOf(OURS), await statusOf(THEIRS)]).toEqual([401, 204]);
    });

    it('replays nothing of another after its cursor, and says that there is a gap', async () => {
      const ours = await join(first, OURS);
      await pushOf(first, OURS).toUser('7', 'before', 'ours');
      const { cursor = '' } = await ours.next('before');
      await pushOf(first, OURS).toUser('7', 'after', 'ours');
      await pushOf(first, THEIRS).toUser('7', 'held', 'theirs');
      const query = `?cursor=${encodeURIComponent(cursor)}`;

      const theirs = await join(second, THEIRS, {}, query);
      expect(await theirs.next('push:gap')).toMatchObject({ data: { reason: 'reset' } });
      expect(await theirs.next('held')).toMatchObject({ data: 'theirs' });
      expect(await messagesOf(theirs)).toEqual([]);

      const back = await join(second, OURS, {}, query);
      expect(await back.next('after')).toMatchObject({ data: 'ours' });
      expect(await messagesOf(back)).toEqual([]);

      const headers = bearer(signToken({ tenant: THEIRS, groups: ['room:1'] }));
      const poll = JSON.parse((await ask(`${first.origin}/push/poll${query}&wait=0`, { headers })).text) as {
        readonly messages: readonly Envelope[];
      };
      expect(poll.messages.map(({ event }) => event)).toEqual(['push:gap', 'held']);
    });

    it('has frames of clients reach their own tenant only', async () => {
      const [ours, peer, theirs] = [await join(first, OURS), await join(second, OURS), await join(second, THEIRS)];
      const to = [{ user: '7' }, { group: 'room:1' }];
      for (const target of to) {
        const reply = await ours.request('push:send', { to: target, event: 'chat', data: 'ours' });
        expect(reply).toMatchObject({ event: 'push:ok' });
        expect(await peer.next('chat')).toMatchObject({ data: 'ours', from: '7' });
      }
      expect(await messagesOf(theirs)).toEqual([]);

      expect(await ours.request('push:auth', { token: signToken({ tenant: OURS }) })).toMatchObject({
        event: 'push:ok',
      });
      ours.send('push:auth', { token: signToken({ tenant: THEIRS }) });
      expect((await ours.end()).code).toBe(4503);
    });

    it('carries out no frame by request for a stream of another', async () => {
      const open = async (node: PushApp, tenant: string): Promise<SseClient> => {
        const stream = await SseClient.open(`${node.origin}/push/sse`, bearer(signToken({ tenant })));
        streams.push(stream);
        await stream.next('push:welcome');
        return stream;
      };
      await open(first, THEIRS);
      await open(second, OURS);
      const send = async (tenant: string, stream: string) => {
        const headers = { ...bearer(signToken({ tenant })), 'content-type': 'application/json' };
        const { status } = await ask(`${first.origin}/push/upstream`, {
          method: 'POST',
          headers: { ...headers, 'push-connection': await idOf(stream) },
          body: JSON.stringify({ event: 'push:join', data: { group: 'room:2' } }),
        });
        return status;
      };
      expect(await send(OURS, THEIRS)).toBe(403);
      expect((await pushOf(first, THEIRS).connections({ group: 'room:2' })).items).toEqual([]);
      expect(await send(OURS, OURS)).toBe(200);
      expect((await pushOf(first, OURS).connections({ group: 'room:2' })).items).toHaveLength(1);
    });

    it('lets a ticket open a connection of its own tenant', async () => {
      const theirs = await join(first, THEIRS);
      const { text } = await ask(`${first.origin}/push/ticket`, {
        method: 'POST',
        headers: bearer(signToken({ tenant: OURS })),
      });
      const { ticket } = JSON.parse(text) as { readonly ticket: string };
      const stream = await SseClient.open(`${second.origin}/push/sse?ticket=${ticket}`);
      streams.push(stream);
      await stream.next('push:welcome');

      await pushOf(first, OURS).broadcast('e', 'ours');

      expect(await stream.next('e')).toMatchObject({ data: 'ours' });
      expect(await messagesOf(theirs)).toEqual([]);
      expect(await pushOf(first, OURS).presence(['7'])).toMatchObject([{ connections: 1 }]);
    });

    describe('by REST', () => {
      const message = { event: 'e', data: 'ours' };
      const all = { target: { all: true }, ...message };
      const everywhere = { prefer: 'wait=2' };

      it.each<[string, unknown]>([
        ['/push/broadcast', message],
        ['/push/users/7', message],
        ['/push/groups/room:1', message],
        ['/push/messages', all],
        ['/push/messages', { target: { users: ['7'], groups: ['room:1'] }, ...message }],
      ])('sends with %s to the caller’s own tenant', async (path, body) => {
        const [ours, theirs] = [await join(second, OURS), await join(second, THEIRS)];
        const { status, json } = await restOf(first, OURS).post(path, body, everywhere);
        expect([status, json]).toMatchObject([202, { matched: { users: 1, connections: 1 }, written: 1 }]);
        expect(await ours.next('e')).toMatchObject({ data: 'ours' });
        expect(await messagesOf(theirs)).toEqual([]);
      });

      it('sends each message of a batch to the caller’s own tenant', async () => {
        const [ours, theirs] = [await join(second, OURS), await join(second, THEIRS)];
        const foreign = { target: { connections: [await idOf(THEIRS)] }, ...message };
        const { json } = await restOf(first, OURS).post('/push/batch', { messages: [all, foreign] }, everywhere);
        expect(json).toMatchObject({ results: [{ matched: { connections: 1 } }, { matched: { connections: 0 } }] });
        expect(await ours.next('e')).toMatchObject({ data: 'ours' });
        expect([await messagesOf(ours), await messagesOf(theirs)]).toEqual([[], []]);
      });

      it('keeps the idempotency keys of each tenant', async () => {
        const key = { 'idempotency-key': 'same' };
        for (const tenant of [OURS, THEIRS]) {
          const { status, headers } = await restOf(first, tenant).post('/push/broadcast', message, key);
          expect([status, headers['idempotency-replayed']]).toEqual([202, undefined]);
        }
        const other = { ...message, data: 'other' };
        expect((await restOf(second, OURS).post('/push/broadcast', other, key)).status).toBe(422);
        const again = await restOf(second, THEIRS).post('/push/broadcast', message, key);
        expect(again.headers['idempotency-replayed']).toBe('true');
      });

      it('holds and lists members of the caller’s own tenant', async () => {
        await restOf(first, OURS).put('/push/groups/vip/members/7');
        await restOf(first, THEIRS).delete('/push/groups/vip/members/7');
        const membersOf = async (tenant: string) => (await restOf(second, tenant).get('/push/groups/vip/members')).json;
        expect(await membersOf(OURS)).toEqual({ items: [{ userId: '7' }], cursor: null });
        expect(await membersOf(THEIRS)).toEqual({ items: [], cursor: null });
      });

      it('lists, counts and finds the caller’s own tenant', async () => {
        await join(second, THEIRS);
        const rest = restOf(first, OURS);
        const theirId = await idOf(THEIRS);
        expect((await rest.get('/push/connections')).json).toEqual({ items: [], cursor: null });
        expect((await rest.get('/push/connections?user=7&group=room:1')).json).toEqual({ items: [], cursor: null });
        expect((await rest.get('/push/users/7/presence')).json).toMatchObject({ online: false, connections: 0 });
        expect((await rest.post('/push/presence', { users: ['7'] })).json).toMatchObject({
          items: [{ online: false }],
        });
        expect((await rest.get('/push/stats')).json).toMatchObject({ users: 0, groups: 0, connections: { ws: 0 } });
        expect((await rest.delete(`/push/connections/${theirId}`)).status).toBe(404);
        expect((await rest.delete('/push/users/7/connections')).json).toEqual({ matched: 0 });
        expect((await restOf(first, THEIRS).delete(`/push/connections/${theirId}`)).status).toBe(202);
      });

      it('ends tokens of the caller’s own tenant', async () => {
        const [ours, theirs] = [await join(second, OURS), await join(second, THEIRS)];
        expect((await restOf(first, OURS).post('/push/revocations', { sub: '7' })).status).toBe(204);
        expect((await ours.end()).code).toBe(4501);
        expect(await theirs.request('push:ping')).toMatchObject({ event: 'push:pong' });
      });

      it.each([undefined, '', 'a\u0000', 7, null, 'x'.repeat(129)])(
        'refuses a caller of the tenant %j',
        async (tenant) => {
          const { status } = await RestClient.of(first, { tenant }).get('/push/stats');
          expect(status).toBe(401);
          const headers = bearer(signToken({ tenant }));
          expect((await ask(`${first.origin}/push/handshake`, { headers })).status).toBe(401);
        },
      );
    });
  });
}
