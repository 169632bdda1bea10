import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { MembershipSource } from '../../../src/core/connection-registry.js';
import { Lane } from '../../../src/core/flush-scheduler.js';
import { OutgoingMessage } from '../../../src/core/outgoing-message.js';
import type { Cursor } from '../../../src/protocol/cursor.js';
import { encodeCursor } from '../../../src/protocol/cursor.js';
import { encodeFrame } from '../../../src/protocol/frame-encoder.js';
import { Hearing } from '../../../src/push/hearing.js';
import { ResumeService } from '../../../src/push/resume.service.js';
import { FakeTransport } from '../../../src/testing/fake-transport.js';
import { FakeConnections } from '../../support/fake-connections.js';
import type { FakePeer } from '../../support/fake-connections.js';
import { at, cursorAt, ScriptedLog, turn } from '../../support/scripted-log.js';

function live(number: number, event = `m${number}`): OutgoingMessage {
  return new OutgoingMessage(JSON.stringify({ event }), undefined, number);
}

/** Sixty-five of these are more than a queue holds. */
function big(number: number): OutgoingMessage {
  return new OutgoingMessage(JSON.stringify({ event: `m${number}`, data: 'x'.repeat(1_000) }), undefined, number);
}

let fakes: FakeConnections;
let log: ScriptedLog;
let failures: unknown[];
let service: ResumeService;

beforeEach(() => {
  fakes = new FakeConnections();
  log = new ScriptedLog();
  failures = [];
  const { registry, scheduler, clock } = fakes;
  const hearing = new Hearing({ log, registry });
  service = new ResumeService({ log, hearing, registry, scheduler, clock, onFailure: (cause) => failures.push(cause) });
});

function comeBack(peer: FakePeer, after = at(0)): Promise<void> {
  return service.resume(peer.connection, after, ({ cursor, resumed }) =>
    peer.connection.greet(encodeFrame('push:welcome', { cursor, resumed }), cursor),
  );
}

function eventsOf(peer: FakePeer): string[] {
  return fakes.receivedBy(peer).map(({ event }) => event);
}

