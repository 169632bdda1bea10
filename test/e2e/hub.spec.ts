import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PushError } from '../../src/core/push-error.js';
import type { ConnectionFilter } from '../../src/push/push-types.js';
import { eventually } from '../support/eventually.js';
import { PushApp } from '../support/push-app.js';
import { refusalOf } from '../support/ws-client.js';
import type { WsClient } from '../support/ws-client.js';
import { signToken } from '../support/tokens.js';

let app: PushApp;

beforeEach(async () => {
  app = await PushApp.start();
});
afterEach(() => app.close());

/** Names of the application messages that have come to each client by now. */
async function eventsOf(...clients: readonly WsClient[]): Promise<string[][]> {
  const frames = await Promise.all(clients.map((client) => client.settled()));
  return frames.map((received) => received.map(({ event }) => event));
}

async function connectionIdOf(userId: string): Promise<string> {
  const { items } = await app.push.connections({ user: userId });
  return items.at(-1)?.connectionId ?? '';
}

/** The error that the promise rejects with. */
async function refused(promise: Promise<unknown>): Promise<PushError> {
  const error = await promise.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!(error instanceof PushError)) throw new Error(`expected a PushError, got ${String(error)}`);
  return error;
}

describe('PushService sends', () => {
  it('to every connection of everyone', async () => {
    const clients = [await app.connect('7'), await app.connect('7'), await app.connect('8')];

    const receipt = await app.push.broadcast('announcement', { text: 'hello' });

    expect(receipt).toMatchObject({ matched: { users: 2, connections: 3 }, written: 3, scope: 'cluster' });
    expect(await eventsOf(...clients)).toEqual([['announcement'], ['announcement'], ['announcement']]);
  });

  it('to every tab and device of a user, and to several users', async () => {
    const clients = [await app.connect('7'), await app.connect('7'), await app.connect('8'), await app.connect('9')];

    expect(await app.push.toUser('7', 'one')).toMatchObject({ matched: { users: 1, connections: 2 } });
    expect(await app.push.toUser(['7', '9', 'away'], 'many')).toMatchObject({ matched: { users: 2, connections: 3 } });

    expect(await eventsOf(...clients)).toEqual([['one', 'many'], ['one', 'many'], [], ['many']]);
  });

  it('to the members of a group and of several groups', async () => {
    const clients = [
      await app.connect('7', { groups: ['a'] }),
      await app.connect('8', { groups: ['a', 'b'] }),
      await app.connect('9', { groups: ['c'] }),
    ];

    await app.push.toGroup('a', 'one');
    await app.push.toGroup(['a', 'b', 'empty'], 'many');

    expect(await eventsOf(...clients)).toEqual([['one', 'many'], ['one', 'many'], []]);
  });

  it('to one connection', async () => {
    const first = await app.connect('7');
    const second = await app.connect('7');

    const receipt = await app.push.toConnection(await connectionIdOf('7'), 'only.here');

    expect(receipt.matched).toEqual({ users: 1, connections: 1 });
    expect(await eventsOf(first, second)).toEqual([[], ['only.here']]);
  });

  it('once per connection however many members of the target name it', async () => {
    const client = await app.connect('7', { groups: ['a', 'b'] });
    const connections = [await connectionIdOf('7')];

    const receipt = await app.push.send({
      target: { users: ['7', '7'], groups: ['a', 'b', 'a'], connections },
      event: 'once',
    });

    expect(receipt).toMatchObject({ matched: { users: 1, connections: 1 }, written: 1 });
    expect(await eventsOf(client)).toEqual([['once']]);
  });

  it('to all but the exceptions', async () => {
    const user = await app.connect('7');
    const member = await app.connect('8', { groups: ['quiet'] });
    const connection = await app.connect('9');
    const connections = [await connectionIdOf('9')];
    const sibling = await app.connect('9');

    const receipt = await app.push.send({
      target: { all: true, except: { users: ['7'], groups: ['quiet'], connections } },
      event: 'rest',
    });

    expect(receipt.matched).toEqual({ users: 1, connections: 1 });
    expect(await eventsOf(user, member, connection, sibling)).toEqual([[], [], [], ['rest']]);
  });

  it('to members of a group but the one who caused it', async () => {
    const [cause, other] = [await app.connect('7', { groups: ['g'] }), await app.connect('8', { groups: ['g'] })];

    await app.push.send({ target: { groups: ['g'], except: { users: ['7'] } }, event: 'edited' });

    expect(await eventsOf(cause, other)).toEqual([[], ['edited']]);
  });

  it('without anyone there, and says so', async () => {
    expect(await app.push.toUser('away', 'e')).toEqual({
      id: expect.any(String),
      duplicate: false,
      matched: { users: 0, connections: 0 },
      written: 0,
      scope: 'cluster',
    });
  });

  it('in order, many at once', async () => {
    const client = await app.connect('7');
    const sends = Array.from({ length: 500 }, (_, index) =>
      index % 2 ? app.push.broadcast('n', index) : app.push.toUser('7', 'n', index),
    );
    await Promise.all(sends);

    const received = await client.settled();

    expect(received.map(({ data }) => data)).toEqual(Array.from({ length: 500 }, (_, index) => index));
  });
});

