import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import type { PushClientOptions } from '../../src/client/client-options.js';
import type { TransportName } from '../../src/protocol/frames.js';
import { eventually } from '../support/eventually.js';
import { PushApp } from '../support/push-app.js';
import { RoomsAuthorizer } from '../support/rooms.authorizer.js';
import { signToken } from '../support/tokens.js';
import { RecordingClient } from './scripted-server.js';

describe('with the module', () => {
  let app: PushApp;
  let clients: RecordingClient[];
  /** Of each test alone: the application is the same for all of them. */
  let user: string;
  let room: string;
  let tests = 0;

  beforeAll(async () => {
    app = await PushApp.start({ platform: 'express', push: { authorizer: RoomsAuthorizer } });
  });

  beforeEach(() => {
    clients = [];
    user = `user-${++tests}`;
    room = `room:${tests}`;
  });

  afterEach(() => {
    for (const client of clients) client.close();
  });

  afterAll(async () => {
    // `fetch` keeps its sockets for later requests.
    app.server.closeAllConnections();
    await app.close();
  });

  async function connect(options: Partial<PushClientOptions>): Promise<RecordingClient> {
    const client = new RecordingClient({
      url: app.origin,
      token: () => signToken({ sub: user }),
      WebSocket,
      retryBaseMs: 10,
      ...options,
    });
    clients.push(client);
    await client.reaches('live');
    return client;
  }

  describe.each(['ws', 'sse', 'poll'] as const)('a client on %s', (transport: TransportName) => {
    it('hears what is sent to its user, to its groups and to everyone, in order', async () => {
      const client = await connect({ transports: [transport] });
      await client.join(room);
      await app.push.toUser(user, 'note', 1);
      await app.push.toGroup(room, 'note', 2);
      await app.push.toUser('somebody', 'note', 3);
      await app.push.broadcast('note', 4);
      await eventually(() => expect(client.heard.map(({ data }) => data)).toEqual([1, 2, 4]));
    });

    it('gets what it missed while it was away, of its groups too', async () => {
      const first = await connect({ transports: [transport] });
      await first.join(room);
      await app.push.toUser(user, 'note', 1);
      await eventually(() => expect(first.heard).toHaveLength(1));
      const { cursor } = first;
      first.close();
      await app.push.toUser(user, 'note', 2);
      await app.push.toGroup(room, 'note', 3);
      const second = new RecordingClient({
        url: app.origin,
        token: () => signToken({ sub: user }),
        WebSocket,
        transports: [transport],
        cursor: cursor ?? '',
      });
      clients.push(second);
      void second.join(room);
      await eventually(() => expect(second.heard.map(({ data }) => data)).toEqual([2, 3]));
    });

    it('learns that it may not join, and that nothing handles a frame', async () => {
      const client = await connect({ transports: [transport] });
      await expect(client.join('staff')).rejects.toMatchObject({ code: 'forbidden', status: 403 });
      await expect(client.request('no.such')).rejects.toMatchObject({ code: 'unknown_event', status: 404 });
    });

    it('speaks in a room', async () => {
      const listener = await connect({ transports: ['ws'], token: () => signToken({ sub: 'listener' }) });
      await listener.join(room);
      const client = await connect({ transports: [transport] });
      const { id } = await client.send({ group: room }, 'note', 'hi');
      await eventually(() => expect(listener.heard).toMatchObject([{ id, data: 'hi', from: user }]));
    });

    it('is told of a gap by a cursor of another log', async () => {
      const client = await connect({ transports: [transport], cursor: '1.abcdefgh.5' });
      await eventually(() => expect(client.heard[0]).toEqual({ event: 'push:gap', data: { reason: 'reset' } }));
    });

    it('stays away when it is sent away', async () => {
      const client = await connect({ transports: [transport] });
      // Between two polls there is no connection to end.
      await eventually(async () => (await app.push.disconnect({ user })).matched > 0);
      expect((await client.reaches('closed')).error).toMatchObject({ code: 'refused' });
    });

    it('comes back for good with another token when its own is not good', async () => {
      const tokens = ['bad', signToken({ sub: user })];
      const client = await connect({ transports: [transport], token: () => tokens.shift() ?? '' });
      await app.push.toUser(user, 'note', 1);
      await eventually(() => expect(client.heard).toHaveLength(1));
    });
  });

  it.each(['ws', 'sse'])('is ended on %s for good when its token is revoked', async (transport) => {
    const client = await connect({
      transports: [transport as TransportName],
      token: () => signToken({ sub: user, jti: user }),
    });
    await app.push.revoke({ jti: user });
    expect((await client.reaches('closed')).error?.message).toBe('refused 4501 token revoked');
  });

  it('goes on with a fresh token when that of its polls is revoked', async () => {
    let count = 0;
    const client = await connect({
      transports: ['poll'],
      token: () => signToken({ sub: user, jti: `${user}-${++count}` }),
    });
    await app.push.revoke({ jti: `${user}-1` });
    await app.push.toUser(user, 'note', 1);
    await eventually(() => expect([count, client.heard.length]).toEqual([2, 1]));
    expect(client.status.state).toBe('live');
  });

  it('changes the transport without a hole or a repeat', async () => {
    const client = await connect({
      transports: ['ws', 'sse', 'poll'],
      climbAfterMs: 1,
      WebSocket: class {
        constructor() {
          throw new Error('blocked');
        }
      } as never,
    });
    expect(client.status.state).toBe('live');
    for (let number = 1; number <= 50; number++) await app.push.toUser(user, 'note', number);
    await eventually(() =>
      expect(client.heard.map(({ data }) => data)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1)),
    );
  });
});
