import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Socket } from 'node:net';
import { PushAuthenticator } from '../../src/auth/push-authenticator.js';
import { PushAuthorizer } from '../../src/auth/push-authorizer.js';
import type { PushModuleExtras, PushModuleOptions } from '../../src/push-options.interface.js';
import { eventually } from '../support/eventually.js';
import { GatedAuthenticator } from '../support/gated.authenticator.js';
import { PLATFORMS, PushApp } from '../support/push-app.js';
import { RawClient, handshake } from '../support/raw-client.js';
import { rawFrame } from '../support/raw-frame.js';

class ThrowingAuthenticator extends PushAuthenticator {
  override authenticate(): never {
    throw new Error('a private reason');
  }
}

class RejectingAuthenticator extends PushAuthenticator {
  override async authenticate(): Promise<never> {
    throw new Error('a private reason');
  }
}

/** Says nothing before the test does, then yes. */
class GatedAuthorizer extends PushAuthorizer {
  private readonly waiting: (() => void)[] = [];

  get waitingCount(): number {
    return this.waiting.length;
  }

  override canJoin(): Promise<boolean> {
    return new Promise((resolve) => this.waiting.push(() => resolve(true)));
  }

  override canSend(): boolean {
    return false;
  }

  grantAll(): void {
    for (const grant of this.waiting.splice(0)) grant();
  }
}

let app: PushApp;
let gate: GatedAuthenticator;
let clients: RawClient[];

beforeEach(() => {
  clients = [];
});
afterEach(async () => {
  for (const client of clients) client.destroy();
  await app.close();
});

/** Sends the handshake of a user, whose name is the token. */
async function ask(user: string, early: string | Buffer = ''): Promise<RawClient> {
  const client = await RawClient.connect(app.port);
  clients.push(client);
  client.write(handshake({ headers: { Authorization: `Bearer ${user}` } }));
  if (early.length > 0) client.write(early);
  return client;
}

async function askWithGroups(user: string): Promise<RawClient> {
  const client = await RawClient.connect(app.port);
  clients.push(client);
  client.write(handshake({ target: '/push/ws?groups=a', headers: { Authorization: `Bearer ${user}` } }));
  return client;
}

async function askAll(users: readonly string[]): Promise<RawClient[]> {
  return Promise.all(users.map((user) => ask(user)));
}

async function statusOf(client: RawClient): Promise<number> {
  return (await client.response()).status;
}

/** Waits until the server has answered someone else, so that what was written before has arrived. */
async function arrived(): Promise<void> {
  await (await fetch(`${app.origin}/nothing-here`)).text();
}

/** A connection of a user that plays no part. */
async function connectBystander(): Promise<RawClient> {
  const client = await ask('bystander');
  await eventually(() => gate.waitingCount === 1);
  gate.admitAll();
  expect(await statusOf(client)).toBe(101);
  await client.nextEnvelope('push:welcome');
  return client;
}

/** One round trip of a bystander: what was sent before has been looked at. */
async function expectServed(bystander: RawClient): Promise<void> {
  bystander.write(rawFrame('{"event":"push:ping"}'));
  await bystander.nextEnvelope('push:pong');
}

