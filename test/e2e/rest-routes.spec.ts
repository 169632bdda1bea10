import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { PLATFORMS, PushApp } from '../support/push-app.js';
import { problemWith, RestClient } from '../support/rest-client.js';
import { signToken } from '../support/tokens.js';

describe.each(PLATFORMS)('REST on %s', (platform) => {
  let app: PushApp;
  let rest: RestClient;

  beforeEach(async () => {
    app = await PushApp.start({ platform });
    rest = RestClient.of(app);
  });
  afterEach(() => app.close());

  describe('sending', () => {
    it('sends to everyone, a user, a group and a target, and answers 202 with the receipt', async () => {
      const seven = await app.connect('7', { groups: ['staff'] });
      const eight = await app.connect('8');
      const sends = [
        await rest.post('/push/broadcast', { event: 'news', data: { n: 1 } }),
        await rest.post('/push/users/7', { event: 'news', data: { n: 2 } }),
        await rest.post('/push/groups/staff', { event: 'news', data: { n: 3 } }),
        await rest.post('/push/messages', { target: { users: ['7', '8'] }, event: 'news', data: { n: 4 } }),
        await rest.post('/push/messages', {
          target: { all: true, except: { users: ['7'] } },
          event: 'news',
          data: { n: 5 },
        }),
      ];
      expect(sends.map(({ status }) => status)).toEqual([202, 202, 202, 202, 202]);
      expect(sends.map(({ json }) => json['matched'])).toEqual([
        { users: 2, connections: 2 },
        { users: 1, connections: 1 },
        { users: 1, connections: 1 },
        { users: 2, connections: 2 },
        { users: 1, connections: 1 },
      ]);
      expect(sends[0]?.json).toEqual({
        id: expect.any(String),
        duplicate: false,
        matched: { users: 2, connections: 2 },
        written: expect.any(Number),
        scope: 'cluster',
      });
      const numbersOf = (frames: readonly { readonly data?: unknown }[]) => frames.map(({ data }) => data);
      expect(numbersOf(await seven.settled())).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }]);
      expect(numbersOf(await eight.settled())).toEqual([{ n: 1 }, { n: 4 }, { n: 5 }]);
    });

    it('answers 202 when nobody is there', async () => {
      const answer = await rest.post('/push/users/nobody', { event: 'a' });
      expect(answer.status).toBe(202);
      expect(answer.json).toMatchObject({ matched: { users: 0, connections: 0 }, written: 0 });
      expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
      expect(answer.headers['cache-control']).toBe('no-store');
    });

    it('carries data as it was sent', async () => {
      const seven = await app.connect('7');
      const raw = '{"event":"a","data":{"constructor":{"name":"x"},"toString":null,"prototype":[1.5,"\\u2028🙂",{}]}}';
      expect((await rest.send('POST', '/push/users/7', { raw })).status).toBe(202);
      expect((await seven.next('a')).data).toEqual({
        constructor: { name: 'x' },
        toString: null,
        prototype: [1.5, '\u2028🙂', {}],
      });
    });

    it('gives the receipt the id of the message', async () => {
      const seven = await app.connect('7');
      const { json } = await rest.post('/push/users/7', { event: 'a', data: 1 });
      expect((await seven.next('a')).id).toBe(json['id']);
    });

    it('reports final counts under Prefer: wait, and says so', async () => {
      await app.connect('7');
      const answer = await rest.post('/push/users/7', { event: 'a' }, { prefer: 'respond-async, wait=5' });
      expect(answer.headers['preference-applied']).toBe('wait=5');
      expect(answer.json).toMatchObject({ written: 1, scope: 'cluster' });
    });

    it.each(['%2e%2e', 'a%2Fb', 'J%C3%BCrgen%20%F0%9F%99%82', "o'neil@example.org", '100%25', 'a%252Fb'])(
      'decodes the user id %s of the path once',
      async (segment) => {
        const client = await app.connect(decodeURIComponent(segment));
        expect((await rest.post(`/push/users/${segment}`, { event: 'a' })).json).toMatchObject({
          matched: { users: 1, connections: 1 },
        });
        await client.next('a');
      },
    );
  });

  describe('batches', () => {
    it('sends each message and leaves the bad ones alone, in order', async () => {
      const seven = await app.connect('7');
      const good = (n: number) => ({ target: { users: ['7'] }, event: 'n', data: n });
      const answer = await rest.post('/push/batch', {
        messages: [good(0), { ...good(1), event: 'push:n' }, good(2), 5, { ...good(4), nope: 1 }, good(5)],
      });
      expect(answer.status).toBe(202);
      expect(answer.json).toEqual({
        results: [
          expect.objectContaining({ id: expect.any(String), duplicate: false }),
          problemWith({
            status: 400,
            code: 'reserved_event',
            errors: [{ pointer: '/messages/1/event', detail: expect.any(String) }],
          }),
          expect.objectContaining({ id: expect.any(String) }),
          problemWith({ status: 400, errors: [{ pointer: '/messages/3', detail: 'must be an object' }] }),
          problemWith({ status: 400, errors: [{ pointer: '/messages/4/nope', detail: 'unknown member' }] }),
          expect.objectContaining({ id: expect.any(String) }),
        ],
      });
      expect((await seven.settled()).map(({ data }) => data)).toEqual([0, 2, 5]);
    });

    it('answers each message for itself where a host has put another service in place that throws', async () => {
      const send = app.push.send.bind(app.push);
      jest.spyOn(app.push, 'send').mockImplementation((request) => {
        if (request.data === 1) throw new Error('the host has its own mind');
        return send(request);
      });
      const messages = [0, 1, 2].map((data) => ({ target: { users: ['7'] }, event: 'n', data }));
      const answer = await rest.post('/push/batch', { messages });
      expect(answer.json['results']).toEqual([
        expect.objectContaining({ duplicate: false }),
        problemWith({ status: 500, code: 'internal' }),
        expect.objectContaining({ duplicate: false }),
      ]);
    });

    it('judges the scope of each message alone', async () => {
      const sender = RestClient.of(app, { scope: 'push:send' });
      const { json } = await sender.post('/push/batch', {
        messages: [
          { target: { users: ['7'] }, event: 'a' },
          { target: { all: true }, event: 'a' },
        ],
      });
      expect(json['results']).toEqual([
        expect.objectContaining({ id: expect.any(String) }),
        problemWith({ status: 403, code: 'forbidden' }),
      ]);
    });

    it('takes 1,000 messages, all in order, and no more', async () => {
      const seven = await app.connect('7');
      const messages = Array.from({ length: 1_000 }, (_, n) => ({ target: { users: ['7'] }, event: 'n', data: n }));
      const answer = await rest.post('/push/batch', { messages });
      expect(answer.status).toBe(202);
      expect(answer.json['results']).toHaveLength(1_000);
      await eventually(() => seven.frames.length === 1_000);
      expect(seven.frames.map(({ data }) => data)).toEqual(messages.map(({ data }) => data));

      const tooMany = await rest.post('/push/batch', { messages: [...messages, messages[0]] });
      expect(tooMany.status).toBe(400);
      expect(tooMany.json).toEqual(problemWith({ errors: [{ pointer: '/messages', detail: expect.any(String) }] }));
    });

    it('keeps the keys of its messages, and the order around them', async () => {
      const seven = await app.connect('7');
      const message = (n: number) => ({ target: { users: ['7'] }, event: 'n', data: n });
      const messages = [message(1), { ...message(2), idempotencyKey: 'two' }, message(3)];
      const first = await rest.post('/push/batch', { messages });
      const again = await rest.post('/push/batch', { messages });
      expect((await seven.settled()).map(({ data }) => data)).toEqual([1, 2, 3, 1, 3]);
      const [, keyed] = first.json['results'] as object[];
      expect((again.json['results'] as object[])[1]).toEqual({ ...keyed, duplicate: true });
    });
  });

  describe('idempotency', () => {
    const message = { event: 'a', data: { n: 1 } };

    it('answers a repeated request as at first and sends nothing', async () => {
      const seven = await app.connect('7');
      const first = await rest.post('/push/users/7', message, { 'idempotency-key': 'k-1' });
      const again = await rest.post('/push/users/7', message, { 'idempotency-key': 'k-1' });
      expect(first.headers['idempotency-replayed']).toBeUndefined();
      expect(again.headers['idempotency-replayed']).toBe('true');
      expect([again.status, again.text]).toEqual([first.status, first.text]);
      expect(await seven.settled()).toHaveLength(1);
    });

    it('takes the key from the body as well', async () => {
      const body = { ...message, idempotencyKey: 'k-body' };
      const first = await rest.post('/push/users/7', body);
      const again = await rest.post('/push/users/7', body);
      expect(again.headers['idempotency-replayed']).toBe('true');
      expect(again.text).toBe(first.text);
      const torn = await rest.post('/push/users/7', body, { 'idempotency-key': 'another' });
      expect(torn.status).toBe(400);
    });

    it.each([
      ['another body', '/push/users/7', { ...message, data: { n: 2 } }],
      ['another user of the path', '/push/users/8', message],
      ['another route', '/push/groups/7', message],
    ])('refuses the key with %s: 422', async (_what, path, body) => {
      await rest.post('/push/users/7', message, { 'idempotency-key': 'k-1' });
      const other = await rest.post(path, body, { 'idempotency-key': 'k-1' });
      expect(other.status).toBe(422);
      expect(other.json).toEqual(problemWith({ status: 422, code: 'idempotency_mismatch' }));
    });

    it('keeps the keys of callers apart', async () => {
      const seven = await app.connect('7');
      await rest.post('/push/users/7', message, { 'idempotency-key': 'k-1' });
      const other = RestClient.of(app, { sub: 'another' });
      const answer = await other.post('/push/users/7', { ...message, data: 2 }, { 'idempotency-key': 'k-1' });
      expect(answer.status).toBe(202);
      expect(answer.headers['idempotency-replayed']).toBeUndefined();
      expect(await seven.settled()).toHaveLength(2);
    });

    it('leaves the key unused by a request that was refused', async () => {
      const refused = await rest.post('/push/users/7', { ...message, event: 'push:a' }, { 'idempotency-key': 'k-1' });
      expect(refused.status).toBe(400);
      expect((await rest.post('/push/users/7', message, { 'idempotency-key': 'k-1' })).status).toBe(202);
    });

    it('sends once, however many come at once', async () => {
      const seven = await app.connect('7');
      const answers = await Promise.all(
        Array.from({ length: 200 }, () => rest.post('/push/users/7', message, { 'idempotency-key': 'k-1' })),
      );
      for (const { status, headers } of answers) {
        expect([202, 409]).toContain(status);
        if (status === 409) expect(headers['retry-after']).toBe('1');
      }
      expect(answers.filter(({ status, headers }) => status === 202 && !headers['idempotency-replayed'])).toHaveLength(
        1,
      );
      const late = await rest.post('/push/users/7', message, { 'idempotency-key': 'k-1' });
      expect(late.headers['idempotency-replayed']).toBe('true');
      expect(await seven.settled()).toHaveLength(1);
    });
  });

  describe('memberships, connections and presence', () => {
    it('makes and ends memberships, repeatably, and lists them', async () => {
      const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
      for (let round = 0; round < 2; round++) {
        expect((await rest.put('/push/groups/room:1/members/7')).status).toBe(204);
        expect((await rest.put('/push/groups/room:1/members/8', { expiresAt })).status).toBe(204);
      }
      expect((await rest.get('/push/groups/room:1/members')).json).toEqual({
        items: [{ userId: '7' }, { userId: '8', expiresAt }],
        cursor: null,
      });
      const firstPage = (await rest.get('/push/groups/room:1/members?limit=1')).json;
      expect(firstPage).toEqual({ items: [{ userId: '7' }], cursor: expect.any(String) });
      const secondPage = await rest.get(`/push/groups/room:1/members?limit=1&cursor=${String(firstPage['cursor'])}`);
      expect(secondPage.json['items']).toEqual([{ userId: '8', expiresAt }]);
      for (let round = 0; round < 2; round++) {
        const ended = await rest.delete('/push/groups/room:1/members/7');
        expect([ended.status, ended.text]).toEqual([204, '']);
      }
      expect((await rest.get('/push/groups/room:1/members')).json['items']).toHaveLength(1);
    });

    it('reaches live connections of a new member', async () => {
      const seven = await app.connect('7');
      await rest.put('/push/groups/room:1/members/7');
      expect((await rest.post('/push/groups/room:1', { event: 'a' })).json).toMatchObject({ matched: { users: 1 } });
      await seven.next('a');
    });

    it('pages through the connections and filters them', async () => {
      for (const sub of ['7', '7', '8']) await app.connect(sub, { groups: [`of-${sub}`] });
      const page = (await rest.get('/push/connections?limit=2')).json;
      expect(page['items']).toEqual([
        {
          connectionId: expect.any(String),
          userId: '7',
          groups: ['of-7'],
          transport: 'ws',
          node: expect.any(String),
          address: '127.0.0.1',
          connectedAt: expect.stringMatching(/^\d{4}-.*Z$/),
        },
        expect.objectContaining({ userId: '7' }),
      ]);
      const rest2 = (await rest.get(`/push/connections?limit=2&cursor=${String(page['cursor'])}`)).json;
      expect(rest2).toEqual({ items: [expect.objectContaining({ userId: '8' })], cursor: null });
      expect((await rest.get('/push/connections?user=7')).json['items']).toHaveLength(2);
      expect((await rest.get('/push/connections?group=of-8')).json['items']).toHaveLength(1);
      expect((await rest.get('/push/connections?user=7&group=of-8')).json['items']).toHaveLength(0);
    });

    it('closes one connection, all of a user, and says 404 for one that is not there', async () => {
      const [one, two, three] = [await app.connect('7'), await app.connect('7'), await app.connect('7')];
      const { json } = await rest.get('/push/connections?user=7');
      const [first] = json['items'] as { connectionId: string }[];
      const closed = await rest.delete(`/push/connections/${first?.connectionId}`);
      expect([closed.status, closed.json]).toEqual([202, { matched: 1 }]);
      expect((await one.end()).code).toBe(4505);
      const all = await rest.delete('/push/users/7/connections');
      expect([all.status, all.json]).toEqual([202, { matched: 2 }]);
      expect([(await two.end()).code, (await three.end()).code]).toEqual([4505, 4505]);
      const unknown = await rest.delete(`/push/connections/${first?.connectionId}`);
      expect([unknown.status, unknown.json]).toEqual([404, problemWith({ status: 404, code: 'unknown_connection' })]);
    });

    it('tells who is present, one by one and together, and counts', async () => {
      await app.connect('7');
      await app.connect('7');
      expect((await rest.get('/push/users/7/presence')).json).toEqual({ userId: '7', online: true, connections: 2 });
      expect((await rest.post('/push/presence', { users: ['8', '7'] })).json).toEqual({
        items: [
          { userId: '8', online: false, connections: 0 },
          { userId: '7', online: true, connections: 2 },
        ],
      });
      expect((await rest.get('/push/stats')).json).toEqual({
        scope: 'cluster',
        users: 1,
        connections: { ws: 2, sse: 0, poll: 0 },
        groups: 0,
        nodes: 1,
      });
    });

    it('revokes tokens: live connections end with 4501 and the token is refused on REST too', async () => {
      const claims = { sub: '9', jti: 'j-9', scope: 'push:admin' };
      const nine = await app.connect('9', { jti: 'j-9' });
      const asNine = RestClient.of(app, claims);
      expect((await asNine.get('/push/stats')).status).toBe(200);
      const answer = await rest.post('/push/revocations', { jti: 'j-9' });
      expect([answer.status, answer.text]).toEqual([204, '']);
      expect((await nine.end()).code).toBe(4501);
      expect((await asNine.get('/push/stats')).status).toBe(401);
    });

    it.each([
      {},
      { sub: '7', jti: 'x' },
      { sub: '' },
      { issuedBefore: 'soon' },
      { issuedBefore: -1 },
      { issuedBefore: '1969-12-31T23:59:59Z' },
      { issuedBefore: 4_102_444_800 },
      { user: '7' },
    ])('refuses the revocation %j', async (body) => {
      const answer = await rest.post('/push/revocations', body);
      expect(answer.status).toBe(400);
      expect(answer.json).toEqual(problemWith({ code: 'invalid_argument', errors: [expect.anything()] }));
    });
  });

  describe('access', () => {
    const asked: [string, string, unknown, string][] = [
      ['POST', '/push/broadcast', { event: 'a' }, 'push:broadcast'],
      ['POST', '/push/users/7', { event: 'a' }, 'push:send'],
      ['POST', '/push/groups/g', { event: 'a' }, 'push:send'],
      ['POST', '/push/messages', { target: { users: ['7'] }, event: 'a' }, 'push:send'],
      ['POST', '/push/messages', { target: { groups: ['g'] }, event: 'a' }, 'push:send'],
      ['POST', '/push/messages', { target: { connections: ['c'] }, event: 'a' }, 'push:send'],
      ['POST', '/push/messages', { target: { all: true }, event: 'a' }, 'push:broadcast'],
      ['PUT', '/push/groups/g/members/7', undefined, 'push:admin'],
      ['DELETE', '/push/groups/g/members/7', undefined, 'push:admin'],
      ['GET', '/push/groups/g/members', undefined, 'push:admin'],
      ['GET', '/push/connections', undefined, 'push:admin'],
      ['DELETE', '/push/users/7/connections', undefined, 'push:admin'],
      ['POST', '/push/revocations', { jti: 'x' }, 'push:admin'],
      ['GET', '/push/users/7/presence', undefined, 'push:admin'],
      ['POST', '/push/presence', { users: ['7'] }, 'push:admin'],
      ['GET', '/push/stats', undefined, 'push:admin'],
    ];

    it.each(asked)('%s %s %j asks for %s and nothing else', async (method, path, body, scope) => {
      const scopes = ['push:send', 'push:broadcast', 'push:admin'];
      const others = scopes.filter((name) => name !== scope).join(' ');
      const allowed = await RestClient.of(app, { scope }).send(method, path, { body });
      expect([200, 202, 204]).toContain(allowed.status);
      const refused = await RestClient.of(app, { scope: others }).send(method, path, { body });
      expect(refused.status).toBe(403);
      expect(refused.json).toEqual(problemWith({ status: 403, code: 'forbidden' }));
      expect(refused.headers['www-authenticate']).toContain(`scope="${scope}"`);
      const without = await rest.withAuthorization(undefined).send(method, path, { body });
      expect([without.status, without.headers['www-authenticate']]).toEqual([401, 'Bearer']);
    });

    it.each([
      ['no Bearer', `Basic ${Buffer.from('a:b').toString('base64')}`],
      ['an empty token', 'Bearer '],
      ['no token', 'Bearer'],
      ['a token that is none', 'Bearer x.y.z'],
      ['an expired token', `Bearer ${signToken({ scope: 'push:admin' }, { expiresInSeconds: -60 })}`],
      ['a token of another key', `Bearer ${signToken({ scope: 'push:admin' }, { secret: 'x'.repeat(32) })}`],
      ['two tokens', 'Bearer a b'],
    ])('refuses %s: 401', async (_what, authorization) => {
      const answer = await rest.withAuthorization(authorization).get('/push/stats');
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toBe('Bearer error="invalid_token"');
      expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
      expect(answer.json).toEqual(problemWith({ status: 401, code: 'unauthorized' }));
    });

    it('takes tokens from the Authorization header alone', async () => {
      const token = signToken({ scope: 'push:admin' });
      const anonymous = rest.withAuthorization(undefined);
      expect((await anonymous.get(`/push/stats?access_token=${token}`)).status).toBe(401);
      expect((await anonymous.get('/push/stats', { headers: { cookie: `token=${token}` } })).status).toBe(401);
    });

    it('guards HEAD as it guards GET', async () => {
      expect((await rest.send('HEAD', '/push/stats')).status).toBe(200);
      expect((await rest.withAuthorization(undefined).send('HEAD', '/push/stats')).status).toBe(401);
      expect((await RestClient.of(app, { scope: 'push:send' }).send('HEAD', '/push/stats')).status).toBe(403);
    });

    it('guards whatever spelling of a path reaches a route', async () => {
      const anonymous = rest.withAuthorization(undefined);
      for (const path of ['/push/stats/', '/push//stats', '/push/%73tats', '/PUSH/STATS', '/push/stats%2F']) {
        expect([401, 404]).toContain((await anonymous.get(path)).status);
      }
    });

    it('does not let another method in by a header', async () => {
      const answer = await RestClient.of(app, { scope: 'push:send' }).send('POST', '/push/users/7/connections', {
        body: {},
        headers: { 'x-http-method-override': 'DELETE' },
      });
      expect(answer.status).toBe(404);
    });
  });
});

