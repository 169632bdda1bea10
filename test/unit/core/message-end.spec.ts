import { beforeEach, describe, expect, it } from '@jest/globals';
import { OutgoingMessage } from '../../../src/core/outgoing-message.js';
import { eventually } from '../../support/eventually.js';
import { FakeConnections } from '../../support/fake-connections.js';
import type { FakePeer } from '../../support/fake-connections.js';
import { at, cursorAt } from '../../support/scripted-log.js';

const SHORT_MS = 20;

let fakes: FakeConnections;

beforeEach(() => {
  fakes = new FakeConnections();
});

/** A message that lives so long from now on; for good if nothing is said. */
function message(number: number, lifeMs?: number): OutgoingMessage {
  const text = JSON.stringify({ event: `m${number}`, data: '', cursor: cursorAt(number) });
  const endsAtMs = lifeMs === undefined ? undefined : performance.now() + lifeMs;
  return new OutgoingMessage(text, cursorAt(number), number, 0, undefined, endsAtMs);
}

function deliver(sent: OutgoingMessage): OutgoingMessage {
  fakes.fanOut.deliver(sent, { all: true });
  return sent;
}

function eventsOf(peer: FakePeer): string[] {
  return fakes.receivedBy(peer).map(({ event }) => event);
}

function hasExpired(sent: OutgoingMessage): void {
  expect([sent.isSettled, sent.written, fakes.counters.dropped.of('expired')]).toEqual([true, 0, 1]);
}

describe('a message whose time is over', () => {
  it('reaches nobody when it was too long on its way to this node', () => {
    const peer = fakes.connect();
    const late = deliver(message(1, -1));
    deliver(message(2));
    expect(eventsOf(peer)).toEqual(['m2']);
    hasExpired(late);
  });

  it('does not follow a replay for which it was held', async () => {
    const peer = fakes.connect();
    peer.connection.outbound.hold(at(0));
    const brief = deliver(message(2, SHORT_MS));
    deliver(message(3, 60_000));
    await eventually(() => brief.isOver);
    expect(peer.connection.outbound.release(at(1), cursorAt(1))).toBe('queued');
    expect(eventsOf(peer)).toEqual(['m3']);
    hasExpired(brief);
  });

  it('is not replayed, though it was read in time', () => {
    const peer = fakes.connect();
    expect(peer.connection.outbound.enqueueReplayed(message(1, -1))).toBe('expired');
    peer.connection.outbound.enqueueReplayed(message(2, 60_000));
    expect(eventsOf(peer)).toEqual(['m2']);
  });

  it('is not written to a slow reader for whom it has waited, who is told of no gap', async () => {
    const peer = fakes.connect();
    peer.transport.isBlocked = true;
    const brief = deliver(message(1, SHORT_MS));
    deliver(message(2));
    fakes.scheduler.flushAll();
    await eventually(() => brief.isOver);
    peer.transport.unblock();
    expect(eventsOf(peer)).toEqual(['m2']);
    expect([peer.connection.outbound.waitingBytes, fakes.scheduler.waiting.bytes]).toEqual([0, 0]);
    hasExpired(brief);
  });

  it('leaves nothing to wait for where nothing else waits', async () => {
    const peer = fakes.connect();
    peer.transport.isBlocked = true;
    const brief = deliver(message(1, SHORT_MS));
    fakes.scheduler.flushAll();
    await eventually(() => brief.isOver);
    let isRelieved = false;
    peer.connection.outbound.onceRelieved(() => (isRelieved = true));
    peer.transport.unblock();
    deliver(message(2));
    expect([eventsOf(peer), isRelieved]).toEqual([['m2'], true]);
  });
});
