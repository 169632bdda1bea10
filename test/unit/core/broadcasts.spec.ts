import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { Lane } from '../../../src/core/flush-scheduler.js';
import { OutgoingMessage } from '../../../src/core/outgoing-message.js';
import { CloseCode } from '../../../src/protocol/close-codes.js';
import { FakeConnections } from '../../support/fake-connections.js';
import type { FakePeer } from '../../support/fake-connections.js';
import { at, cursorAt } from '../../support/scripted-log.js';

/** Enough that a message for everyone is put down once, and not into each queue. */
const CROWD = 65;
const EVERYONE = { all: true } as const;
/** As much as a connection of {@link FakeConnections} may have waiting. */
const MAX_QUEUE_BYTES = 65_536;

/** A routing table with a crowd in it, for which messages are numbered. */
class Crowd {
  readonly fakes = new FakeConnections();
  readonly peers: FakePeer[] = Array.from({ length: CROWD }, (_, user) => this.fakes.connect(`${user}`));
  sent = 0;

  /** @param isWatched Whether somebody hears of each recipient, for which every queue is gone through at once. */
  constructor(isWatched = false) {
    if (isWatched) this.fakes.fanOut.observer = { delivered() {} };
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

  peer(index: number): FakePeer {
    const peer = this.peers[index];
    if (!peer) throw new Error(`nobody is at ${index}`);
    return peer;
  }

  eventsOf(index: number): readonly string[] {
    return this.peer(index).transport.received.map(({ event }) => event);
  }

  flush(): void {
    this.fakes.scheduler.flushAll();
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

  it('are counted among what waits', () => {
    const crowd = new Crowd();
    const { byteLength } = crowd.broadcast({ padding: 1_000 });
    expect(crowd.peer(3).connection.outbound.waitingBytes).toBe(byteLength);
    crowd.flush();
    expect(crowd.peer(3).connection.outbound.waitingBytes).toBe(0);
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
    const { transport } = crowd.peer(0);
    [transport.isBlocked, transport.bufferedBytes] = [true, MAX_QUEUE_BYTES];
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

  it('are kept for nobody once all have been given them', () => {
    const crowd = new Crowd();
    crowd.broadcast();
    crowd.flush();
    const { broadcasts } = crowd.fakes.registry;
    expect(broadcasts.since(broadcasts.end - 1).messages).toEqual([]);
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
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('flushAll', 'connect') }) },
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
      if (outbound.isHeld) outbound.enqueueReplayed(new OutgoingMessage(`{"event":"replayed ${crowd.sent}"}`));
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
