import { beforeEach, describe, expect, it } from '@jest/globals';
import { Connection } from '../../../src/core/connection.js';
import { ConnectionRegistry, MembershipSource } from '../../../src/core/connection-registry.js';
import type { Exclusion } from '../../../src/core/delivery-target.js';
import { FanOut } from '../../../src/core/fan-out.js';
import { FlushScheduler, Lane } from '../../../src/core/flush-scheduler.js';
import { OpenPipes } from '../../../src/core/open-pipes.js';
import { OutgoingMessage } from '../../../src/core/outgoing-message.js';
import { FakeTransport } from '../../../src/testing/fake-transport.js';

const MAX_QUEUE_BYTES = 4_096;

let scheduler: FlushScheduler;
let pipes: OpenPipes;
let registry: ConnectionRegistry;
let fanOut: FanOut;
let serial: number;

beforeEach(() => {
  pipes = new OpenPipes();
  registry = new ConnectionRegistry(pipes);
  flushAfter(0);
  serial = 0;
});

/** Those who connect from now on are flushed at the end of such a window. */
function flushAfter(flushWindowMs: number, maxTotalQueueBytes = 1_000_000): void {
  scheduler = new FlushScheduler({ maxQueueBytes: MAX_QUEUE_BYTES, maxTotalQueueBytes, flushWindowMs });
  fanOut = new FanOut(registry, scheduler);
}

interface Client {
  readonly connection: Connection;
  readonly transport: FakeTransport;
}

function connect(userId: string, ...groups: string[]): Client {
  const transport = new FakeTransport();
  const principal = { userId, groups, scopes: [], expiresAtMs: Number.MAX_SAFE_INTEGER };
  const id = `c${++serial}`;
  const onClosed = (closed: Connection) => registry.retire(closed);
  const init = { id, principal, transport, address: '::1', serial, nowMs: 0, onClosed };
  const connection = new Connection(init, scheduler);
  registry.add(connection);
  for (const group of groups) registry.join(connection, group, MembershipSource.Token);
  transport.onEnd = () => {
    connection.ended();
    registry.remove(connection);
  };
  return { connection, transport };
}

function message(event: string, padding = 0): OutgoingMessage {
  return new OutgoingMessage(JSON.stringify({ event, data: 'x'.repeat(padding) }));
}

function eventsOf({ transport }: Client): string[] {
  return transport.received.map(({ event }) => event);
}

describe('FanOut', () => {
  it('finds everyone, users, groups and connections, and counts distinct users and connections', () => {
    connect('1', 'a');
    connect('1', 'a');
    const other = connect('2', 'b');

    expect(fanOut.match({ all: true })).toEqual({ users: 2, connections: 3 });
    expect(fanOut.match({ users: ['1'] })).toEqual({ users: 1, connections: 2 });
    expect(fanOut.match({ groups: ['a'] })).toEqual({ users: 1, connections: 2 });
    expect(fanOut.match({ connections: [other.connection.id, 'none'] })).toEqual({ users: 1, connections: 1 });
    expect(fanOut.match({ users: ['nobody'] })).toEqual({ users: 0, connections: 0 });
  });

  it('delivers once to a connection that several members of the target name', () => {
    const client = connect('1', 'a', 'b');

    const matched = fanOut.deliver(message('m'), {
      users: ['1', '1'],
      groups: ['a', 'b'],
      connections: [client.connection.id],
    });
    scheduler.flushAll();

    expect(matched).toEqual({ users: 1, connections: 1 });
    expect(eventsOf(client)).toEqual(['m']);
  });

  it.each([
    ['everyone', { all: true as const }],
    ['some', { users: ['1', '2', '3'] }],
  ])('leaves out the exceptions of %s', (_, target) => {
    const left = [connect('1', 'quiet'), connect('2')];
    const reached = [connect('3'), connect('3')];
    const except = { groups: ['quiet'], connections: [left[1]!.connection.id] };

    expect(fanOut.deliver(message('m'), { ...target, except })).toEqual({ users: 1, connections: 2 });
    scheduler.flushAll();

    expect(left.map(eventsOf)).toEqual([[], []]);
    expect(reached.map(eventsOf)).toEqual([['m'], ['m']]);
  });

  it.each([
    ['everyone', { all: true as const }],
    ['some', { users: ['1', '2'] }],
  ])('leaves out of %s whose groups are not known where groups are exceptions', (_, target) => {
    const [unknown, known] = [connect('1'), connect('2')];
    unknown.connection.membershipsRevision = Number.POSITIVE_INFINITY;
    const matched = (except: Exclusion) => fanOut.match({ ...target, except }).connections;
    expect([matched({ groups: ['quiet'] }), matched({ groups: [] }), matched({ users: ['3'] })]).toEqual([1, 2, 2]);

    fanOut.deliver(message('m'), { ...target, except: { groups: ['quiet'] } });
    scheduler.flushAll();
    expect([eventsOf(unknown), eventsOf(known)]).toEqual([[], ['m']]);
  });

  it('closes who is too slow as a slow consumer and delivers to the others', () => {
    const [slow, healthy] = [connect('1'), connect('2')];
    slow.transport.isBlocked = true;

    for (let sent = 0; sent < 5; sent++) {
      fanOut.deliver(message(`m${sent}`, 1_000), { all: true });
      scheduler.flushAll();
    }

    expect(slow.transport.closed).toMatchObject({ code: 4002, reason: 'too slow' });
    expect(healthy.transport.closed).toBeUndefined();
    expect(eventsOf(healthy)).toHaveLength(5);
    expect(registry.size).toBe(1);
  });

  it('reaches all connections of a user although one of them ends while it is handed over', () => {
    const [leaving, second, last] = [connect('1'), connect('1'), connect('1')];
    leaving.transport.write = () => leaving.transport.onEnd();

    // What is past the queue limit has the first queue flushed at once.
    for (const event of ['m1', 'm2']) fanOut.deliver(message(event, MAX_QUEUE_BYTES / 2), { users: ['1'] });
    scheduler.flushAll();

    expect([second, last].map(eventsOf)).toEqual([
      ['m1', 'm2'],
      ['m1', 'm2'],
    ]);
  });
});

