import { describe, expect, it, jest } from '@jest/globals';
import * as fc from 'fast-check';
import { MembershipSource } from '../../../src/core/connection-registry.js';
import { Lane } from '../../../src/core/flush-scheduler.js';
import { OutgoingMessage } from '../../../src/core/outgoing-message.js';
import { CloseCode } from '../../../src/protocol/close-codes.js';
import { FakeTransport } from '../../../src/testing/fake-transport.js';
import { FakeConnections } from '../../support/fake-connections.js';
import type { FakePeer } from '../../support/fake-connections.js';
import { at, cursorAt } from '../../support/scripted-log.js';

/** Enough that a message for everyone is put down once and not into each queue, also when some have left. */
const CROWD = 80;
const EVERYONE = { all: true } as const;
/** As much as a connection of {@link FakeConnections} may have waiting. */
const MAX_QUEUE_BYTES = 65_536;

/** Keeps the buffers that it is written, and says so. */
class KeepingTransport extends FakeTransport {
  readonly buffers: Buffer[] = [];
  onWrite: () => void = () => {};

  override write(bytes: Buffer): void {
    this.buffers.push(bytes);
    super.write(bytes);
    this.onWrite();
  }
}

/** A routing table with a crowd in it, for which messages are numbered. */
class Crowd {
  readonly fakes = new FakeConnections();
  readonly transports = Array.from({ length: CROWD }, () => new KeepingTransport());
  readonly peers: FakePeer[] = this.transports.map((transport, user) => this.fakes.connect(`${user}`, {}, transport));
  sent = 0;
  /** Called once, when somebody in the middle of the crowd is flushed. */
  onNextWrite: (() => void) | undefined;
  private isFlushing = false;

  /** @param isWatched Whether somebody hears of each recipient, for which every queue is gone through at once. */
  constructor(isWatched = false) {
    if (isWatched) this.fakes.fanOut.observer = { delivered() {} };
    const middle = this.transports[CROWD >> 1];
    if (!middle) return;
    middle.onWrite = () => {
      if (!this.isFlushing) return;
      const call = this.onNextWrite;
      this.onNextWrite = undefined;
      call?.();
    };
  }

  message({ padding = 0, endsAtMs }: { readonly padding?: number; readonly endsAtMs?: number } = {}): OutgoingMessage {
    const number = ++this.sent;
    const text = JSON.stringify({ event: `m${number}`, data: 'x'.repeat(padding), cursor: cursorAt(number) });
    return new OutgoingMessage(text, cursorAt(number), number, 0, undefined, endsAtMs);
  }

  broadcast(settings?: Parameters<Crowd['message']>[0]): OutgoingMessage {
    const message = this.message(settings);
    this.fakes.fanOut.deliver(message, EVERYONE);
    return message;
  }

  toUser(user: number): void {
    this.fakes.fanOut.deliver(this.message(), { users: [`${user}`] });
  }

  toRoom(): void {
    this.fakes.fanOut.deliver(this.message(), { groups: ['room'] });
  }

  /** Has somebody take no more, and calls back when the connection is gone for it. */
  stop(index: number, onGone: () => void = () => {}): FakePeer {
    const { connection, transport } = this.peer(index);
    [transport.isBlocked, transport.bufferedBytes] = [true, MAX_QUEUE_BYTES];
    transport.onEnd = () => {
      connection.ended();
      if (this.fakes.registry.remove(connection)) onGone();
    };
    return { connection, transport };
  }

  peer(index: number): FakePeer {
    const peer = this.peers[index];
    if (!peer) throw new Error(`nobody is at ${index}`);
    return peer;
  }

  eventsOf(index: number): readonly string[] {
    return this.peer(index).transport.received.map(({ event }) => event);
  }

  flush(): void {
    this.isFlushing = true;
    this.fakes.scheduler.flushAll();
    this.isFlushing = false;
  }
}

