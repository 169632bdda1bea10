import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Inject, Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { TestingModule } from '@nestjs/testing';
import { PushError, PushService } from 'nestjs-push';
import type { PushModuleOptions } from 'nestjs-push';
import { ManualClock, PushRecorder, PushTestingModule } from 'nestjs-push/testing';
import type { FakeClientOptions } from 'nestjs-push/testing';
import { eventually } from '../../support/eventually.js';

/** What a host would test: sends when something happens. */
@Injectable()
class OrderService {
  constructor(@Inject(PushService) private readonly push: PushService) {}

  async ship(orderId: number, userId: string): Promise<void> {
    await this.push.toUser(
      userId,
      'order.status',
      { orderId, status: 'shipped' },
      { idempotencyKey: `ship ${orderId}` },
    );
  }
}

let testing: TestingModule;
let orders: OrderService;
let recorder: PushRecorder;
let clock: ManualClock;

async function open(options?: PushModuleOptions): Promise<void> {
  testing = await Test.createTestingModule({
    imports: [PushTestingModule.forRoot(options)],
    providers: [OrderService],
  }).compile();
  orders = testing.get(OrderService);
  recorder = testing.get(PushRecorder);
  clock = testing.get(ManualClock);
}

beforeEach(() => open());
afterEach(() => testing.close());