describe('ResumeService', () => {
  it('greets, replays in order, and then lets live messages through', async () => {
    const peer = fakes.connect();

    void comeBack(peer);
    await log.answer([1, 2]);
    fakes.fanOut.deliver(live(3), { all: true });

    expect(eventsOf(peer)).toEqual(['push:welcome', 'm1', 'm2', 'm3']);
    expect(peer.transport.received[0]?.data).toEqual({ cursor: cursorAt(0), resumed: true });
  });

  it('drops of the messages that came during the read those that it has read', async () => {
    const peer = fakes.connect();

    void comeBack(peer);
    for (const number of [2, 3, 4]) fakes.fanOut.deliver(live(number), { all: true });
    await log.answer([1, 2, 3]);

    expect(eventsOf(peer)).toEqual(['push:welcome', 'm1', 'm2', 'm3', 'm4']);
  });

  it('lets messages that the log does not keep follow the replay', async () => {
    const peer = fakes.connect();

    void comeBack(peer);
    fakes.fanOut.deliver(live(0, 'passing'), { all: true });
    await log.answer([1]);

    expect(eventsOf(peer)).toEqual(['push:welcome', 'm1', 'passing']);
  });

  it('lets no message that is not kept follow which was published before the place of the client', async () => {
    const peer = fakes.connect('7');
    void comeBack(peer, at(3));
    const publishedAt = (number: number, epoch: string) =>
      new OutgoingMessage(`{"event":"at ${number}"}`, encodeCursor([{ epoch, number }]));
    // This node is behind: where the client came from it may have had them.
    for (const number of [2, 3, 4]) fakes.fanOut.deliver(publishedAt(number, 'epoch'), { all: true });
    fakes.fanOut.deliver(publishedAt(1, 'epoch-and-nonce'), { all: true });
    await log.answer([4, 5]);

    expect(eventsOf(peer)).toEqual(['push:welcome', 'm4', 'm5', 'at 4']);
  });

  it('lets no message that the log does not keep set the client back behind the replay', async () => {
    const peer = fakes.connect('7');
    const resumed = comeBack(peer);
    const before = cursorAt(1);
    const text = JSON.stringify({ event: 'volatile', data: { cursor: before }, cursor: before, ts: 'now' });
    const volatile = new OutgoingMessage(text, before);
    volatile.recordQueued(1);
    peer.connection.outbound.enqueue(volatile, Lane.Few);
    await log.answer([2, 3]);
    await resumed;
    const [envelope] = fakes.receivedBy(peer).slice(-1);
    expect(envelope).toEqual({ event: 'volatile', data: { cursor: before }, cursor: cursorAt(3), ts: 'now' });
    expect([volatile.written, volatile.isSettled]).toEqual([1, true]);
  });

  it('writes nothing before the welcome, a reply after it without waiting for the replay', async () => {
    const peer = fakes.connect();

    void comeBack(peer);
    peer.connection.reply('{"event":"push:pong"}');
    expect(eventsOf(peer)).toEqual([]);
    await log.answer([1], { hasMore: true, through: at(1) });
    peer.connection.reply('{"event":"push:ok"}');

    expect(eventsOf(peer)).toEqual(['push:welcome', 'push:pong', 'm1', 'push:ok']);
    await log.answer([2]);
    expect(eventsOf(peer).at(-1)).toBe('m2');
  });

  it('tells of a gap before what is held, with the place to go on from', async () => {
    const peer = fakes.connect();
    const told: Cursor = [{ epoch: 'epoch', number: 0, toldThrough: 4 }];

    void comeBack(peer);
    await log.answer([5], { gap: 'expired', resumedFrom: told });

    expect(eventsOf(peer)).toEqual(['push:welcome', 'push:gap', 'm5']);
    // Where it stood: if it breaks off before the gap it is told of that again.
    expect(peer.transport.received[0]?.data).toMatchObject({ resumed: false, cursor: encodeCursor(at(0)) });
    expect(peer.transport.received[1]).toMatchObject({ data: { reason: 'expired' }, cursor: encodeCursor(told) });
  });

  it('tells of a gap that opens while it reads on', async () => {
    const peer = fakes.connect();

    void comeBack(peer);
    await log.answer([1], { hasMore: true });
    await log.answer([9], { gap: 'expired' });

    expect(eventsOf(peer)).toEqual(['push:welcome', 'm1', 'push:gap', 'm9']);
  });

  it('reads the next page from where the last one ended, once the transport has taken it', async () => {
    const peer = fakes.connect();
    peer.transport.isBlocked = true;

    void comeBack(peer, at(7));
    await log.answer([8, 9], { hasMore: true });
    expect(log.reads.map(({ after }) => after)).toEqual([at(7)]);
    peer.transport.unblock();
    await turn();

    expect(log.reads.map(({ after }) => after)).toEqual([at(7), at(9)]);
  });

  it('asks for what the principal may see now, and again when its groups changed during the read', async () => {
    const peer = fakes.connect('7');
    const { registry } = fakes;
    for (const group of ['a', 'b']) registry.join(peer.connection, group, MembershipSource.Join);

    void comeBack(peer);
    registry.leave(peer.connection, 'b', MembershipSource.Join);
    await log.answer([1], { hasMore: true });
    expect(eventsOf(peer)).toEqual([]);
    await log.answer([1], { hasMore: true });
    registry.join(peer.connection, 'c', MembershipSource.Join);
    await log.answer([2], { hasMore: true });

    expect(log.reads.map(({ audience }) => audience)).toEqual([
      { userId: '7', groups: ['a', 'b'] },
      { userId: '7', groups: ['a'] },
      { userId: '7', groups: ['a'] },
      { userId: '7', groups: ['a', 'c'] },
    ]);
  });

  it('loses no live message of a group that was joined during the read', async () => {
    const peer = fakes.connect('7');
    void comeBack(peer);
    fakes.registry.join(peer.connection, 'late', MembershipSource.Server);
    fakes.fanOut.deliver(live(1, 'late'), { groups: ['late'] });
    await log.answer([], { through: at(1) });
    await log.answer([1]);

    expect(eventsOf(peer)).toEqual(['push:welcome', 'm1']);
  });

  it('closes a connection that lets more wait behind the replay than has room and can be read, and reads no more', async () => {
    const peer = fakes.connect();

    void comeBack(peer);
    await log.answer([1], { hasMore: true });
    for (let count = 0; count < 100; count++) fakes.fanOut.deliver(big(0), { all: true });
    await turn();

    expect(peer.transport.closed).toEqual({ code: 4002, reason: 'too slow' });
    expect(log.reads).toHaveLength(2);
  });

  it('reads on for a connection that too much has come for to be held, until nothing more has', async () => {
    const peer = fakes.connect();

    void comeBack(peer);
    for (let number = 2; number <= 100; number++) fakes.fanOut.deliver(big(number), { all: true });
    // This page was asked for before they came, and may be without any of them.
    await log.answer([1]);
    await turn();
    expect(log.reads).toHaveLength(2);
    fakes.fanOut.deliver(live(101), { all: true });
    await log.answer([2, 100]);
    await turn();

    expect(log.reads).toHaveLength(2);
    expect(eventsOf(peer)).toEqual(['push:welcome', 'm1', 'm2', 'm100', 'm101']);
    expect(peer.connection.outbound.holding).toBeUndefined();
  });

  it('lets nothing be lost that is not kept, when too much has come to be held', async () => {
    const peer = fakes.connect();

    void comeBack(peer);
    fakes.fanOut.deliver(live(0, 'passing'), { all: true });
    for (let number = 2; number <= 100; number++) fakes.fanOut.deliver(big(number), { all: true });
    await log.answer([1]);
    await turn();
    await log.answer([2, 100]);
    await turn();

    expect(eventsOf(peer)).toEqual(['push:welcome', 'm1', 'm2', 'm100', 'passing']);
  });

  it('has what finds no room behind what waits read, too', async () => {
    const peer = fakes.connect();

    void comeBack(peer);
    for (let number = 2; number <= 50; number++) fakes.fanOut.deliver(big(number), { all: true });
    Object.assign(peer.transport, { isBlocked: true, bufferedBytes: 30_000 });
    await log.answer([1]);
    await turn();
    expect([log.reads.length, peer.connection.isOpen]).toEqual([1, true]);

    peer.transport.unblock();
    await turn();
    await log.answer(Array.from({ length: 49 }, (_, index) => index + 2));
    await turn();
    expect(eventsOf(peer)).toEqual(['push:welcome', ...Array.from({ length: 50 }, (_, index) => `m${index + 1}`)]);
    expect(peer.connection.outbound.holding).toBeUndefined();
  });

  it('does not ask the log again and again for a peer that has a little in its socket and takes nothing', async () => {
    const peer = fakes.connect();

    void comeBack(peer);
    for (let number = 2; number <= 62; number++) fakes.fanOut.deliver(big(number), { all: true });
    Object.assign(peer.transport, { isBlocked: false, bufferedBytes: 10_000 });
    await log.answer([1]);
    for (let turns = 0; turns < 50; turns++) {
      await turn();
      await log.answer([]);
    }
    expect(log.reads.length).toBeLessThanOrEqual(2);
  });

  it('is not kept from bringing others up to date by those who take nothing', async () => {
    fakes.connect('healthy');
    for (let count = 0; count < 64; count++) {
      Object.assign(fakes.connect().transport, { isBlocked: true, bufferedBytes: 100 });
    }
    service.interrupted(at(0), () => true);
    service.recovered();
    for (let turns = 0; turns < 20; turns++) await turn();
    expect(log.reads.length).toBeGreaterThan(0);
  });

  it('closes a connection whose replay fails, so that it comes back with the place that it had', async () => {
    const peer = fakes.connect();
    const cause = new Error('out of reach');

    const greeted = comeBack(peer);
    await log.answer([], cause);
    await greeted;

    expect(peer.transport.closed?.code).toBe(1011);
    expect(failures).toEqual([cause]);
  });

  it('settles the messages that a connection was to get when it ends during its replay', async () => {
    const peer = fakes.connect();
    const message = live(2);

    void comeBack(peer);
    fakes.fanOut.deliver(message, { all: true });
    peer.transport.terminate();
    await log.answer([1, 2]);

    expect([message.isSettled, message.written]).toEqual([true, 0]);
    expect(peer.transport.received).toEqual([]);
  });

  it('encodes a message once for all who are replayed it', async () => {
    const peers = [fakes.connect('1'), fakes.connect('2')];
    const encode = jest.spyOn(new FakeTransport().format, 'encode');

    for (const peer of peers) void comeBack(peer);
    await log.answer([1, 2]);
    await log.answer([1, 2]);

    const [one, other] = peers;
    expect(one && eventsOf(one)).toEqual(['push:welcome', 'm1', 'm2']);
    expect(other && eventsOf(other)).toEqual(['push:welcome', 'm1', 'm2']);
    // Two welcomes and two messages.
    expect(encode).toHaveBeenCalledTimes(4);
    encode.mockRestore();
  });
});
