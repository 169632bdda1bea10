import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PushError } from '../../src/core/push-error.js';
import type { PushModuleExtras, PushModuleOptions } from '../../src/push-options.interface.js';
import type { Envelope, WelcomeData } from '../../src/protocol/frames.js';
import { eventually } from '../support/eventually.js';
import { PushApp } from '../support/push-app.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { RoomsAuthorizer } from '../support/rooms.authorizer.js';
import { TEST_SECRET, signToken } from '../support/tokens.js';
import { WsClient, refusalOf } from '../support/ws-client.js';

/** Asks something that is away, as the messages in Redis may be. */
class WaitingAuthorizer extends RoomsAuthorizer {
  override canSend(): Promise<boolean> {
    return Promise.reject(new PushError('PUSH_ERR_UNAVAILABLE', 'out of reach', { retryAfterMs: 1_500 }));
  }
}

let app: PushApp;

async function start(push: PushModuleOptions & PushModuleExtras = {}): Promise<void> {
  await app?.close();
  app = await PushApp.start({ push: { authorizer: RoomsAuthorizer, ...push } });
}

beforeEach(() => start());
afterEach(() => app.close());

/** Connects and leaves every frame in the queue, the welcome too. */
function connectRaw(query = '', claims = {}): Promise<WsClient> {
  return WsClient.connect(app.wsUrl + query, { token: signToken(claims) });
}

function codeOf({ data }: Envelope): unknown {
  return (data as { readonly code?: unknown } | undefined)?.code;
}

function dataOf(envelope: Envelope): Readonly<Record<string, unknown>> {
  return envelope.data as Record<string, unknown>;
}

describe('the welcome', () => {
  it('is the first frame and says all that a client needs', async () => {
    const exp = Math.floor(Date.now() / 1000) + 600;
    const client = await connectRaw('', { sub: '7', groups: ['a'], exp });

    const [welcome] = await client.settled();

    expect(welcome).toEqual({
      event: 'push:welcome',
      data: {
        connectionId: expect.any(String),
        userId: '7',
        groups: ['a'],
        transport: 'ws',
        heartbeatMs: 25_000,
        maxFrameBytes: 65_536,
        cursor: expect.any(String),
        resumed: false,
        expiresAt: new Date(exp * 1000).toISOString(),
      },
    });
    await client.close();
  });

  it('comes before anything that is sent the moment the connection is there', async () => {
    const isThere = eventually(() => app.push.isOnline('7'), { intervalMs: 0 }).then(() => app.push.toUser('7', 'e'));
    const client = await connectRaw();
    await isThere;

    expect((await client.settled()).map(({ event }) => event)).toEqual(['push:welcome', 'e']);
    await client.close();
  });

  it('carries the place after the last message', async () => {
    const witness = await app.connect('8');
    await app.push.broadcast('e');
    const client = await connectRaw();

    const { cursor } = (await client.next('push:welcome')).data as WelcomeData;

    expect(cursor).toBe((await witness.next('e')).cursor);
    await client.close();
  });
});