describe.each(PLATFORMS)('REST paths with long names on %s', (platform) => {
  const userId = `${'ü'.repeat(250)}/%2F!`;
  const group = 'g'.repeat(128);
  const user = encodeURIComponent(userId);
  let app: PushApp;
  let rest: RestClient;

  beforeEach(async () => {
    // Fastify's router takes 100 characters for a path parameter unless the host says otherwise; the README tells how.
    app = await PushApp.start({ platform, fastify: { routerOptions: { maxParamLength: 255 } } });
    rest = RestClient.of(app);
  });
  afterEach(() => app.close());

  it('take users of 255 characters and groups of 128', async () => {
    const client = await app.connect(userId);
    expect((await rest.put(`/push/groups/${group}/members/${user}`)).status).toBe(204);
    expect((await rest.get(`/push/groups/${group}/members?limit=5`)).json['items']).toEqual([{ userId }]);
    expect((await rest.post(`/push/users/${user}`, { event: 'a' })).json).toMatchObject({ matched: { users: 1 } });
    expect((await rest.post(`/push/groups/${group}`, { event: 'b' })).json).toMatchObject({ matched: { users: 1 } });
    expect((await rest.get(`/push/users/${user}/presence`)).json).toMatchObject({ userId, online: true });
    expect((await client.settled()).map(({ event }) => event)).toEqual(['a', 'b']);
    expect((await rest.delete(`/push/users/${user}/connections`)).json).toEqual({ matched: 1 });
  });

  it('refuse longer ones', async () => {
    const longUser = await rest.post(`/push/users/${'x'.repeat(256)}`, { event: 'a' });
    // Past its own limit Fastify's router answers by itself.
    expect(longUser.status).toBe(platform === 'fastify' ? 414 : 400);
    expect((await rest.post(`/push/groups/${'g'.repeat(129)}`, { event: 'a' })).status).toBe(400);
  });
});
