import { beforeEach, describe, expect, it } from '@jest/globals';
import { MembershipSource } from '../../../src/core/connection-registry.js';
import type { Target } from '../../../src/core/delivery-target.js';
import { OutgoingMessage } from '../../../src/core/outgoing-message.js';
import type { Shedding } from '../../../src/core/slow-reader-policy.js';
import type { TraceEntry } from '../../../src/protocol/console-frames.js';
import { encodeGap } from '../../../src/protocol/frame-encoder.js';
import { LOOK_MS, MAX_TRACED_USERS, TenantWatch } from '../../../src/push/tenant-watch.js';
import { MAX_TRACE_ENTRIES } from '../../../src/push/user-trace.js';
import { FakeConnections } from '../../support/fake-connections.js';
import type { FakePeer } from '../../support/fake-connections.js';

let fakes: FakeConnections;
let watch: TenantWatch;
let count: number;

beforeEach(() => {
  fakes = new FakeConnections();
  watch = new TenantWatch(fakes.registry, fakes.fanOut, fakes.clock);
  count = 0;
});

function message(bytes = 2, shedding?: Shedding): OutgoingMessage {
  const id = `m${++count}`;
  const text = JSON.stringify({ event: 'note', data: 'x'.repeat(bytes), id, cursor: `c${count}`, ts: '' });
  return new OutgoingMessage(text, `c${count}`, count, 0, shedding);
}

function send(target: Target, sent = message()): OutgoingMessage {
  fakes.fanOut.deliver(sent, target);
  fakes.scheduler.flushAll();
  return sent;
}

/** Steps of a user's trace with their reasons, such as `matched group vip`. */
function stepsOf(userId: string, after = 0): string[] {
  return watch.entriesOf(userId, after).map(told);
}

function told({ step, why, name }: TraceEntry): string {
  return [step, why, name].filter((word) => word !== undefined).join(' ');
}

function connect(userId: string, ...groups: string[]): FakePeer {
  const peer = fakes.connect(userId);
  for (const group of groups) fakes.registry.join(peer.connection, group, MembershipSource.Server);
  return peer;
}

