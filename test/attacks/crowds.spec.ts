/** Attacks by number: more knock, or read nothing, than there is room for, over each transport that they can use. */
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { PushAuthenticator } from '../../src/auth/push-authenticator.js';
import type { Principal } from '../../src/core/principal.js';
import { eventually, eventuallyDefined } from '../support/eventually.js';
import { PLATFORMS } from '../support/push-app.js';
import { RawClient, handshake } from '../support/raw-client.js';
import { SseClient } from '../support/sse-client.js';
import { bearer, signToken } from '../support/tokens.js';
import { WsClient } from '../support/ws-client.js';
import { AttackedApp } from './attacked-app.js';

/** Where the crowd comes from; the bystander is at 127.0.0.1. */
const CROWD_ADDRESS = '127.0.0.2';
const MAX_PER_IP = 10;
const CROWD = 150;

/** Takes any token for good, and counts how often it was asked about one of the crowd. */
class CountingAuthenticator extends PushAuthenticator {
  static asked = 0;

  override async authenticate(token: string): Promise<Principal> {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { sub: string };
    if (claims.sub === 'crowd') CountingAuthenticator.asked++;
    return { userId: claims.sub, groups: [], scopes: [], expiresAtMs: Date.now() + 3_600_000 };
  }
}

const PATHS = { ws: '/push/ws', sse: '/push/sse', poll: '/push/poll?wait=20' } as const;

/** Knocks from the address of the crowd. */
async function knock(port: number, transport: keyof typeof PATHS, sub: string): Promise<RawClient> {
  const client = await RawClient.connect(port, CROWD_ADDRESS);
  const plain = { Upgrade: undefined, Connection: undefined };
  const headers = { Authorization: `Bearer ${signToken({ sub })}`, ...(transport !== 'ws' && plain) };
  client.write(handshake({ target: PATHS[transport], headers }));
  return client;
}

let attacked: AttackedApp | undefined;
const crowd: RawClient[] = [];
afterEach(async () => {
  for (const client of crowd.splice(0)) client.destroy();
  await attacked?.stop();
  attacked = undefined;
});

describe.each(PLATFORMS)('a crowd that knocks on %s', (platform) => {
  it.each(['ws', 'sse', 'poll'] as const)(
    'gets 429 with Retry-After past the limit of its address, and nobody looks at its tokens (%s)',
    async (transport) => {
      attacked = await AttackedApp.start(platform, {
        maxPerIp: MAX_PER_IP,
        maxPerUser: 1_000,
        authenticator: CountingAuthenticator,
      });
      const { port, push } = attacked.app;
      for (let number = 0; number < MAX_PER_IP; number++) crowd.push(await knock(port, transport, 'crowd'));
      await eventually(async () => (await push.connections({ user: 'crowd' }, {})).items.length === MAX_PER_IP);
      const before = CountingAuthenticator.asked;

      const late = await Promise.all(Array.from({ length: CROWD }, () => knock(port, transport, 'crowd')));
      crowd.push(...late);
      for (const client of late) {
        const { status, headers, body } = await client.response();
        expect([status, (JSON.parse(body) as { code: string }).code]).toEqual([429, 'address_limit']);
        expect(headers['retry-after']).toMatch(/^[1-9]\d*$/);
      }
      expect(CountingAuthenticator.asked).toBe(before);
    },
  );

  it.each(['ws', 'sse', 'poll'] as const)(
    'of one user gets 429 with Retry-After past its limit (%s)',
    async (transport) => {
      attacked = await AttackedApp.start(platform, { maxPerUser: 5 });
      const { port, push } = attacked.app;
      for (let number = 0; number < 5; number++) crowd.push(await knock(port, transport, 'crowd'));
      await eventually(async () => (await push.connections({ user: 'crowd' }, {})).items.length === 5);

      const late = await Promise.all(Array.from({ length: CROWD }, () => knock(port, transport, 'crowd')));
      crowd.push(...late);
      for (const client of late) {
        const { status, headers } = await client.response();
        expect(status).toBe(429);
        expect(headers['retry-after']).toMatch(/^[1-9]\d*$/);
      }
    },
  );
});

describe.each(PLATFORMS)('requests without end on one connection on %s', (platform) => {
  it('leave nothing on it once they are answered, however many come at a time', async () => {
    attacked = await AttackedApp.start(platform);
    const { port, server } = attacked.app;
    const accepted: Socket[] = [];
    server.on('connection', (each) => accepted.push(each));
    const client = await RawClient.connect(port, CROWD_ADDRESS);
    crowd.push(client);
    const socket = await eventuallyDefined(() => accepted.find(({ remoteAddress }) => remoteAddress === CROWD_ADDRESS));
    const before = socket.listenerCount('close');
    for (let round = 0; round < 5; round++) {
      client.write('GET /push/handshake HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(30));
      for (let answer = 0; answer < 30; answer++) expect((await client.response()).status).toBe(401);
    }
    expect(socket.listenerCount('close') - before).toBeLessThanOrEqual(1);
  });
});

describe.each(PLATFORMS)('three readers in ten that read nothing on %s', (platform) => {
  it('cost the others no message, no order and no connection', async () => {
    attacked = await AttackedApp.start(platform, { maxQueueBytes: 65_536, maxPerUser: 1_000 });
    const { app } = attacked;
    const readers = await Promise.all(Array.from({ length: 7 }, (_, number) => app.connect(`reader-${number}`)));
    const streams = await Promise.all(
      Array.from({ length: 7 }, (_, number) =>
        SseClient.open(`${app.origin}/push/sse`, bearer(signToken({ sub: `stream-${number}` }))),
      ),
    );
    for (const stream of streams) await stream.next('push:welcome');
    for (let number = 0; number < 3; number++) {
      const socket = await RawClient.open(app.port, 'slow');
      socket.socket.pause();
      const stream = await SseClient.open(`${app.origin}/push/sse`, bearer(signToken({ sub: 'slow' })));
      stream.response.pause();
      crowd.push(socket);
    }

    const data = 'x'.repeat(60_000);
    let sent = 0;
    const slowAreCut = async () => (await app.push.connections({ user: 'slow' }, {})).items.length === 0;
    while (!(await slowAreCut()) && sent < 2_000) await app.push.broadcast('load', { number: ++sent, data });
    expect(await slowAreCut()).toBe(true);

    const due = Array.from({ length: sent }, (_, index) => index + 1);
    for (const reader of readers) {
      await eventually(() => reader.frames.filter(({ event }) => event === 'load').length >= sent);
      expect(reader.closed).toBeUndefined();
      expect(numbersOf(reader)).toEqual(due);
    }
    for (const stream of streams) {
      for (const number of due) expect((await stream.next('load')).data).toMatchObject({ number });
      stream.close();
    }
  }, 120_000);
});

function numbersOf({ frames }: WsClient): readonly number[] {
  return frames.filter(({ event }) => event === 'load').map(({ data }) => (data as { readonly number: number }).number);
}