describe('?cursor=', () => {
  it('of an earlier connection brings what was missed after the welcome, then what is sent now', async () => {
    const first = await connectRaw();
    const { cursor } = (await first.next('push:welcome')).data as WelcomeData;
    await first.close();
    await app.push.broadcast('missed.1');
    await app.push.toUser('7', 'missed.2');
    await app.push.toUser('8', 'for.another');

    const client = await connectRaw(`?cursor=${cursor}`);
    await app.push.broadcast('now');
    const [welcome, ...rest] = await client.settled();

    expect(welcome).toMatchObject({ event: 'push:welcome', data: { resumed: true, cursor } });
    expect(rest.map(({ event }) => event)).toEqual(['missed.1', 'missed.2', 'now']);
    await client.close();
  });

  it('of another life of the log brings a gap, then what is held', async () => {
    const client = await connectRaw('?cursor=1.another.1');
    const [welcome, gap] = await client.settled();

    expect(welcome).toMatchObject({ event: 'push:welcome', data: { resumed: false } });
    expect(gap).toMatchObject({ event: 'push:gap', data: { reason: 'reset' }, cursor: expect.any(String) });
    await client.close();
  });

  it.each(['nonsense', '1.a', '%00', 'x'.repeat(1_024)])(
    'that is none (%s) counts as none, with a gap',
    async (text) => {
      const client = await connectRaw(`?cursor=${text}`);
      const frames = await client.settled();

      expect(frames.map(({ event }) => event)).toEqual(['push:welcome', 'push:gap']);
      expect(dataOf(frames[1]!)).toEqual({ reason: 'invalid_cursor' });
      await client.close();
    },
  );

  it('that is empty counts as none', async () => {
    const client = await connectRaw('?cursor=');
    expect((await client.settled()).map(({ event }) => event)).toEqual(['push:welcome']);
    await client.close();
  });

  it('past 1 KB is refused with 400', async () => {
    const refusal = await refusalOf(`${app.wsUrl}?cursor=${'x'.repeat(1_025)}`, { token: signToken() });
    expect([refusal.status, refusal.problem['status']]).toEqual([400, 400]);
  });
});

describe('?groups=', () => {
  it('joins those that the authorizer grants and names the others after the welcome', async () => {
    const client = await connectRaw('?groups=room:1,staff,room:2');
    const [welcome, refused, ...rest] = await client.settled();

    expect(dataOf(welcome!)['groups']).toEqual(['room:1', 'room:2']);
    expect(refused).toMatchObject({ event: 'push:error', data: { code: 'forbidden', status: 403 } });
    expect(dataOf(refused!)['detail']).toContain('staff');
    expect(rest).toEqual([]);
    expect((await app.push.toGroup(['room:1', 'room:2'], 'e')).matched.connections).toBe(1);
    await client.close();
  });

  it('says nothing of what is no group name', async () => {
    const client = await connectRaw(`?groups=${encodeURIComponent('<script>alert(1)</script>')}`);
    const text = JSON.stringify(await client.settled());

    expect(text).toContain('forbidden');
    expect(text).not.toContain('script');
    await client.close();
  });

  it('is bounded by maxGroupsPerConnection, the groups of the token counted too', async () => {
    await start({ maxGroupsPerConnection: 2 });
    const client = await connectRaw('?groups=room:1,room:2,room:3', { groups: ['a'] });
    const [welcome, ...errors] = await client.settled();

    expect(dataOf(welcome!)['groups']).toEqual(['a', 'room:1']);
    expect(errors.map(codeOf)).toEqual(['limit_groups', 'limit_groups']);
    await client.close();
  });

  it('does not outlive the connection', async () => {
    const client = await connectRaw('?groups=room:1');
    await client.close();
    await eventually(async () => (await app.push.stats()).groups === 0);
    expect(await app.push.groupsOf('7')).toEqual([]);
  });
});

describe('push:ping', () => {
  it('is answered with push:pong, with ref or without', async () => {
    const client = await app.connect();
    client.send('push:ping');
    expect(await client.next('push:pong')).toEqual({ event: 'push:pong' });
    expect(await client.request('push:ping', { any: 'thing' }, 'r1')).toEqual({ event: 'push:pong', ref: 'r1' });
  });
});

