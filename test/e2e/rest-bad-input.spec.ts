import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Post, Req } from '@nestjs/common';
import { eventually } from '../support/eventually.js';
import { PLATFORMS, PushApp } from '../support/push-app.js';
import { problemWith, RestClient } from '../support/rest-client.js';
import type { RestRequestOptions } from '../support/rest-client.js';
import { signToken } from '../support/tokens.js';

/** A route of the host, whose errors are its own. */
@Controller('orders')
class OrdersController {
  @Post()
  create(@Req() request: { body?: unknown }): unknown {
    return { got: request.body };
  }
}

describe.each(PLATFORMS)('bad input to REST on %s', (platform) => {
  let app: PushApp;
  let rest: RestClient;

  beforeAll(async () => {
    app = await PushApp.start({ platform, metadata: { controllers: [OrdersController] } });
    rest = RestClient.of(app);
  });
  afterAll(() => app.close());

  /** Expects the problem, and that the server goes on serving others. */
  async function expectProblem(
    path: string,
    options: RestRequestOptions,
    members: Readonly<Record<string, unknown>>,
    method = 'POST',
  ): Promise<void> {
    const answer = await rest.send(method, path, options);
    expect([answer.status, answer.text.slice(0, 300)]).toEqual([members['status'], expect.any(String)]);
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(answer.json).toMatchObject(problemWith(members));
    expect((await rest.get('/push/stats')).status).toBe(200);
  }

  const target = { users: ['7'] };

  describe('bodies', () => {
    it('lists every problem of a message at once', async () => {
      const body = {
        target: { users: ['ok', 7], all: 'yes' },
        event: 'a b',
        data: { deep: { constructor: 1 } },
        priority: 'high',
        ttlSeconds: '5',
      };
      const answer = await rest.post('/push/messages', body);
      expect(answer.status).toBe(400);
      const pointers = (answer.json['errors'] as { pointer: string }[]).map(({ pointer }) => pointer);
      expect(pointers.sort()).toEqual(['/event', '/priority', '/target/all', '/target/users/1', '/ttlSeconds']);
      expect(answer.json['message']).toHaveLength(5);
    });

    it('says with them that the event is reserved', async () => {
      const answer = await rest.post('/push/messages', { target, event: 'push:welcome', priority: 1 });
      const pointers = (answer.json['errors'] as { pointer: string }[]).map(({ pointer }) => pointer);
      expect(pointers.sort()).toEqual(['/event', '/priority']);
    });

    it.each([
      ['/push/broadcast', { event: 'a', target }],
      ['/push/users/7', { event: 'a', userId: '8' }],
      ['/push/messages', { event: 'a', target, priority: 'high' }],
      ['/push/messages', { event: 'a', target: { ...target, roles: [] } }],
      ['/push/messages', { event: 'a', target: { all: true, except: { everyone: true } } }],
      ['/push/batch', { messages: [], more: 1 }],
      ['/push/presence', { users: [], group: 'g' }],
      ['/push/revocations', { sub: '7', reason: 'x' }],
    ])('refuses an unknown member on %s: %j', async (path, body) => {
      await expectProblem(
        path,
        { body },
        { status: 400, errors: [{ pointer: expect.any(String), detail: 'unknown member' }] },
      );
    });

    it.each([
      [{ target: [], event: 'a' }, '/target'],
      [{ target: 'all', event: 'a' }, '/target'],
      [{ target: null, event: 'a' }, '/target'],
      [{ target: {}, event: 'a' }, '/target'],
      [{ target: { users: [] }, event: 'a' }, '/target'],
      [{ target: { users: '7' }, event: 'a' }, '/target/users'],
      [{ target: { users: { 0: '7' } }, event: 'a' }, '/target/users'],
      [{ target: { users: [7] }, event: 'a' }, '/target/users/0'],
      [{ target: { users: ['7\u0000'] }, event: 'a' }, '/target/users/0'],
      [{ target: { groups: ['a b'] }, event: 'a' }, '/target/groups/0'],
      [{ target: { groups: ['x'.repeat(129)] }, event: 'a' }, '/target/groups/0'],
      [{ target: { all: false }, event: 'a' }, '/target/all'],
      [{ target: { all: true, users: ['7'] }, event: 'a' }, '/target/users'],
      [{ target, event: 5 }, '/event'],
      [{ target, event: '' }, '/event'],
      [{ target, event: 'ü' }, '/event'],
      [{ target, event: 'a\nb' }, '/event'],
      [{ target, event: 'x'.repeat(129) }, '/event'],
      [{ target }, '/event'],
      [{ target, event: 'a', store: 'redis' }, '/store'],
      [{ target, event: 'a', ttlSeconds: -1 }, '/ttlSeconds'],
      [{ target, event: 'a', ttlSeconds: '5' }, '/ttlSeconds'],
      [{ target, event: 'a', ttlSeconds: null }, '/ttlSeconds'],
      [{ target, event: 'a', collapseKey: 'x'.repeat(129) }, '/collapseKey'],
      [{ target, event: 'a', idempotencyKey: 'x'.repeat(256) }, '/idempotencyKey'],
      [{ target, event: 'a', report: 'true' }, '/report'],
    ])('refuses %j at %s without converting it', async (body, pointer) => {
      await expectProblem(
        '/push/messages',
        { body },
        { status: 400, code: 'invalid_argument', errors: [{ pointer, detail: expect.any(String) }] },
      );
    });

    it('refuses a number that JSON can write and a number cannot hold', async () => {
      const raw = '{"target":{"users":["7"]},"event":"a","ttlSeconds":1e309}';
      await expectProblem(
        '/push/messages',
        { raw },
        { status: 400, errors: [{ pointer: '/ttlSeconds', detail: expect.any(String) }] },
      );
    });

    it.each(['push:welcome', 'push:', 'push:send'])('refuses the reserved event %s', async (event) => {
      await expectProblem(
        '/push/broadcast',
        { body: { event } },
        { status: 400, code: 'reserved_event', errors: [{ pointer: '/event', detail: expect.any(String) }] },
      );
    });

    it.each([
      '{"event":"a","__proto__":{"polluted":1}}',
      '{"event":"a","data":{"__proto__":{"polluted":1}}}',
      '{"event":"a","data":[{"deep":{"__proto__":1}}]}',
      String.raw`{"event":"a","data":{"\u005f_proto__":{"polluted":1}}}`,
    ])('refuses an own key __proto__: %s', async (raw) => {
      await expectProblem('/push/broadcast', { raw }, { status: 400 });
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    });

    it('refuses data that nests without end', async () => {
      const raw = `{"event":"a","data":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
      await expectProblem('/push/broadcast', { raw }, { status: 400, code: 'invalid_data' });
    });

    it('takes 10,000 users and refuses more, at once', async () => {
      const users = Array.from({ length: 10_000 }, (_, index) => `u${index}`);
      expect((await rest.post('/push/messages', { target: { users }, event: 'a' })).status).toBe(202);
      expect((await rest.post('/push/presence', { users })).status).toBe(200);
      const body = { target: { users, groups: ['g'] }, event: 'a' };
      await expectProblem(
        '/push/messages',
        { body },
        { status: 400, errors: [{ pointer: '/target', detail: expect.stringContaining('10000') }] },
      );
      await expectProblem(
        '/push/presence',
        { body: { users: [...users, 'x'] } },
        { status: 400, errors: [{ pointer: '/users', detail: expect.stringContaining('10000') }] },
      );
    });

    it('counts a user that is named twice once', async () => {
      const seven = await app.connect('7');
      const answer = await rest.post('/push/messages', { target: { users: ['7', '7', '7'] }, event: 'a' });
      expect(answer.json).toMatchObject({ matched: { users: 1, connections: 1 } });
      expect(await seven.settled()).toHaveLength(1);
      await seven.close();
    });

    it('refuses 65 KiB of data, alone and in a batch', async () => {
      const message = { event: 'a', data: 'x'.repeat(65 * 1024) };
      const problem = { status: 413, code: 'payload_too_large' };
      await expectProblem('/push/users/7', { body: message }, problem);
      const batch = await rest.post('/push/batch', {
        messages: [
          { target, ...message },
          { target, event: 'a' },
        ],
      });
      expect(batch.status).toBe(202);
      expect(batch.json['results']).toEqual([
        expect.objectContaining(problem),
        expect.objectContaining({ duplicate: false }),
      ]);
    });

    it("answers a body past the host's own limit the same way", async () => {
      const body = { event: 'a', data: 'x'.repeat(1_200_000) };
      await expectProblem('/push/users/7', { body }, { status: 413, code: 'payload_too_large' });
    });

    it.each(['/push/users/7', '/push/upstream'])(
      'is not reset while a client still writes a body that is refused, or its answer would be lost (%s)',
      async (path) => {
        const socket = connect(app.port, '127.0.0.1');
        let answer = '';
        const errors: unknown[] = [];
        socket.on('data', (chunk: Buffer) => (answer += chunk.toString())).on('error', (error) => errors.push(error));
        const closed = new Promise((resolve) => socket.once('close', resolve));
        const length = 3_000_000;
        const head = [`POST ${path} HTTP/1.1`, 'Host: x', `Authorization: Bearer ${signToken()}`, 'Connection: close'];
        socket.write([...head, 'Content-Type: application/json', `Content-Length: ${length}`, '', ''].join('\r\n'));
        socket.write('x'.repeat(length / 2));
        // Express reads to the end before it answers, Fastify does not.
        if (platform === 'fastify') await eventually(() => answer.includes('413'));
        socket.write('x'.repeat(length / 2));
        await closed;
        expect([answer.split('\r\n', 1)[0], errors]).toEqual(['HTTP/1.1 413 Payload Too Large', []]);
      },
    );

    it.each(['{"event":', '{event:"a"}', "{'event':'a'}", '[1,', '\u0000', '{"event":"a"}}'])(
      'refuses what is no JSON: %j',
      async (raw) => {
        await expectProblem('/push/broadcast', { raw }, { status: 400, code: 'malformed_json' });
      },
    );

    it.each(['null', '5', '"text"', '[]', 'true'])('refuses JSON that is no object: %s', async (raw) => {
      await expectProblem('/push/broadcast', { raw }, { status: 400 });
    });

    it('refuses a missing and an empty body', async () => {
      await expectProblem('/push/broadcast', {}, { status: 400 });
      await expectProblem('/push/broadcast', { raw: '' }, { status: 400 });
      await expectProblem('/push/broadcast', { raw: '', headers: { 'content-type': undefined } }, { status: 400 });
    });

    it('says of what the platform cannot read that it is a bad request', async () => {
      const unread: readonly (readonly [string, RestRequestOptions])[] =
        platform === 'fastify'
          ? [['/push/broadcast', { raw: '' }]]
          : [
              ['/push/users/%ZZ', { body: { event: 'a' } }],
              ['/push/broadcast', { raw: 'no gzip', headers: { 'content-encoding': 'gzip' } }],
            ];
      for (const [path, options] of unread) {
        await expectProblem(path, options, { status: 400, code: 'bad_request' });
      }
    });

    it.each([
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/xml',
      'application/problem+json',
      'application/jsonp',
      'application/json; charset=utf-16',
      'application/json; charset=latin1',
      'x',
    ])('refuses the content type %s: 415', async (type) => {
      await expectProblem(
        '/push/broadcast',
        { raw: '{"event":"a"}', headers: { 'content-type': type } },
        { status: 415, code: 'unsupported_media_type' },
      );
    });

    it('takes JSON in UTF-8 however that is spelled', async () => {
      for (const type of ['application/json', 'Application/JSON; charset=UTF-8', 'application/json;charset="utf-8"']) {
        const answer = await rest.send('POST', '/push/broadcast', {
          raw: '{"event":"a"}',
          headers: { 'content-type': type },
        });
        expect([type, answer.status]).toEqual([type, 202]);
      }
    });

    it('does not go down over a compressed body or one that is not what it says', async () => {
      const headers = { 'content-encoding': 'gzip' };
      const raw = gzipSync('{"event":"a"}');
      expect([202, 400, 415]).toContain((await rest.send('POST', '/push/broadcast', { raw, headers })).status);
      await expectProblem('/push/broadcast', { raw: Buffer.from([0xff, 0xfe, 0x7b]) }, { status: 400 });
      const unknown = await rest.send('POST', '/push/broadcast', {
        raw: '{bad',
        headers: { 'content-encoding': 'br' },
      });
      expect([400, 415]).toContain(unknown.status);
      expect((await rest.get('/push/stats')).status).toBe(200);
    });

    it('does not wait for ever for a body that does not come', async () => {
      const socket = connect(app.port, '127.0.0.1');
      socket.write(
        'POST /push/broadcast HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{',
      );
      expect((await rest.get('/push/stats')).status).toBe(200);
      socket.destroy();
    });
  });

  describe('paths and queries', () => {
    it.each(['a%00b', 'a%0Ab', '%7F', '%C2%85'])('refuses the control character of the user id %s', async (segment) => {
      await expectProblem(
        `/push/users/${segment}`,
        { body: { event: 'a' } },
        { status: 400, errors: [{ pointer: '/userId', detail: expect.any(String) }] },
      );
    });

    it.each([
      ['POST', '/push/groups/a%20b', { event: 'a b', ttlSeconds: -1 }, ['/group', '/event', '/ttlSeconds']],
      ['POST', '/push/users/a%00b', { data: 1, priority: 1 }, ['/userId', '/priority', '/event']],
      ['PUT', '/push/groups/a%20b/members/a%00b', { expiresAt: 'soon' }, ['/userId', '/group', '/expiresAt']],
      ['DELETE', '/push/groups/a%20b/members/a%00b', undefined, ['/userId', '/group']],
    ])('lists what is wrong with the path and with the body of %s %s', async (method, path, body, pointers) => {
      const { status, json } = await rest.send(method, path, body && { body });
      expect(status).toBe(400);
      const listed = (json['errors'] as { pointer: string }[]).map(({ pointer }) => pointer);
      expect(listed.toSorted()).toEqual(pointers.toSorted());
    });

    it.each(['a%20b', 'a%2Fb', '%C3%BC', 'a%00b'])('refuses the group %s', async (segment) => {
      await expectProblem(
        `/push/groups/${segment}`,
        { body: { event: 'a' } },
        { status: 400, errors: [{ pointer: '/group', detail: expect.any(String) }] },
      );
    });

    it.each(['%', '%zz', '%C3'])('refuses the escape %s', async (segment) => {
      const answer = await rest.post(`/push/users/${segment}`, { event: 'a' });
      expect(answer.status).toBe(400);
    });

    it('does not confuse .. of a path with a user', async () => {
      const answer = await rest.post('/push/users/../broadcast', { event: 'a' });
      expect(answer.status).toBe(404);
    });

    it.each([
      'limit=0',
      'limit=1001',
      'limit=-1',
      'limit=ten',
      'limit=1.5',
      'limit=',
      'limit=1&limit=2',
      'cursor=%00',
      'user=%00',
      'group=a%20b',
      'user=7&user=8',
    ])('refuses ?%s', async (query) => {
      await expectProblem(`/push/connections?${query}`, {}, { status: 400, code: 'invalid_argument' }, 'GET');
    });

    it.each([
      { expiresAt: 'tomorrow' },
      { expiresAt: 1_900_000_000 },
      { expiresAt: '2020-01-01T00:00:00Z' },
      { expiresAt: '2030-13-01T00:00:00Z' },
      { expiresAt: '2030-02-30T00:00:00Z' },
      { until: '2030-01-01T00:00:00Z' },
    ])('refuses the membership %j', async (body) => {
      await expectProblem('/push/groups/g/members/7', { body }, { status: 400 }, 'PUT');
    });

    it.each(['k'.repeat(256), ''])('refuses an Idempotency-Key of another length (%#)', async (key) => {
      await expectProblem(
        '/push/broadcast',
        { body: { event: 'a' }, headers: { 'idempotency-key': key } },
        { status: 400 },
      );
    });

    it('answers 404 to methods that a route has not', async () => {
      for (const [method, path] of [
        ['PATCH', '/push/messages'],
        ['GET', '/push/messages'],
        ['POST', '/push/stats'],
      ] as const) {
        expect((await rest.send(method, path, {})).status).toBe(404);
      }
    });
  });

  it('leaves the errors of the host’s own routes as they are', async () => {
    const malformed = await rest.send('POST', '/orders', { raw: '{"a":' });
    expect(malformed.status).toBe(400);
    expect(malformed.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(Object.keys(malformed.json)).not.toContain('type');
    const tooLong = await rest.send('POST', '/orders', { raw: JSON.stringify('x'.repeat(1_200_000)) });
    expect(tooLong.status).toBe(413);
    expect(Object.keys(tooLong.json)).not.toContain('type');
    expect((await rest.post('/orders', { fine: true })).json).toEqual({ got: { fine: true } });
  });

  it('tells nothing of the inside', async () => {
    const answers = [
      await rest.send('POST', '/push/broadcast', { raw: '{"secret-of-the-caller":' }),
      await rest.post('/push/users/7', { event: 'secret of the caller', password: 'hunter2' }),
    ];
    for (const { text } of answers) expect(text).not.toMatch(/secret|hunter2|node_modules|at .*\.[jt]s/);
  });
});