describe.each(PLATFORMS)('a handshake that is being checked on %s', (platform) => {
  async function start(push: PushModuleOptions & PushModuleExtras = {}): Promise<void> {
    app = await PushApp.start({
      platform,
      push: { authenticator: GatedAuthenticator, ...push },
      nest: { logger: false },
    });
    gate = app.app.get(PushAuthenticator);
  }

  describe('in a crowd', () => {
    const crowd = Array.from({ length: 40 }, (_, index) => `u${index}`);

    async function statuses(users: readonly string[]): Promise<Record<number, number>> {
      const asking = await askAll(users);
      const counts: Record<number, number> = {};
      const answered = asking.map(async (client) => {
        const status = await statusOf(client);
        counts[status] = (counts[status] ?? 0) + 1;
      });
      // Nobody is admitted before all have been looked at, so that all of them meet the same count.
      const seen = () => gate.waitingCount + Object.values(counts).reduce((sum, count) => sum + count, 0);
      await eventually(() => seen() === users.length);
      gate.admitAll();
      await Promise.all(answered);
      return counts;
    }

    it('does not slip past maxConnections', async () => {
      await start({ maxConnections: 5 });
      expect(await statuses(crowd)).toEqual({ 101: 5, 503: 35 });
    });

    it('does not slip past maxPerIp', async () => {
      await start({ maxPerIp: 5 });
      expect(await statuses(crowd)).toEqual({ 101: 5, 429: 35 });
    });

    it('does not slip past maxPerUser', async () => {
      await start({ maxPerUser: 5 });
      expect(await statuses(crowd.map(() => '7'))).toEqual({ 101: 5, 429: 35 });
    });

    it('does not slip past maxPerUser while the authorizer thinks about groups', async () => {
      await start({ maxPerUser: 1, authorizer: GatedAuthorizer });
      const asking = [await askWithGroups('7'), await askWithGroups('7')];
      await eventually(() => gate.waitingCount === 2);
      gate.admitAll();
      const authorizer = app.app.get<GatedAuthorizer>(PushAuthorizer);
      await eventually(() => authorizer.waitingCount === 1);
      authorizer.grantAll();
      expect(new Set(await Promise.all(asking.map(statusOf)))).toEqual(new Set([101, 429]));
    });

    it('does not slip past maxPendingHandshakes, whose places are free again after the verdict', async () => {
      await start({ maxPendingHandshakes: 5 });
      expect(await statuses(crowd)).toEqual({ 101: 5, 503: 35 });
      expect(await statuses(crowd.slice(0, 5))).toEqual({ 101: 5 });
    });

    it('leaves no places taken by those who were refused', async () => {
      await start({ maxConnections: 40, maxPerUser: 1, maxPerIp: 40 });
      expect(await statuses(crowd.map(() => '7'))).toEqual({ 101: 1, 429: 39 });
      expect(await statuses(crowd.slice(1))).toEqual({ 101: 39 });
    });
  });

  describe.each(['finish', 'reset'] as const)('whose client leaves (%s)', (leave) => {
    it('costs nothing: its place is free at once, among all limits', async () => {
      await start({ maxConnections: 1, maxPerIp: 1, maxPerUser: 1, maxPendingHandshakes: 1 });
      const leaving = await ask('7');
      await eventually(() => gate.waitingCount === 1);
      expect(await statusOf(await ask('8'))).toBe(503);

      leaving[leave]();

      await eventually(async () => {
        const next = await ask('7');
        await eventually(() => gate.waitingCount === 2, { timeoutMs: 100 });
        gate.admitAll();
        expect(await statusOf(next)).toBe(101);
      });
      expect((await app.push.connections()).items).toHaveLength(1);
    });

    it('gives its place back with the verdict, where bytes that are not read yet hide that it left', async () => {
      await start({ maxConnections: 1 });
      const leaving = await ask('7', rawFrame('{"event":"push:ping"}'));
      await eventually(() => gate.waitingCount === 1);
      leaving.write(rawFrame('{"event":"push:ping"}'));
      leaving[leave]();
      gate.admitAll();

      await eventually(async () => {
        const next = await ask('8');
        await eventually(() => gate.waitingCount === 1, { timeoutMs: 100 });
        gate.admitAll();
        expect(await statusOf(next)).toBe(101);
      });
      expect(await app.push.isOnline('7')).toBe(false);
    });

    it('never becomes a connection', async () => {
      await start();
      const leaving = await Promise.all(Array.from({ length: 50 }, (_, index) => ask(`u${index}`)));
      await eventually(() => gate.waitingCount === 50);
      for (const client of leaving) client[leave]();
      gate.admitAll();

      const bystander = await connectBystander();

      await eventually(async () => (await app.push.connections()).items.length === 1);
      await expectServed(bystander);
    });
  });

  describe('whose check goes wrong', () => {
    it('is answered 503 after authTimeoutMs, and a late yes changes nothing', async () => {
      await start({ authTimeoutMs: 50, maxConnections: 1 });
      const client = await ask('7');
      const { status, headers, body } = await client.response();
      expect({ status, retryAfter: headers['retry-after'] }).toEqual({ status: 503, retryAfter: '5' });
      expect(JSON.parse(body)).toMatchObject({ code: 'unavailable' });
      await client.end();

      gate.admitAll();

      await connectBystander();
      expect(await app.push.isOnline('7')).toBe(false);
    });

    it.each([ThrowingAuthenticator, RejectingAuthenticator])('is answered 503 (%p)', async (authenticator) => {
      await start({ authenticator });
      const client = await ask('secret-token');
      const { status, headers, body } = await client.response();
      expect({ status, retryAfter: headers['retry-after'] }).toEqual({ status: 503, retryAfter: '5' });
      expect(JSON.parse(body)).toMatchObject({ code: 'unavailable' });
      expect(body).not.toContain('private');
      await client.end();
    });
  });

  describe('while the client already sends', () => {
    const early = [rawFrame('{"event":"push:ping","ref":"1"}'), rawFrame('{"event":"nope","ref":"2"}')];

    it('reads nothing before the welcome, and everything after it, in order', async () => {
      await start();
      const client = await ask('7', early[0]);
      await eventually(() => gate.waitingCount === 1);
      client.write(early[1]!);
      await arrived();
      gate.admitAll();

      expect(await statusOf(client)).toBe(101);
      await client.nextEnvelope('push:welcome');
      expect(await client.nextEnvelope('push:pong')).toMatchObject({ ref: '1' });
      expect(await client.nextEnvelope('push:error')).toMatchObject({ ref: '2' });
    });

    it('reads a frame of which only a part came before the verdict', async () => {
      await start();
      const client = await ask('7', early[0]!.subarray(0, 9));
      await eventually(() => gate.waitingCount === 1);
      gate.admitAll();
      expect(await statusOf(client)).toBe(101);
      await client.nextEnvelope('push:welcome');

      client.write(early[0]!.subarray(9));

      expect(await client.nextEnvelope('push:pong')).toMatchObject({ ref: '1' });
    });

    it('closes for a bad frame only after the welcome', async () => {
      await start();
      const client = await ask('7', rawFrame('x', { reservedBits: 1 }));
      await eventually(() => gate.waitingCount === 1);
      gate.admitAll();
      expect(await statusOf(client)).toBe(101);
      await client.nextEnvelope('push:welcome');
      expect(await client.closeCode()).toBe(1002);
    });

    it('takes in no more than a few buffers before the verdict', async () => {
      await start();
      const bystander = await connectBystander();
      const accepted = new Promise<Socket>((resolve) => app.server.once('connection', resolve));
      const client = await ask('7', Buffer.alloc(32 * 1024 * 1024));
      const { bytesRead } = await accepted.then(async (socket) => {
        await eventually(() => gate.waitingCount === 1);
        for (let round = 0; round < 20; round++) await expectServed(bystander);
        return socket;
      });
      expect(bytesRead).toBeLessThan(1024 * 1024);
      client.destroy();
    });

    it('answers a refusal as if nothing had been sent', async () => {
      await start({ maxPerUser: 1 });
      const [first, second] = await Promise.all([ask('7', early[0]), ask('7', early[0])]);
      await eventually(() => gate.waitingCount === 2);
      gate.admitAll();
      expect(new Set([await statusOf(first), await statusOf(second)])).toEqual(new Set([101, 429]));
    });
  });

  it('does not keep the application from ending, and is told to come back', async () => {
    await start({ authTimeoutMs: 60_000 });
    const client = await ask('7');
    await eventually(() => gate.waitingCount === 1);

    const closed = app.close();

    const { status, headers, body } = await client.response();
    expect({ status, retryAfter: headers['retry-after'] }).toEqual({ status: 503, retryAfter: '1' });
    expect(JSON.parse(body)).toMatchObject({ code: 'draining' });
    await closed;
  });
});