describe('outbound queue', () => {
  it('joins what is due in one turn into one write, in order', () => {
    const client = connect('1', 'g');

    fanOut.deliver(message('all'), { all: true });
    fanOut.deliver(message('user'), { users: ['1'] });
    fanOut.deliver(message('group'), { groups: ['g'] });
    scheduler.flushAll();

    expect(eventsOf(client)).toEqual(['all', 'user', 'group']);
    expect(client.transport.writes).toBe(1);
  });

  it('keeps each connection to its own run when their messages differ', () => {
    const [one, two, three] = [connect('1'), connect('2'), connect('3')];

    fanOut.deliver(message('first'), { all: true });
    fanOut.deliver(message('for 1'), { users: ['1'] });
    fanOut.deliver(message('for 2'), { users: ['2'] });
    fanOut.deliver(message('last'), { all: true });
    scheduler.flushAll();

    expect(eventsOf(one)).toEqual(['first', 'for 1', 'last']);
    expect(eventsOf(two)).toEqual(['first', 'for 2', 'last']);
    expect(eventsOf(three)).toEqual(['first', 'last']);
  });

  it('encodes a message once for all recipients', () => {
    const text = JSON.stringify({ event: 'm' });
    let encodings = 0;
    const counted = new OutgoingMessage(text);
    const format = { encode: (sent: OutgoingMessage) => (encodings++, Buffer.from(`${sent.text}\n`)) };
    for (let user = 0; user < 50; user++) Object.assign(connect(`${user}`).transport, { format });

    fanOut.deliver(counted, { all: true });
    scheduler.flushAll();

    expect(encodings).toBe(1);
    expect(counted.written).toBe(50);
  });

  it('keeps the order over a blocked transport and counts what was written only then', () => {
    const client = connect('1');
    client.transport.isBlocked = true;
    const waiting = message('waiting');
    fanOut.deliver(waiting, { all: true });
    scheduler.flushAll();
    fanOut.deliver(message('behind'), { all: true });

    expect([waiting.written, waiting.isSettled, eventsOf(client)]).toEqual([0, false, []]);
    client.transport.unblock();
    fanOut.deliver(message('after'), { all: true });
    scheduler.flushAll();

    expect([waiting.written, waiting.isSettled]).toEqual([1, true]);
    expect(eventsOf(client)).toEqual(['waiting', 'behind', 'after']);
  });

  it('settles messages whose recipients have left', () => {
    const client = connect('1');
    client.transport.isBlocked = true;
    const lost = message('lost');
    fanOut.deliver(lost, { all: true });
    scheduler.flushAll();
    let isSettled = false;
    lost.onceSettled(() => (isSettled = true));

    client.transport.terminate();

    expect([isSettled, lost.written]).toEqual([true, 0]);
  });

  it('takes a lone message of any size, and a burst of one turn as far as the transport takes it', () => {
    const client = connect('1');

    fanOut.deliver(message('large', 10 * MAX_QUEUE_BYTES), { all: true });
    for (let sent = 0; sent < 20; sent++) fanOut.deliver(message(`m${sent}`, 1_000), { all: true });
    scheduler.flushAll();

    expect(client.transport.closed).toBeUndefined();
    expect(eventsOf(client)).toHaveLength(21);
  });

  it('takes nothing for a connection that has ended with what waited before', () => {
    const leaving = connect('1');
    leaving.transport.write = () => leaving.transport.onEnd();
    const [waits, comesLater] = [message('m1', MAX_QUEUE_BYTES / 2), message('m2', MAX_QUEUE_BYTES / 2)];

    for (const sent of [waits, comesLater]) fanOut.deliver(sent, { users: ['1'] });
    scheduler.flushAll();

    expect([waits.written, comesLater.written]).toEqual([1, 0]);
  });

  it('delivers what waits before a close from this side', () => {
    const client = connect('1');
    client.transport.isBlocked = true;
    fanOut.deliver(message('one'), { all: true });
    scheduler.flushAll();
    fanOut.deliver(message('two'), { all: true });

    client.connection.close(4505);

    expect(eventsOf(client)).toEqual(['one', 'two']);
    expect(client.transport.closed).toMatchObject({ code: 4505 });
  });

  it('says for how long a blocked transport has made no progress', () => {
    const { connection, transport } = connect('1');
    const { outbound } = connection;
    expect(outbound.stalledForMs(1_000)).toBe(0);

    Object.assign(transport, { isBlocked: true, bufferedBytes: 500 });
    expect([outbound.stalledForMs(2_000), outbound.stalledForMs(5_000)]).toEqual([0, 3_000]);

    transport.bufferedBytes = 400;
    expect([outbound.stalledForMs(6_000), outbound.stalledForMs(7_000)]).toEqual([0, 1_000]);
  });

  it('does not call it a stall when nothing waits for a blocked transport', () => {
    const client = connect('1');
    const { outbound } = client.connection;
    Object.assign(client.transport, { isBlocked: true });
    expect([outbound.stalledForMs(1_000), outbound.stalledForMs(60_000)]).toEqual([0, 0]);

    fanOut.deliver(message('m'), { all: true });
    scheduler.flushAll();
    expect([outbound.stalledForMs(61_000), outbound.stalledForMs(63_000)]).toEqual([0, 2_000]);
  });
});