describe('messages for everyone', () => {
  it('reach all who are there, at their place among the messages of each', () => {
    const crowd = new Crowd();
    crowd.toUser(0);
    expect(crowd.fakes.fanOut.deliver(crowd.message(), EVERYONE)).toEqual({ users: CROWD, connections: CROWD });
    crowd.toUser(0);
    crowd.peer(0).connection.reply('{"event":"reply"}');
    crowd.broadcast();
    crowd.flush();

    expect(crowd.eventsOf(0)).toEqual(['m1', 'm2', 'm3', 'reply', 'm4']);
    for (let index = 1; index < CROWD; index++) expect(crowd.eventsOf(index)).toEqual(['m2', 'm4']);
    expect(crowd.peer(1).transport.writes).toBe(1);
  });

  it('are not for those who come later, and leave before the close of those who go', () => {
    const crowd = new Crowd();
    const message = crowd.broadcast();
    crowd.peers.push(crowd.fakes.connect('late'));
    crowd.peer(0).connection.close(CloseCode.ServiceRestart);
    expect(crowd.eventsOf(0)).toEqual(['m1']);
    crowd.broadcast();
    crowd.flush();

    expect([crowd.eventsOf(0), crowd.eventsOf(1), crowd.eventsOf(CROWD)]).toEqual([['m1'], ['m1', 'm2'], ['m2']]);
    expect([message.written, message.isSettled]).toEqual([CROWD, true]);
  });

  it('are not looked for by those who have left', () => {
    const crowd = new Crowd();
    crowd.broadcast();
    crowd.flush();
    const { connection } = crowd.peer(0);
    connection.close(CloseCode.ServiceRestart);
    const catchUp = jest.spyOn(connection.outbound, 'catchUp');
    crowd.broadcast();
    crowd.flush();
    expect(catchUp).not.toHaveBeenCalled();
  });

  it('are counted among what waits', () => {
    const crowd = new Crowd();
    const { byteLength } = crowd.broadcast({ padding: 1_000 });
    expect(crowd.peer(3).connection.outbound.waitingBytes).toBe(byteLength);
    crowd.flush();
    expect(crowd.peer(3).connection.outbound.waitingBytes).toBe(0);
  });

  it('with an end are flushed once', () => {
    const crowd = new Crowd();
    const flush = jest.spyOn(crowd.peer(3).connection.outbound, 'flush');
    crowd.broadcast({ endsAtMs: performance.now() + 60_000 });
    crowd.flush();
    expect([crowd.eventsOf(3), flush.mock.calls.length]).toEqual([['m1'], 1]);
  });

  it('are over for whoever has not got them by their end', () => {
    const crowd = new Crowd();
    const message = crowd.broadcast({ endsAtMs: performance.now() - 1 });
    crowd.broadcast();
    crowd.flush();
    expect([crowd.eventsOf(0), message.written, message.isSettled]).toEqual([['m2'], 0, true]);
    expect(crowd.fakes.counters.dropped.of('expired')).toBe(CROWD);
  });

  it('end the connection of a reader that is too slow for one, who gets none after it', () => {
    const crowd = new Crowd();
    const { transport } = crowd.stop(0);
    const messages = [crowd.broadcast(), crowd.broadcast()];
    crowd.flush();

    expect([transport.closed?.code, crowd.eventsOf(0)]).toEqual([CloseCode.SlowConsumer, []]);
    expect(crowd.eventsOf(1)).toEqual(['m1', 'm2']);
    expect(messages.map(({ written, isSettled }) => [written, isSettled])).toEqual([
      [CROWD - 1, true],
      [CROWD - 1, true],
    ]);
    expect(crowd.fakes.counters.dropped.of('overflow')).toBe(1);
  });

  it('are joined once for all, however many come at a time', () => {
    const crowd = new Crowd();
    for (let count = 0; count < 30; count++) crowd.broadcast({ padding: 9_000 });
    crowd.flush();
    const buffers = new Set(crowd.transports.flatMap((transport) => transport.buffers));
    expect(crowd.transports.map(({ received }) => received.length)).toEqual(crowd.transports.map(() => 30));
    expect(buffers.size).toBe(crowd.transports[0]?.buffers.length);
  });

  it('follow those that a replay has read', () => {
    const crowd = new Crowd();
    const { outbound } = crowd.peer(0).connection;
    outbound.hold();
    crowd.broadcast();
    crowd.broadcast();
    outbound.release(at(1), cursorAt(1));
    crowd.flush();
    expect(crowd.eventsOf(0)).toEqual(['m2']);
  });

  it('reach all once that are sent while others are under way', () => {
    const crowd = new Crowd();
    const { broadcasts } = crowd.fakes.registry;
    crowd.broadcast();
    for (let count = 0; count < 10; count++) broadcasts.flush();
    crowd.broadcast();
    expect(crowd.peer(20).connection.outbound.waitingBytes).toBeGreaterThan(0);
    while (broadcasts.flush());
    crowd.broadcast();
    crowd.flush();
    for (const index of crowd.peers.keys()) expect(crowd.eventsOf(index)).toEqual(['m1', 'm2', 'm3']);
  });

  it('leave nobody out, whoever has everything flushed meanwhile', () => {
    const crowd = new Crowd();
    crowd.stop(0, () => crowd.flush());
    crowd.broadcast();
    crowd.flush();
    crowd.broadcast();
    crowd.flush();
    for (let index = 1; index < CROWD; index++) expect(crowd.eventsOf(index)).toEqual(['m1', 'm2']);
  });

  it('are settled for a connection that is being closed while they are sent', () => {
    const crowd = new Crowd();
    const { connection } = crowd.peer(0);
    let message: OutgoingMessage | undefined;
    const [transport] = crowd.transports;
    if (transport) transport.onWrite = () => (message ??= crowd.broadcast());
    connection.reply('{"event":"reply"}');
    connection.close(CloseCode.ServiceRestart);
    crowd.flush();
    expect([message?.written, message?.isSettled]).toEqual([CROWD - 1, true]);
  });

  it('are lost with a pipe that is gone, which is not said to have been too slow', () => {
    const crowd = new Crowd();
    const { connection, transport } = crowd.peer(0);
    const messages = Array.from({ length: 12 }, () => crowd.broadcast({ padding: 9_000 }));
    transport.bufferedBytes = MAX_QUEUE_BYTES;
    transport.terminate();
    crowd.flush();
    expect([connection.closeCode, transport.writes]).toEqual([CloseCode.GoingAway, 0]);
    expect(messages.map(({ written, isSettled }) => [written, isSettled])).toEqual(
      messages.map(() => [CROWD - 1, true]),
    );
  });

  it.each<[string, (crowd: Crowd) => unknown]>([
    ['a group', (crowd) => crowd.toRoom()],
    ['all but one', (crowd) => crowd.fakes.fanOut.deliver(crowd.message(), { all: true, except: { users: ['5'] } })],
  ])('have what is sent at the end of a slow reader come behind a message to %s', (_whom, send) => {
    const crowd = new Crowd();
    for (const { connection } of crowd.peers) crowd.fakes.registry.join(connection, 'room', MembershipSource.Server);
    const { transport } = crowd.stop(0, () => crowd.toRoom());
    crowd.broadcast();
    send(crowd);
    crowd.flush();
    expect(transport.closed?.code).toBe(CloseCode.SlowConsumer);
    expect(crowd.eventsOf(1)).toEqual(['m1', 'm2', 'm3']);
  });
});