describe('push:join and push:leave', () => {
  it('are denied where the host has no authorizer', async () => {
    await start({ authorizer: undefined });
    const client = await app.connect();
    expect(codeOf(await client.request('push:join', { group: 'room:1' }))).toBe('forbidden');
    expect(codeOf(await client.request('push:send', { to: { group: 'g' }, event: 'e' }))).toBe('forbidden');
  });

  it('take effect for this connection alone', async () => {
    const [client, sibling] = [await app.connect('7'), await app.connect('7')];

    expect(await client.request('push:join', { group: 'room:1' }, 'j')).toEqual({
      event: 'push:ok',
      data: { group: 'room:1' },
      ref: 'j',
    });
    await app.push.toGroup('room:1', 'while');
    expect(await client.request('push:leave', { group: 'room:1' }, 'l')).toMatchObject({ event: 'push:ok', ref: 'l' });
    await app.push.toGroup('room:1', 'after');

    expect((await client.settled()).map(({ event }) => event)).toEqual(['while']);
    expect(await sibling.settled()).toEqual([]);
  });

  it('can be repeated, and left without having joined', async () => {
    const client = await app.connect();
    for (const event of ['push:leave', 'push:join', 'push:join', 'push:leave', 'push:leave']) {
      expect(await client.request(event, { group: 'room:1' })).toMatchObject({ event: 'push:ok' });
    }
    expect((await app.push.toGroup('room:1', 'e')).matched.connections).toBe(0);
  });

  it('cannot leave what the token or the server says', async () => {
    const client = await app.connect('7', { groups: ['claimed'] });
    await app.push.addToGroup('7', 'held');

    for (const group of ['claimed', 'held']) await client.request('push:leave', { group });

    expect((await app.push.toGroup('claimed', 'e')).matched.connections).toBe(1);
    expect((await app.push.toGroup('held', 'e')).matched.connections).toBe(1);
  });

  it('end when the server takes the user out of the group', async () => {
    const client = await app.connect();
    await client.request('push:join', { group: 'room:1' });
    await app.push.removeFromGroup('7', 'room:1');
    expect((await app.push.toGroup('room:1', 'e')).matched.connections).toBe(0);
  });

  it('are refused with a code that says why', async () => {
    await start({ maxGroupsPerConnection: 1 });
    const client = await app.connect();
    const join = async (data: unknown) => codeOf(await client.request('push:join', data));

    expect(await join({ group: 'staff' })).toBe('forbidden');
    for (const data of [undefined, null, 'room:1', ['room:1'], {}, { group: 7 }, { group: 'room: 1' }]) {
      expect(await join(data)).toBe('invalid_data');
    }
    expect(await join({ group: 'room:1' })).toBeUndefined();
    expect(await join({ group: 'room:2' })).toBe('limit_groups');
    expect(await join({ group: 'room:1' })).toBeUndefined();
  });

  it('are answered as internal when the authorizer fails, and the connection lives on', async () => {
    await app.close();
    app = await PushApp.start({ push: { authorizer: RoomsAuthorizer }, nest: { logger: false } });
    const client = await app.connect();

    const answer = await client.request('push:join', { group: 'room:broken' });

    expect(answer).toMatchObject({ event: 'push:error', data: { code: 'internal', status: 500, retryable: true } });
    expect(JSON.stringify(answer)).not.toContain('away');
    expect(await client.request('push:ping')).toMatchObject({ event: 'push:pong' });
  });

  it('say when to come back where something is out of reach for a while, and log nothing of it', async () => {
    await app.close();
    const log = new RecordingLogger();
    app = await PushApp.start({ push: { authorizer: WaitingAuthorizer }, nest: { logger: log } });
    const client = await app.connect();

    const answer = await client.request('push:send', { to: { group: 'room:a' }, event: 'a' });

    expect(answer).toMatchObject({ data: { code: 'internal', retryable: true, retryAfterMs: 1_500 } });
    expect(log.text).not.toContain('out of reach');
  });
});