describe('TenantWatch', () => {
  it('observes nothing before somebody looks, and nothing a while after', () => {
    const { connection } = connect('7');
    expect([fakes.fanOut.observer, connection.outbound.trace]).toEqual([undefined, undefined]);
    watch.look(['7']);
    expect([fakes.fanOut.observer, watch.isOn]).toEqual([watch, true]);
    expect(connection.outbound.trace).toBeDefined();

    fakes.clock.advance(2 * LOOK_MS);

    expect([fakes.fanOut.observer, connection.outbound.trace, watch.isOn]).toEqual([undefined, undefined, false]);
    send({ all: true });
    expect(stepsOf('7')).toEqual([]);
    expect(watch.take().matched).toBe(0);
  });

  it('goes on for as long as somebody looks', () => {
    connect('7');
    for (let look = 0; look < 10; look++) {
      watch.look(['7']);
      fakes.clock.advance(LOOK_MS / 2);
    }
    send({ users: ['7'] });
    expect(watch.take()).toMatchObject({ matched: 1, written: 1 });
  });

  it('counts what is accepted, matched, written and dropped, and why', () => {
    const slow = connect('slow');
    connect('7');
    watch.look([]);
    watch.accepted({ id: 'm', event: 'e', target: { all: true }, isKept: true });
    slow.transport.isBlocked = true;
    slow.transport.bufferedBytes = 70_000;
    send({ all: true });
    expect(watch.take()).toEqual({ sends: 1, matched: 2, written: 1, dropped: { overflow: 1 } });
  });

  it.each<[string, Target]>([
    ['matched all', { all: true }],
    ['matched user', { users: ['8', '7'], groups: ['vip'] }],
    ['matched group vip', { groups: ['staff', 'vip'] }],
    ['matched connection', { connections: ['c1'] }],
    ['excluded user', { all: true, except: { users: ['7'] } }],
    ['excluded group vip', { users: ['7'], except: { groups: ['vip'] } }],
    ['excluded connection', { groups: ['vip'], except: { connections: ['c1'] } }],
  ])('says by what a target reaches a user or leaves it out: %s', (expected, target) => {
    connect('7', 'vip');
    watch.look(['7']);
    send(target);
    expect(stepsOf('7')).toEqual(expected.startsWith('matched') ? [expected, 'written'] : [expected]);
  });

  it('says nothing of what is for others', () => {
    connect('7', 'vip');
    connect('8');
    watch.look(['7']);
    send({ users: ['8'], groups: ['staff'], connections: ['c2'] });
    expect(stepsOf('7')).toEqual([]);
  });

  it('tells the message and the connection of each step, and nothing of the data', () => {
    const { connection } = connect('7');
    watch.look(['7']);
    const sent = send({ all: true }, message(40));
    const [entry] = watch.entriesOf('7', 0);
    expect(entry).toMatchObject({ messageId: 'm1', event: 'note', bytes: sent.byteLength });
    expect(entry).toMatchObject({ connectionId: connection.id, transport: 'ws' });
    expect(JSON.stringify(watch.entriesOf('7', 0))).not.toContain('xxxx');
  });

  it('tells of messages for a user who is away that they were accepted, and whether they are kept', () => {
    watch.look(['7', '8']);
    watch.accepted({ id: 'a', event: 'e', target: { users: ['7'] }, isKept: true });
    watch.accepted({ id: 'b', event: 'e', target: { all: true, except: { users: ['8'] } }, isKept: false });
    expect(watch.entriesOf('7', 0)).toMatchObject([
      { step: 'sent', why: 'user', messageId: 'a', isKept: true },
      { step: 'sent', why: 'all', messageId: 'b', isKept: false },
    ]);
    expect(stepsOf('8')).toEqual([]);
  });

  it('tells that a message waits for a slow reader and is written when it reads', () => {
    const { transport } = connect('7');
    watch.look(['7']);
    transport.isBlocked = true;
    send({ users: ['7'] });
    transport.unblock();
    expect(stepsOf('7')).toEqual(['matched user', 'waiting reader', 'written']);
  });

  it.each<[string, Shedding['policy']['action']]>([
    ['dropped skipped_oldest', 'dropOldest'],
    ['dropped skipped', 'dropNewest'],
    ['dropped coalesced', 'coalesce'],
  ])('tells why a slow reader did not get a message: %s', (expected, action) => {
    const { transport } = connect('7');
    watch.look(['7']);
    transport.isBlocked = true;
    const policy = { action, maxWaitingBytes: 1_500, maxWaitingMs: Infinity };
    for (let sent = 0; sent < 2; sent++) send({ users: ['7'] }, message(1_000, { policy, collapseId: 'key' }));
    expect(stepsOf('7')).toContain(expected);
  });

  it('tells of a queue that was full and of the end that follows', () => {
    const { connection, transport } = connect('7');
    watch.look(['7']);
    transport.isBlocked = true;
    transport.bufferedBytes = 70_000;
    send({ users: ['7'] });
    watch.ended(connection, String(connection.closeCode));
    expect(stepsOf('7')).toEqual(['matched user', 'dropped overflow', 'disconnected 4002']);
  });

  it('tells replayed messages from live ones, and that live ones wait for the replay', () => {
    const { connection } = connect('7');
    watch.look(['7']);
    const { outbound } = connection;
    outbound.hold();
    const [missed, live] = [message(), message()];
    outbound.enqueueReplayed(missed);
    send({ users: ['7'] }, missed);
    send({ users: ['7'] }, live);
    outbound.release([{ epoch: 'e', number: 1 }], 'c');
    fakes.scheduler.flushAll();
    const steps = watch.entriesOf('7', 0).map((entry) => `${entry.messageId} ${told(entry)}`);
    expect(steps).toEqual([
      'm1 replayed',
      'm1 matched user',
      'm1 waiting replay',
      'm1 written',
      'm2 matched user',
      'm2 waiting replay',
      'm1 dropped replayed',
      'm2 written',
    ]);
  });

  it('tells of a gap with its reason, and of no other frame of the protocol', () => {
    const { connection } = connect('7');
    watch.look(['7']);
    connection.reply('{"event":"push:pong"}');
    connection.reply(encodeGap('expired', 'c'), 'c');
    fakes.scheduler.flushAll();
    expect(stepsOf('7')).toEqual(['gap expired']);
  });

  it('follows connections that come later', () => {
    watch.look(['7']);
    const { connection } = connect('7');
    watch.opened(connection);
    watch.opened(connect('8').connection);
    send({ all: true });
    watch.ended(connection, 'left');
    expect(stepsOf('7')).toEqual(['connected', 'matched all', 'written', 'disconnected left']);
  });

  it('gives each look what it has not seen, also of a trace that began anew', () => {
    connect('7');
    watch.look(['7']);
    send({ all: true });
    const seen = watch.entriesOf('7', 0).at(-1)?.seq ?? 0;
    send({ all: true });
    expect(stepsOf('7', seen)).toEqual(['matched all', 'written']);
    fakes.clock.advance(2 * LOOK_MS);
    watch.look(['7']);
    send({ all: true });
    expect(stepsOf('7', seen)).toEqual(['matched all', 'written']);
  });

  it('keeps so many entries of a user, and follows so many users', () => {
    const users = Array.from({ length: MAX_TRACED_USERS + 1 }, (_, index) => `user-${index}`);
    for (const user of users) connect(user);
    watch.look(users);
    for (let sent = 0; sent < MAX_TRACE_ENTRIES; sent++) send({ all: true });
    expect(watch.entriesOf('user-0', 0)).toHaveLength(MAX_TRACE_ENTRIES);
    expect(watch.entriesOf(users.at(-1) ?? '', 0)).toEqual([]);
  });
});