describe('the envelope', () => {
  it('is stamped by the server and carries data as it was sent', async () => {
    const client = await app.connect('7');
    const data = JSON.parse('{"constructor":{"a":[1,null,"ü \\u2028 🙂"]},"toString":1,"e":1e21}') as unknown;

    const { id } = await app.push.toUser('7', 'order.status', data);

    const envelope = await client.next('order.status');
    expect(envelope).toEqual({
      event: 'order.status',
      data,
      id,
      cursor: expect.any(String),
      ts: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
    expect(Math.abs(Date.parse(envelope.ts ?? '') - Date.now())).toBeLessThan(60_000);
  });

  it('is the same for every recipient', async () => {
    const [one, other] = [await app.connect('7'), await app.connect('8')];
    await app.push.broadcast('e', 1);
    expect(await one.next('e')).toEqual(await other.next('e'));
  });

  it('has an id and a place that no other message has', async () => {
    const client = await app.connect('7');
    for (let sent = 0; sent < 50; sent++) await app.push.toUser('7', 'e');

    const envelopes = await client.settled();

    expect(new Set(envelopes.map(({ id }) => id)).size).toBe(50);
    expect(new Set(envelopes.map(({ cursor }) => cursor)).size).toBe(50);
  });

  it('carries null where nothing was sent', async () => {
    const client = await app.connect('7');
    await app.push.toUser('7', 'e');
    expect(await client.next('e')).toHaveProperty('data', null);
  });

  it('carries the place before it when it is not stored', async () => {
    const client = await app.connect('7');
    await app.push.toUser('7', 'stored');
    await app.push.toUser('7', 'passing', 1, { store: 'none' });
    await app.push.toUser('7', 'stored.later');

    const [stored, passing, later] = await client.settled();

    expect(passing?.cursor).toBe(stored?.cursor);
    expect(later?.cursor).not.toBe(stored?.cursor);
    expect(passing?.id).not.toBe(stored?.id);
  });
});

describe('the receipt', () => {
  it('counts only once everyone has taken or lost the message, when a report is asked for', async () => {
    for (let user = 0; user < 5; user++) await app.connect(`${user}`);
    expect(await app.push.broadcast('e', 1, { report: true })).toMatchObject({
      matched: { users: 5, connections: 5 },
      written: 5,
      scope: 'cluster',
    });
  });

  it('is the first one again for the same idempotency key, and nothing is sent', async () => {
    const client = await app.connect('7');
    const send = () => app.push.toUser('7', 'e', { n: 1 }, { idempotencyKey: 'k' });

    const [first, second] = [await send(), await send()];

    expect(first.duplicate).toBe(false);
    expect(second).toEqual({ ...first, duplicate: true });
    expect(await eventsOf(client)).toEqual([['e']]);
  });

  it('is refused for another message under the same key, and while the first is in progress', async () => {
    const first = app.push.toUser('7', 'e', 1, { idempotencyKey: 'k' });
    const meanwhile = await refused(app.push.toUser('7', 'e', 1, { idempotencyKey: 'k' }));
    await first;
    const other = await refused(app.push.toUser('7', 'e', 2, { idempotencyKey: 'k' }));

    expect([meanwhile.code, other.code]).toEqual(['PUSH_ERR_IDEMPOTENCY_IN_PROGRESS', 'PUSH_ERR_IDEMPOTENCY_MISMATCH']);
  });
});

describe('invalid sends', () => {
  it('are refused with every problem', async () => {
    const error = await refused(
      app.push.send({
        target: { users: ['', '7'], groups: ['a b'], except: { users: ['\u0000'] } },
        event: 'not valid',
        ttlSeconds: -1,
        collapseKey: '',
      }),
    );

    expect(error.code).toBe('PUSH_ERR_INVALID_ARGUMENT');
    expect(error.errors?.map(({ pointer }) => pointer)).toEqual([
      '/event',
      '/target/users/0',
      '/target/groups/0',
      '/target/except/users/0',
      '/ttlSeconds',
      '/collapseKey',
    ]);
  });

  it.each([
    ['no target', () => app.push.send({ event: 'e' } as never)],
    ['no message at all', () => app.push.send(undefined as never)],
    ['no user', () => app.push.toUser(undefined as never, 'e')],
    ['no event', () => app.push.broadcast(undefined as never, undefined as never)],
    ['all and some', () => app.push.send({ target: { all: true, users: ['7'] } as never, event: 'e' })],
  ])('are refused as invalid with %s', async (_what, send) => {
    expect((await refused(send())).code).toBe('PUSH_ERR_INVALID_ARGUMENT');
  });

  it('of reserved events are refused', async () => {
    expect((await refused(app.push.broadcast('push:welcome'))).code).toBe('PUSH_ERR_RESERVED_EVENT');
    const { code, errors } = await refused(
      app.push.send({ target: { users: [''] }, event: 'push:welcome', ttlSeconds: -1 }),
    );
    expect(code).toBe('PUSH_ERR_RESERVED_EVENT');
    expect(errors?.map(({ pointer }) => pointer)).toEqual(['/event', '/target/users/0', '/ttlSeconds']);
  });

  it('with an own key __proto__ are refused at any depth', async () => {
    const data = JSON.parse('{"a":[{"__proto__":{"admin":true}}]}') as unknown;
    expect((await refused(app.push.broadcast('e', data))).code).toBe('PUSH_ERR_INVALID_DATA');
  });

  it('past 64 KiB of data are refused, those up to it arrive', async () => {
    const client = await app.connect('7');
    const most = 'x'.repeat(65_536 - 2);
    await app.push.broadcast('e', most);

    expect((await refused(app.push.broadcast('e', `${most}x`))).code).toBe('PUSH_ERR_PAYLOAD_TOO_LARGE');
    expect((await client.next('e')).data).toBe(most);
  });

  it('reach nobody', async () => {
    const client = await app.connect('7');
    await refused(app.push.broadcast('push:mine'));
    await refused(app.push.send({ target: { all: true, except: { groups: ['a b'] } }, event: 'e' }));
    expect(await eventsOf(client)).toEqual([[]]);
  });
});

describe('memberships', () => {
  it('refuse an option of another name, and list all that is wrong', async () => {
    const { errors } = await refused(app.push.addToGroup('', 'a b', { expiresAt: 0, until: 1 } as never));
    expect(errors?.map(({ pointer }) => pointer)).toEqual(['/userId', '/group', '/until', '/expiresAt']);
  });

  it.each(['zzz', '***', '', 'x'.repeat(5_000)])('have no page from %j on', async (cursor) => {
    const { errors } = await refused(app.push.membersOf('g', { cursor }));
    expect(errors).toEqual([{ pointer: '/cursor', detail: 'not the cursor of a page' }]);
  });

  it('take effect at once on live connections and last for those to come', async () => {
    const before = await app.connect('7');
    await app.push.addToGroup('7', 'staff');
    await app.push.toGroup('staff', 'first');
    await before.close();
    const after = await app.connect('7');
    await app.push.toGroup('staff', 'second');

    expect(before.frames.map(({ event }) => event)).toEqual(['first']);
    expect(await eventsOf(after)).toEqual([['second']]);
    expect(await app.push.groupsOf('7')).toEqual(['staff']);
  });

  it('show in the welcome beside those of the token', async () => {
    await app.push.addToGroup('7', 'held');
    await app.connect('7', { groups: ['claimed'] });
    const { items } = await app.push.connections({ user: '7' });
    expect([...(items[0]?.groups ?? [])].sort()).toEqual(['claimed', 'held']);
  });

  it('end with removeFromGroup, except where the token names the group', async () => {
    const [held, claimed] = [await app.connect('7'), await app.connect('8', { groups: ['g'] })];
    for (const user of ['7', '8']) await app.push.addToGroup(user, 'g');

    for (const user of ['7', '8']) await app.push.removeFromGroup(user, 'g');
    await app.push.toGroup('g', 'e');

    expect(await eventsOf(held, claimed)).toEqual([[], ['e']]);
    expect(await app.push.groupsOf('8')).toEqual([]);
  });

  it('can be repeated, and ended where there are none', async () => {
    await app.push.addToGroup('7', 'g');
    await app.push.addToGroup('7', 'g');
    await app.push.removeFromGroup('7', 'g');
    await app.push.removeFromGroup('7', 'g');
    expect(await app.push.groupsOf('7')).toEqual([]);
  });

  it('end by themselves at expiresAt, for live connections too', async () => {
    const client = await app.connect('7');
    const expiresAt = new Date(Date.now() + 300);
    await app.push.addToGroup('7', 'g', { expiresAt });
    expect(await app.push.membersOf('g')).toEqual({
      items: [{ userId: '7', expiresAt: expiresAt.toISOString() }],
      cursor: null,
    });
    expect((await app.push.toGroup('g', 'during')).matched.users).toBe(1);

    await eventually(async () => (await app.push.toGroup('g', 'after')).matched.users === 0);

    expect(Date.now()).toBeGreaterThanOrEqual(expiresAt.getTime());
    expect(await app.push.membersOf('g')).toEqual({ items: [], cursor: null });
    expect((await eventsOf(client))[0]).toContain('during');
  });

  it('take the end as a date, as ISO text or as milliseconds', async () => {
    const at = Date.now() + 3_600_000;
    for (const expiresAt of [new Date(at), new Date(at).toISOString(), at]) {
      await app.push.addToGroup('7', 'g', { expiresAt });
      const { items } = await app.push.membersOf('g');
      expect(items).toEqual([{ userId: '7', expiresAt: new Date(at).toISOString() }]);
    }
  });

  it('are listed page by page', async () => {
    for (let user = 10; user < 35; user++) await app.push.addToGroup(`${user}`, 'g');

    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await app.push.membersOf('g', { limit: 10, cursor });
      seen.push(...page.items.map(({ userId }) => userId));
      cursor = page.cursor ?? undefined;
    } while (cursor !== undefined);

    expect(seen).toEqual(Array.from({ length: 25 }, (_, index) => `${index + 10}`));
  });

  it.each([
    ['a bad group', () => app.push.addToGroup('7', 'a b'), ['/group']],
    ['a moment that is over', () => app.push.addToGroup('7', 'g', { expiresAt: Date.now() - 1 }), ['/expiresAt']],
    ['no moment', () => app.push.addToGroup('7', 'g', { expiresAt: 'soon' }), ['/expiresAt']],
    ['a day that is none', () => app.push.addToGroup('7', 'g', { expiresAt: '2030-02-30T00:00:00Z' }), ['/expiresAt']],
    ['all of that', () => app.push.addToGroup('', 'a b', { expiresAt: 'soon' }), ['/userId', '/group', '/expiresAt']],
    ['a bad user and group', () => app.push.removeFromGroup('', 'a b'), ['/userId', '/group']],
    ['a bad limit', () => app.push.membersOf('g', { limit: 1_001 }), ['/limit']],
  ])('are refused with %s', async (_what, call, pointers) => {
    const { code, errors } = await refused(call());
    expect([code, errors?.map(({ pointer }) => pointer)]).toEqual(['PUSH_ERR_INVALID_ARGUMENT', pointers]);
  });
});

describe('who is connected', () => {
  it('is told by user', async () => {
    const first = await app.connect('7');
    await app.connect('7');

    expect(await app.push.presence(['7', '8'])).toEqual([
      { userId: '7', online: true, connections: 2 },
      { userId: '8', online: false, connections: 0 },
    ]);
    await first.close();
    await eventually(async () => (await app.push.presence(['7']))[0]?.connections === 1);
    expect([await app.push.isOnline('7'), await app.push.isOnline('8')]).toEqual([true, false]);
  });

  it('lists every bad user id', async () => {
    const { errors } = await refused(app.push.presence(['7', '', '\u0000']));
    expect(errors?.map(({ pointer }) => pointer)).toEqual(['/users/1', '/users/2']);
  });

  it('is listed with all there is to say of a connection', async () => {
    await app.connect('7', { groups: ['a'] });

    const { items, cursor } = await app.push.connections();

    expect(cursor).toBeNull();
    expect(items).toEqual([
      {
        connectionId: expect.any(String),
        userId: '7',
        groups: ['a'],
        transport: 'ws',
        node: expect.any(String),
        address: '127.0.0.1',
        connectedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      },
    ]);
  });

  it('is listed by user and by group, page by page, oldest first', async () => {
    for (let number = 0; number < 7; number++) await app.connect(`${number % 2}`, { groups: [`g${number % 3}`] });
    const usersOf = async (filter: object) => (await app.push.connections(filter)).items.map(({ userId }) => userId);

    expect(await usersOf({ user: '1' })).toEqual(['1', '1', '1']);
    expect(await usersOf({ group: 'g0' })).toEqual(['0', '1', '0']);
    expect(await usersOf({ user: '0', group: 'g0' })).toEqual(['0', '0']);

    const pages: number[] = [];
    const seen = new Set<string>();
    let cursor: string | undefined;
    do {
      const page = await app.push.connections({}, { limit: 3, cursor });
      pages.push(page.items.length);
      for (const { connectionId } of page.items) seen.add(connectionId);
      cursor = page.cursor ?? undefined;
    } while (cursor !== undefined);
    expect([pages, seen.size]).toEqual([[3, 3, 1], 7]);
  });

  it.each([
    [{ users: ['7'] }, ['/users']],
    [{ user: '', foo: 1 }, ['/foo', '/user']],
    [null, ['']],
    ['7', ['']],
  ])('is not listed by a filter that is %j', async (filter, pointers) => {
    const { code, errors } = await refused(app.push.connections(filter as ConnectionFilter));
    expect([code, errors?.map(({ pointer }) => pointer)]).toEqual(['PUSH_ERR_INVALID_ARGUMENT', pointers]);
  });

  it('is counted', async () => {
    await app.connect('7', { groups: ['a', 'b'] });
    await app.connect('7', { groups: ['a'] });

    expect(await app.push.stats()).toEqual({
      scope: 'cluster',
      users: 1,
      connections: { ws: 2, sse: 0, poll: 0 },
      groups: 2,
      nodes: 1,
    });
  });
});

describe('disconnect', () => {
  it('closes the connections of a user with 4505, and nobody else', async () => {
    const [one, two, other] = [await app.connect('7'), await app.connect('7'), await app.connect('8')];

    expect(await app.push.disconnect({ user: '7' })).toEqual({ matched: 2 });

    const end = { code: 4505, reason: 'disconnected by an administrator' };
    expect([await one.end(), await two.end()]).toEqual([end, end]);
    expect(await eventsOf(other)).toEqual([[]]);
  });

  it('counts the connections that match and takes them out of the lists at once', async () => {
    await app.connect('7');
    await app.push.disconnect({ user: '7' });

    expect(await app.push.isOnline('7')).toBe(false);
    expect(await app.push.disconnect({ user: '7' })).toEqual({ matched: 0 });
  });

  it('closes the members of a group, one connection, or those that match both', async () => {
    const member = await app.connect('7', { groups: ['g'] });
    const single = await app.connect('8');
    const id = await connectionIdOf('8');
    const both = await app.connect('9', { groups: ['h'] });
    const kept = await app.connect('9');

    expect(await app.push.disconnect({ group: 'g' })).toEqual({ matched: 1 });
    expect(await app.push.disconnect({ connection: id })).toEqual({ matched: 1 });
    expect(await app.push.disconnect({ user: '9', group: 'h' })).toEqual({ matched: 1 });

    for (const client of [member, single, both]) expect((await client.end()).code).toBe(4505);
    expect(await eventsOf(kept)).toEqual([[]]);
  });

  it('sends what was queued before the close', async () => {
    const client = await app.connect('7');
    const sends = [1, 2, 3].map((n) => app.push.toUser('7', 'n', n));
    await app.push.disconnect({ user: '7' });
    await Promise.all(sends);

    await client.end();

    expect(client.frames.map(({ data }) => data)).toEqual([1, 2, 3]);
  });

  it.each([
    [{ reconnect: true }, { code: 1012, reason: 'restart' }],
    [{ code: 4001 }, { code: 4001, reason: 'token expired' }],
    [{ code: 4700 }, { code: 4700, reason: '' }],
    [{ code: 4509 }, { code: 4509, reason: 'replaced' }],
    [
      { code: 4777, reason: 'see you' },
      { code: 4777, reason: 'see you' },
    ],
    [
      { code: 4100, reason: 'move', reconnect: true },
      { code: 4100, reason: 'move' },
    ],
  ])('closes as %j asks', async (options, end) => {
    const client = await app.connect('7');
    await app.push.disconnect({ user: '7' }, options);
    expect(await client.end()).toEqual(end);
  });

  it.each([
    [{}, {}, ['']],
    [{ users: ['7'] }, {}, ['/users']],
    [{ user: '7', 'a/b': '8' }, {}, ['/a~1b']],
    [undefined, {}, ['']],
    [['7'], {}, ['']],
    [{ user: '' }, {}, ['/user']],
    [{ group: 'a b' }, {}, ['/group']],
    [{ user: '7' }, { code: 1000 }, ['/code']],
    [{ user: '7' }, { code: 4100, reconnect: false }, ['/code']],
    [{ user: '7' }, { code: 4500, reconnect: true }, ['/code']],
    [{ user: '7' }, { reason: 'ü'.repeat(62) }, ['/reason']],
    [
      { user: '', group: 'a b' },
      { code: 4100, reconnect: false, reason: 'ü'.repeat(62) },
      ['/user', '/group', '/code', '/reason'],
    ],
  ])('refuses %j with %j', async (filter, options, pointers) => {
    const client = await app.connect('7');
    const { code, errors } = await refused(app.push.disconnect(filter as ConnectionFilter, options));
    expect([code, errors?.map(({ pointer }) => pointer)]).toEqual(['PUSH_ERR_INVALID_ARGUMENT', pointers]);
    expect(await eventsOf(client)).toEqual([[]]);
  });
});

describe('revoke', () => {
  const hourAgo = Math.floor(Date.now() / 1000) - 3_600;

  it.each([
    ['a user', { sub: '7' }, { sub: '7' }, { sub: '8' }],
    ['one token', { jti: 'a' }, { sub: '7', jti: 'a' }, { sub: '7', jti: 'b' }],
    ['old tokens', { issuedBefore: hourAgo + 1_800 }, { sub: '7', iat: hourAgo }, { sub: '7', iat: hourAgo + 1_800 }],
  ])('of %s closes its connections with 4501, refuses it from then on, and touches no other', async (...args) => {
    const [, revocation, ended, lasting] = args;
    const [victim, bystander] = [await app.connect('7', ended), await app.connect('7', lasting)];
    // One that is signed later may be of the next second, and so of a time after the revocation.
    const token = signToken(ended);

    await app.push.revoke(revocation);

    expect(await victim.end()).toEqual({ code: 4501, reason: 'token revoked' });
    expect((await refusalOf(app.wsUrl, { token })).status).toBe(401);
    expect(await eventsOf(bystander)).toEqual([[]]);
    await app.connect('7', lasting);
  });

  it('lets a user back in with a token issued afterwards', async () => {
    await app.push.revoke({ sub: '7' });
    await app.connect('7', { iat: Math.floor(Date.now() / 1000) + 2 });
    expect(await app.push.isOnline('7')).toBe(true);
  });

  it('refuses a revocation that names nothing or two things', async () => {
    for (const revocation of [{}, { sub: '7', jti: 'a' }]) {
      expect((await refused(app.push.revoke(revocation as never))).code).toBe('PUSH_ERR_INVALID_ARGUMENT');
    }
  });
});