describe('PushTestingModule', () => {
  it('records what the application sends, also when nobody is there', async () => {
    await orders.ship(5, '7');

    expect(recorder.sent).toEqual([
      {
        target: { users: ['7'] },
        event: 'order.status',
        data: { orderId: 5, status: 'shipped' },
        options: { idempotencyKey: 'ship 5' },
        receipt: expect.objectContaining({ matched: { users: 0, connections: 0 }, duplicate: false }),
      },
    ]);
  });

  it('keeps what was sent, whatever becomes afterwards of what it was called with', async () => {
    const push = testing.get(PushService);
    const [users, data, options] = [['7'], { status: 'shipped' }, { collapseKey: 'k' }];

    const sending = push.toUser(users, 'order.status', data, options);
    users.push('8');
    data.status = 'lost';
    options.collapseKey = 'other';
    await sending;

    expect(recorder.sent).toMatchObject([
      { target: { users: ['7'] }, data: { status: 'shipped' }, options: { collapseKey: 'k' } },
    ]);
  });

  it('records data as clients get it', async () => {
    const push = testing.get(PushService);
    const client = recorder.connect('7');

    await push.broadcast('e', {
      at: new Date(0),
      none: undefined,
      not: Number.NaN,
      run: () => 1,
      keys: new Map([[1, 2]]),
    });
    await push.broadcast('e');

    const got = [{ at: '1970-01-01T00:00:00.000Z', not: null, keys: {} }, null];
    expect(recorder.sent.map(({ data }) => data)).toStrictEqual(got);
    expect(client.received('e')).toStrictEqual(got);
  });

  it.each([
    ['a whole number that JSON cannot hold', 1n],
    ['a function', () => 1],
  ])('records no send of %s', async (_what, data) => {
    const push = testing.get(PushService);
    await expect(push.broadcast('e', data)).rejects.toMatchObject({ code: 'PUSH_ERR_INVALID_DATA' });
    expect(recorder.sent).toEqual([]);
  });

  it('says of a repeated send that it is a duplicate', async () => {
    await orders.ship(5, '7');
    await orders.ship(5, '7');

    expect(recorder.sent.map(({ receipt }) => receipt.duplicate)).toEqual([false, true]);
  });

  it('forgets what was sent when it is told to', async () => {
    await orders.ship(5, '7');
    recorder.clear();
    expect(recorder.sent).toEqual([]);
  });

  it('records nothing that PushService refuses', async () => {
    const push = testing.get(PushService);
    await expect(push.broadcast('push:mine')).rejects.toMatchObject({ code: 'PUSH_ERR_RESERVED_EVENT' });
    expect(recorder.sent).toEqual([]);
  });

  it('keeps to the limits that the host gives', async () => {
    await open({ maxPayloadBytes: 10 });
    await expect(testing.get(PushService).broadcast('e', 'x'.repeat(20))).rejects.toMatchObject({ status: 413 });
  });

  it('refuses options that PushModule would refuse', async () => {
    await expect(open({ maxConnections: -1 })).rejects.toMatchObject({ code: 'PUSH_ERR_INVALID_OPTION' });
    await open();
  });

  it('routes to clients as the real module does', async () => {
    const push = testing.get(PushService);
    const [seven, eight] = [recorder.connect('7', { groups: ['staff'] }), recorder.connect('8')];
    await push.addToGroup('8', 'held');

    await push.toUser('7', 'user', 1);
    await push.toGroup(['staff', 'held'], 'group', 2);
    await push.broadcast('all', 3);

    expect(seven.messages.map(({ event }) => event)).toEqual(['user', 'group', 'all']);
    expect(eight.messages.map(({ event }) => event)).toEqual(['group', 'all']);
    expect(eight.received('all')).toEqual([3]);
  });

  it('connects nobody whom a handshake would refuse, and says all that is wrong', () => {
    const options = { tenant: '', groups: ['ok', 'bad group'], scopes: ['two words'], expiresInSeconds: -5 };
    const pointers = ['/userId', '/tenant', '/groups/1', '/scopes/0', '/expiresInSeconds'];

    expect(() => recorder.connect('', options)).toThrow(
      expect.objectContaining({
        code: 'PUSH_ERR_INVALID_ARGUMENT',
        errors: pointers.map((pointer) => expect.objectContaining({ pointer })),
      }),
    );
  });

  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['no text', { userId: 7 }],
    ['groups that are no list', { groups: 'staff' }],
    ['an end that is no number', { expiresInSeconds: Number.NaN }],
    ['an end that never comes', { expiresInSeconds: Number.POSITIVE_INFINITY }],
  ])('connects nobody with %s', (_what, { userId = '7', ...options }) => {
    expect(() => recorder.connect(userId as string, options as FakeClientOptions)).toThrow(PushError);
  });

  it('connects who comes within the tolerance of the clock', () => {
    expect(recorder.connect('7', { expiresInSeconds: -4 }).connection.isOpen).toBe(true);
  });

  it('connects no more of a user, and no more in all, than the limits allow', async () => {
    await testing.close();
    await open({ maxPerUser: 2, maxConnections: 3 });
    const [first] = [recorder.connect('7'), recorder.connect('7')];
    expect(() => recorder.connect('7')).toThrow('maxPerUser is 2');
    recorder.connect('8');
    expect(() => recorder.connect('9')).toThrow('maxConnections is 3');

    first.leave();

    expect(recorder.connect('7').connection.isOpen).toBe(true);
  });

  it('greets a client and answers its frames', async () => {
    const client = recorder.connect('7');

    client.send('push:ping', undefined, 'r1');

    await eventually(() => client.transport.received.length === 2);
    expect(client.transport.received).toEqual([
      { event: 'push:welcome', data: expect.objectContaining({ userId: '7', transport: 'ws' }) },
      { event: 'push:pong', ref: 'r1' },
    ]);
  });

  it('knows who is there until they leave or are disconnected', async () => {
    const push = testing.get(PushService);
    const [one, two] = [recorder.connect('7'), recorder.connect('8')];
    expect(await push.presence(['7', '8'])).toMatchObject([{ online: true }, { online: true }]);

    one.leave();
    await push.disconnect({ user: '8' });

    expect(await push.presence(['7', '8'])).toMatchObject([{ online: false }, { online: false }]);
    expect(two.transport.closed).toMatchObject({ code: 4505 });
  });

  it('lets a test play a slow reader', async () => {
    const client = recorder.connect('7');
    await orders.ship(1, '7');
    client.transport.isBlocked = true;

    await orders.ship(2, '7');
    expect(recorder.sent.map(({ receipt }) => receipt.written)).toEqual([1, 0]);
    client.transport.unblock();

    expect(client.received('order.status')).toHaveLength(2);
  });

  it('stamps messages with the time of its clock', async () => {
    const client = recorder.connect('7');
    clock.advance(1_000);
    await orders.ship(1, '7');
    expect(client.messages[0]?.ts).toBe('2026-01-01T00:00:01.000Z');
  });

  it('ends memberships as its clock goes', async () => {
    const push = testing.get(PushService);
    await push.addToGroup('7', 'sale', { expiresAt: clock.now() + 1_000 });
    expect(await push.groupsOf('7')).toEqual(['sale']);

    clock.advance(1_000);

    expect(await push.groupsOf('7')).toEqual([]);
  });

  it('keeps tenants apart, and says whose a send was', async () => {
    const push = testing.get(PushService);
    const [ours, theirs] = [recorder.connect('7', { tenant: 'acme' }), recorder.connect('7')];
    await push.forTenant('acme').addToGroup('8', 'g');
    const member = recorder.connect('8', { tenant: 'acme' });

    await push.forTenant('acme').broadcast('e', 1);
    await push.forTenant('acme').toGroup('g', 'f', 2);

    expect([ours, theirs, member].map(({ messages }) => messages.map(({ event }) => event))).toEqual([
      ['e'],
      [],
      ['e', 'f'],
    ]);
    expect(recorder.sent.map(({ tenant }) => tenant)).toEqual(['acme', 'acme']);
  });
});