describe('FlushScheduler', () => {
  const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

  it('flushes by itself in the same turn of the event loop', async () => {
    const client = connect('1');
    fanOut.deliver(message('m'), { all: true });
    expect(eventsOf(client)).toEqual([]);

    await nextTurn();

    expect(eventsOf(client)).toEqual(['m']);
  });

  it('lets a reply out before a large fan-out is done, behind what its connection is due before', async () => {
    const clients = Array.from({ length: 20_000 }, (_, user) => connect(`${user}`));
    const bystander = clients.at(-1)!;
    fanOut.deliver(message('broadcast'), { all: true });
    bystander.connection.reply(JSON.stringify({ event: 'reply' }));
    const slowest = clients[10_000]!;
    const write = slowest.transport.write.bind(slowest.transport);
    let seenFirst: string[] = [];
    slowest.transport.write = (bytes) => {
      seenFirst = eventsOf(bystander);
      write(bytes);
    };

    while (eventsOf(slowest).length === 0) await nextTurn();

    expect(seenFirst).toEqual(['broadcast', 'reply']);
  });

  it('lets no later message overtake a broadcast that is still being sliced', async () => {
    const clients = Array.from({ length: 5_000 }, (_, user) => connect(`${user}`));
    fanOut.deliver(message('first'), { all: true });
    await nextTurn();
    fanOut.deliver(message('second'), { users: ['4999'] });
    fanOut.deliver(message('third'), { all: true });

    while (clients.some((client) => eventsOf(client).at(-1) !== 'third')) await nextTurn();

    expect(eventsOf(clients[4_999]!)).toEqual(['first', 'second', 'third']);
    expect(clients.every((client) => eventsOf(client)[0] === 'first')).toBe(true);
  });

  it('joins what is due within its window, and lets replies out at once', async () => {
    flushAfter(20);
    const [one, two] = [connect('1'), connect('2')];
    fanOut.deliver(message('a'), { all: true });
    two.connection.reply(JSON.stringify({ event: 'reply' }));
    await nextTurn();
    fanOut.deliver(message('b'), { all: true });

    expect([eventsOf(one), eventsOf(two)]).toEqual([[], ['a', 'reply']]);
    await scheduler.nextSlice();

    expect(eventsOf(one)).toEqual(['a', 'b']);
    expect(one.transport.writes).toBe(1);
    expect(eventsOf(two)).toEqual(['a', 'reply', 'b']);
    expect(Lane.Reply).toBeLessThan(Lane.Few);
  });

  it('gives what comes while a large fan-out leaves a window of its own, which begins behind it', async () => {
    flushAfter(50, 1_000_000_000);
    const clients = Array.from({ length: 20_000 }, (_, user) => connect(`${user}`));
    const [first, last] = [clients[0]!, clients.at(-1)!];
    fanOut.deliver(message('a'), { all: true });
    await scheduler.nextSlice();
    expect([eventsOf(first), eventsOf(last)]).toEqual([['a'], []]);

    fanOut.deliver(message('b'), { all: true });
    while (eventsOf(last).length === 0) await nextTurn();
    // Who had not left yet takes it along; who had waits.
    expect([eventsOf(first), eventsOf(last)]).toEqual([['a'], ['a', 'b']]);
    fanOut.deliver(message('c'), { users: [first.connection.userId] });
    while (eventsOf(first).length < 3) await scheduler.nextSlice();

    expect(eventsOf(first)).toEqual(['a', 'b', 'c']);
    expect(first.transport.writes).toBe(2);
  });

  it('answers who publishes while a large fan-out leaves when their own has begun to', async () => {
    flushAfter(50, 1_000_000_000);
    const clients = Array.from({ length: 20_000 }, (_, user) => connect(`${user}`));
    const first = clients[0]!;
    fanOut.deliver(message('a'), { all: true });
    await scheduler.nextSlice();
    fanOut.deliver(message('b'), { users: [first.connection.userId] });
    await scheduler.nextSlice();
    expect(eventsOf(first)).toEqual(['a', 'b']);
  });
});