describe('push:send', () => {
  it("reaches every connection of the members, the sender's own too, with from", async () => {
    const [sender, tab, other] = [await app.connect('7'), await app.connect('7'), await app.connect('8')];
    for (const client of [sender, tab, other]) await client.request('push:join', { group: 'room:1' });
    const outsider = await app.connect('9');

    const answer = await sender.request('push:send', { to: { group: 'room:1' }, event: 'chat', data: { text: 'hi' } });

    expect(answer).toMatchObject({ event: 'push:ok', data: { id: expect.any(String) } });
    const envelopes = [await sender.next('chat'), await tab.next('chat'), await other.next('chat')];
    for (const envelope of envelopes) {
      expect(envelope).toEqual({
        event: 'chat',
        data: { text: 'hi' },
        id: dataOf(answer)['id'],
        cursor: expect.any(String),
        ts: expect.any(String),
        from: '7',
      });
    }
    expect(await outsider.settled()).toEqual([]);
  });

  it('reaches a user, and the sender only where they are one', async () => {
    const [sender, friend] = [await app.connect('7'), await app.connect('friend')];

    await sender.request('push:send', { to: { user: 'friend' }, event: 'chat', data: 1 });

    expect(await friend.next('chat')).toMatchObject({ data: 1, from: '7' });
    expect(await sender.settled()).toEqual([]);
  });

  it('does not let a client say who it is', async () => {
    const client = await app.connect('friend');
    const frame = { event: 'push:send', data: { to: { user: 'friend' }, event: 'e', from: '8' }, from: '8', id: 'x' };
    client.socket.send(JSON.stringify(frame));
    const envelope = await client.next('e');
    expect(envelope.from).toBe('friend');
    expect(envelope.id).not.toBe('x');
  });

  it('keeps the order of one sender', async () => {
    const sender = await app.connect('friend');
    for (let n = 0; n < 50; n++) sender.send('push:send', { to: { user: 'friend' }, event: 'n', data: n }, `${n}`);
    const received = await sender.settled();

    const order = (event: string) => received.filter((frame) => frame.event === event);
    expect(order('n').map(({ data }) => data)).toEqual(Array.from({ length: 50 }, (_, n) => n));
    expect(order('push:ok').map(({ ref }) => ref)).toEqual(Array.from({ length: 50 }, (_, n) => `${n}`));
  });

  it.each([
    [{ to: { group: 'staff' }, event: 'e' }, 'forbidden'],
    [{ to: { user: 'stranger' }, event: 'e' }, 'forbidden'],
    [{ to: { group: 'room:1' }, event: 'forbidden' }, 'forbidden'],
    [{ to: { group: 'room:1' }, event: 'push:welcome' }, 'reserved_event'],
    [{ to: { group: 'room:1' }, event: 'not valid' }, 'invalid_data'],
    [{ to: { group: 'room:1' } }, 'invalid_data'],
    [{ to: { group: 'room:1', user: 'friend' }, event: 'e' }, 'invalid_data'],
    [{ to: { all: true }, event: 'e' }, 'invalid_data'],
    [{ to: {}, event: 'e' }, 'invalid_data'],
    [{ event: 'e' }, 'invalid_data'],
    ['text', 'invalid_data'],
    [undefined, 'invalid_data'],
  ])('of %j is refused as %s and reaches nobody', async (data, code) => {
    const client = await app.connect('stranger', { groups: ['elsewhere'] });
    const witness = await app.connect('friend', { groups: ['staff', 'room:1'] });

    expect(codeOf(await client.request('push:send', data))).toBe(code);

    expect(await witness.settled()).toEqual([]);
  });

  it('of more than maxPayloadBytes is refused as invalid data', async () => {
    await start({ maxPayloadBytes: 100 });
    const client = await app.connect('friend');
    const send = (data: string) => client.request('push:send', { to: { user: 'friend' }, event: 'e', data });

    expect(codeOf(await send('x'.repeat(99)))).toBe('invalid_data');
    expect(codeOf(await send('x'.repeat(98)))).toBeUndefined();
  });

  it('with an own key __proto__ is refused, one named constructor arrives', async () => {
    const client = await app.connect('friend');
    const send = (data: string) =>
      client.socket.send(`{"event":"push:send","ref":"r","data":{"to":{"user":"friend"},"event":"e","data":${data}}}`);

    send('{"a":{"__proto__":{"admin":true}}}');
    expect(codeOf(await client.next(({ ref }) => ref === 'r'))).toBe('invalid_data');
    send('{"constructor":{"prototype":1}}');
    expect((await client.next('e')).data).toEqual({ constructor: { prototype: 1 } });
  });
});