/** What happens to a crowd, one after the other. `who` is somebody of the first few. */
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('broadcast' as const), padding: fc.nat({ max: 40_000 }) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'toUser',
        'reply',
        'flush',
        'close',
        'hold',
        'release',
        'startHere',
        'replay',
        'block',
        'unblock',
      ),
      who: fc.nat({ max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('flushAll', 'connect', 'sendWithin') }) },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

function take(crowd: Crowd, one: Step): void {
  const peer = crowd.peer('who' in one ? one.who : 0);
  const { connection, transport } = peer;
  const { outbound } = connection;
  switch (one.do) {
    case 'broadcast':
      return void crowd.broadcast({ padding: 'padding' in one ? one.padding : 0 });
    case 'toUser':
      return crowd.toUser('who' in one ? one.who : 0);
    case 'reply':
      return connection.reply(`{"event":"reply ${crowd.sent}"}`);
    case 'flush':
      return void outbound.flush();
    case 'close':
      return connection.close(CloseCode.ServiceRestart);
    case 'hold':
      return outbound.hold();
    case 'startHere':
      return outbound.startHere();
    case 'replay':
      if (outbound.holding) outbound.enqueueReplayed(new OutgoingMessage(`{"event":"replayed ${crowd.sent}"}`));
      return;
    case 'release': {
      const isTooSlow = outbound.release(at(crowd.sent - 2), cursorAt(crowd.sent - 2)) === 'overflow';
      return isTooSlow ? connection.close(CloseCode.SlowConsumer) : undefined;
    }
    case 'block':
      // What a peer takes changes between two turns of the event loop, when all that was due has left.
      crowd.flush();
      [transport.isBlocked, transport.bufferedBytes] = [true, MAX_QUEUE_BYTES / 2];
      return;
    case 'unblock':
      crowd.flush();
      return transport.unblock();
    case 'sendWithin':
      crowd.onNextWrite = () => crowd.broadcast();
      return;
    case 'connect':
      return void crowd.peers.push(crowd.fakes.connect('late'));
    default:
      return crowd.flush();
  }
}

function fateOf(crowd: Crowd): unknown {
  crowd.flush();
  return crowd.peers.map(({ transport, connection }, index) => ({
    events: crowd.eventsOf(index),
    closed: transport.closed?.code,
    waitingBytes: connection.outbound.waitingBytes,
  }));
}

describe('a message for everyone that is put down once', () => {
  it('comes to each as if it had been put into every queue at once, whatever happens to them', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const [lazy, eager] = [new Crowd(), new Crowd(true)];
        for (const one of steps) {
          take(lazy, one);
          take(eager, one);
        }
        expect(fateOf(lazy)).toEqual(fateOf(eager));
      }),
      { numRuns: 1000 },
    );
  });

  it('is decided about for each', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const crowd = new Crowd();
        const sent: OutgoingMessage[] = [];
        for (const one of steps) {
          if (one.do === 'broadcast') sent.push(crowd.broadcast());
          else take(crowd, one);
        }
        for (const { connection } of crowd.peers) connection.close(CloseCode.ServiceRestart);
        crowd.flush();
        expect(sent.map(({ isSettled }) => isSettled)).toEqual(sent.map(() => true));
      }),
      { numRuns: 200 },
    );
  });
});

describe('messages for few', () => {
  it('are put into their queues at once', () => {
    const fakes = new FakeConnections();
    const { connection } = fakes.connect();
    const message = new OutgoingMessage('{"event":"a"}');
    fakes.fanOut.deliver(message, EVERYONE);
    expect(connection.outbound.lane).toBe(Lane.Few);
  });
});