describe('ConnectionRegistry', () => {
  it('keeps a connection in a group until its last reason ends', () => {
    const { connection } = connect('1', 'g');
    registry.join(connection, 'g', MembershipSource.Server);

    registry.leave(connection, 'g', MembershipSource.Token);
    expect(registry.isMember(connection, 'g')).toBe(true);
    registry.leave(connection, 'g', MembershipSource.Server);

    expect([registry.isMember(connection, 'g'), registry.groupCount]).toEqual([false, 0]);
  });

  it('holds nothing of a connection that is gone', () => {
    const { connection } = connect('1', 'g');

    expect([registry.remove(connection), registry.remove(connection)]).toEqual([true, false]);

    expect([registry.size, registry.userCount, registry.groupCount]).toEqual([0, 0, 0]);
    expect([pipes.countOfAddress('::1'), registry.transportCounts]).toEqual([0, { ws: 0, sse: 0, poll: 0 }]);
    expect(registry.groupsOf(connection)).toEqual([]);
  });

  it('reaches nobody who is being closed, and still counts their pipes', () => {
    const { connection } = connect('1', 'g');

    expect([registry.retire(connection), registry.retire(connection)]).toEqual([true, false]);

    expect([registry.size, registry.pipeCount, pipes.countOfAddress('::1')]).toEqual([0, 1, 1]);
    expect([...registry.retired()]).toEqual([connection]);
    expect([registry.remove(connection), registry.pipeCount, pipes.countOfAddress('::1')]).toEqual([false, 0, 0]);
  });

  it('does not let a connection that is gone join', () => {
    const { connection } = connect('1');
    registry.remove(connection);

    registry.join(connection, 'g', MembershipSource.Join);

    expect(registry.groupCount).toBe(0);
  });
});