describe('push:auth', () => {
  it('puts a fresh token of the same user in the place of the old one', async () => {
    const client = await app.connect('7', { groups: ['old', 'kept'] });
    const exp = Math.floor(Date.now() / 1000) + 7_200;

    const answer = await client.request('push:auth', { token: signToken({ sub: '7', groups: ['kept', 'new'], exp }) });

    expect(answer).toMatchObject({ event: 'push:ok', data: { expiresAt: new Date(exp * 1000).toISOString() } });
    const { items } = await app.push.connections();
    expect([...(items[0]?.groups ?? [])].sort()).toEqual(['kept', 'new']);
    expect(items).toHaveLength(1);
  });

  it('keeps what the server and the client itself said of groups', async () => {
    const client = await app.connect('7', { groups: ['old'] });
    await app.push.addToGroup('7', 'held');
    await client.request('push:join', { group: 'room:1' });

    await client.request('push:auth', { token: signToken({ sub: '7' }) });

    const { items } = await app.push.connections();
    expect([...(items[0]?.groups ?? [])].sort()).toEqual(['held', 'room:1']);
  });

  it("closes with 4503 at another user's token", async () => {
    const client = await app.connect('7');
    client.send('push:auth', { token: signToken({ sub: '8' }) });
    expect((await client.end()).code).toBe(4503);
    expect(await app.push.isOnline('8')).toBe(false);
  });

  it('answers a bad token with an error and goes on with the old one', async () => {
    const client = await app.connect('7', { groups: ['a'] });
    const expired = signToken({ sub: '7' }, { expiresInSeconds: -60 });

    for (const token of ['', 'junk', expired, signToken({ sub: '7' }, { secret: 'another secret of thirty-two b' })]) {
      expect(codeOf(await client.request('push:auth', { token }))).toBe('forbidden');
    }
    for (const data of [undefined, {}, { token: 7 }, 'junk']) {
      expect(codeOf(await client.request('push:auth', data))).toBe('invalid_data');
    }

    expect((await app.push.toGroup('a', 'e')).matched.connections).toBe(1);
  });

  it('makes the new token the one that a revocation is about', async () => {
    const client = await app.connect('7', { jti: 'old' });
    await client.request('push:auth', { token: signToken({ sub: '7', jti: 'new' }) });

    await app.push.revoke({ jti: 'old' });
    expect(await client.request('push:ping')).toMatchObject({ event: 'push:pong' });
    await app.push.revoke({ jti: 'new' });

    expect((await client.end()).code).toBe(4501);
  });
});

/** Far enough for a sweep in between, of which there is one a second. */
const secondsFromNow = (seconds: number) => Math.ceil(Date.now() / 1000) + seconds;

describe('the end of a token', () => {
  const shortLived = {
    auth: { jwt: { secret: TEST_SECRET, algorithms: ['HS256' as const], clockToleranceSeconds: 0 } },
    expiringNoticeMs: 2_500,
  };

  it('is announced, and closes the connection with 4001', async () => {
    await start(shortLived);
    const exp = secondsFromNow(2);
    const client = await app.connect('7', { exp });

    expect((await client.next('push:expiring')).data).toEqual({ at: new Date(exp * 1000).toISOString() });
    expect(await client.end()).toEqual({ code: 4001, reason: 'token expired' });
    expect(Date.now()).toBeGreaterThanOrEqual(exp * 1000);
  });

  it('passes by a connection that has renewed it', async () => {
    await start(shortLived);
    const exp = secondsFromNow(2);
    const [renewed, other] = [await app.connect('7', { exp }), await app.connect('8', { exp })];
    await renewed.next('push:expiring');

    await renewed.request('push:auth', { token: signToken({ sub: '7' }) });
    await other.end();

    expect(await renewed.request('push:ping')).toMatchObject({ event: 'push:pong' });
  });
});

describe('heartbeat', () => {
  const quick = { heartbeatMs: 60, heartbeatTimeoutMs: 60 };

  it('pings a silent client and keeps one that answers', async () => {
    await start(quick);
    const client = await app.connect();
    let pings = 0;
    client.socket.on('ping', () => pings++);

    await eventually(() => pings >= 3);

    expect(client.closed).toBeUndefined();
  });

  it('ends a connection whose peer does not answer', async () => {
    await start(quick);
    const client = await app.connect('7', {}, { autoPong: false });

    expect(await client.end()).toEqual({ code: 4000, reason: 'heartbeat missed' });
    expect(await app.push.isOnline('7')).toBe(false);
  });

  it('answers the ping frames of a client', async () => {
    const client = await app.connect();
    const pong = new Promise<string>((resolve) => client.socket.once('pong', (data) => resolve(data.toString())));
    client.socket.ping('payload');
    expect(await pong).toBe('payload');
  });
});

describe('frames that cannot be carried out', () => {
  it('are answered as unknown_event where nothing handles them, with their ref', async () => {
    const client = await app.connect();
    const answer = await client.request('order.place', { id: 1 }, 'r1');
    expect(answer).toEqual({
      event: 'push:error',
      data: {
        code: 'unknown_event',
        title: expect.any(String),
        status: 404,
        detail: expect.any(String),
        retryable: false,
      },
      ref: 'r1',
    });
  });

  it('are answered without ref where they had none', async () => {
    const client = await app.connect();
    client.send('order.place');
    const answer = await client.next('push:error');
    expect(answer).not.toHaveProperty('ref');
  });

  it.each(['push:welcome', 'push:ok', 'push:anything', 'push:'])('are refused as reserved (%s)', async (event) => {
    const client = await app.connect();
    expect(await client.request(event, {}, 'r')).toMatchObject({ data: { code: 'reserved_event' }, ref: 'r' });
  });

  it('never repeat what was sent', async () => {
    const client = await app.connect();
    const secret = 'a-very-private-text';
    const answers = [
      await client.request(`e.${secret}`, secret),
      await client.request('push:join', { group: secret }),
      await client.request('push:send', { to: { user: secret }, event: secret, data: secret }),
      await client.request('push:auth', { token: secret }),
    ];
    expect(answers.every(({ event }) => event === 'push:error')).toBe(true);
    expect(JSON.stringify(answers)).not.toContain(secret);
  });
});

describe('a reader that is too slow', () => {
  it('is closed with 4002 while the others get everything', async () => {
    await start({ maxQueueBytes: 65_536 });
    const [slow, healthy] = [await app.connect('slow'), await app.connect('healthy')];
    slow.socket.pause();
    const data = 'x'.repeat(60_000);

    let sent = 0;
    await eventually(
      async () => {
        for (let burst = 0; burst < 20; burst++, sent++) await app.push.broadcast('e', data, { report: true });
        return !(await app.push.isOnline('slow'));
      },
      { timeoutMs: 15_000, intervalMs: 0 },
    );

    await eventually(() => healthy.frames.length === sent);
    slow.socket.resume();
    expect(await slow.end()).toEqual({ code: 4002, reason: 'too slow' });
    expect(slow.frames.length).toBeLessThan(sent);
    expect(slow.frames.map(({ event }) => event)).toEqual(slow.frames.map(() => 'e'));
  });

  it('is closed when it takes nothing for stallTimeoutMs', async () => {
    await start({ stallTimeoutMs: 100, maxQueueBytes: 64 * 1024 * 1024 });
    const slow = await app.connect('slow');
    slow.socket.pause();
    const data = 'x'.repeat(60_000);
    for (let sent = 0; sent < 300; sent++) await app.push.broadcast('e', data);

    await eventually(async () => !(await app.push.isOnline('slow')));

    slow.socket.resume();
    expect((await slow.end()).code).toBe(4002);
  });

  it('is cut when it does not even take the close', async () => {
    await start({ maxQueueBytes: 65_536 });
    const slow = await app.connect('slow');
    slow.socket.pause();
    const data = 'x'.repeat(60_000);
    const sockets = () =>
      new Promise<number>((resolve) => app.server.getConnections((_error, count) => resolve(count)));

    await eventually(
      async () => {
        await app.push.broadcast('e', data, { report: true });
        return !(await app.push.isOnline('slow'));
      },
      { timeoutMs: 15_000, intervalMs: 0 },
    );

    await eventually(async () => (await sockets()) === 0, { timeoutMs: 8_000 });
  });
});
