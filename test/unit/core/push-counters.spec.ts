import { beforeEach, describe, expect, it } from '@jest/globals';
import { OutgoingMessage } from '../../../src/core/outgoing-message.js';
import { Distribution, OTHER, Tally } from '../../../src/core/push-counters.js';
import { FakeConnections } from '../../support/fake-connections.js';

describe('Tally', () => {
  it('shows all its words from the start, and counts a word that it does not know as other', () => {
    const tally = new Tally(['one', 'two']);

    tally.add('two', 2);
    tally.add('a name that somebody made up');

    expect([...tally.entries()]).toEqual([
      ['one', 0],
      ['two', 2],
      [OTHER, 1],
    ]);
  });
});

describe('Distribution', () => {
  it('counts a value up to its bound, as often as it was met', () => {
    const spread = new Distribution([1, 10]);

    spread.add(1);
    spread.add(1.5, 3);
    spread.add(11);

    expect([spread.counts, spread.total, spread.sum]).toEqual([[1, 3, 1], 5, 16.5]);
  });
});

describe('what becomes of messages', () => {
  let fakes: FakeConnections;

  beforeEach(() => {
    fakes = new FakeConnections();
  });

  function send(text: string, ageMs?: number): void {
    fakes.fanOut.deliver(new OutgoingMessage(text), { all: true }, ageMs);
  }

  function dropped(): Record<string, number> {
    return Object.fromEntries([...fakes.counters.dropped.entries()].filter(([, count]) => count > 0));
  }

  it('is counted once for each connection, with the bytes and the time that it took', () => {
    fakes.connect('1');
    fakes.connect('2');

    send('"four"', 2_000);
    send('"five"');
    fakes.scheduler.flushAll();

    const { messages, matched, written, writtenBytes, writeDelay } = fakes.counters;
    expect({ messages, matched, written, writtenBytes }).toEqual({
      messages: 2,
      matched: 4,
      written: 4,
      writtenBytes: 24,
    });
    expect([writeDelay.total, Math.floor(writeDelay.sum)]).toEqual([4, 4]);
  });

  it('leaves replies out of the messages, though not out of the bytes', () => {
    const { connection } = fakes.connect('1');

    connection.reply('"reply"');
    fakes.scheduler.flushAll();

    const { matched, written, writtenBytes, writeDelay } = fakes.counters;
    expect([matched, written, writtenBytes, writeDelay.total]).toEqual([0, 0, 7, 0]);
  });

  it('is written when a slow reader has taken it, and dropped when that has left with it waiting', () => {
    const [slow, gone] = [fakes.connect('1'), fakes.connect('2')];
    slow.transport.isBlocked = true;
    gone.transport.isBlocked = true;
    send('"one"');
    fakes.scheduler.flushAll();
    expect(fakes.counters.written).toBe(0);

    slow.transport.unblock();
    gone.transport.terminate();

    expect([fakes.counters.written, fakes.counters.writtenBytes, dropped()]).toEqual([1, 5, { closed: 1 }]);
  });

  it('is an overflow where a queue is full', () => {
    const { transport } = fakes.connect('1');
    transport.isBlocked = true;

    send(JSON.stringify('x'.repeat(60_000)));
    fakes.scheduler.flushAll();
    send(JSON.stringify('y'.repeat(60_000)));

    expect([transport.closed?.code, dropped()]).toEqual([4002, { overflow: 1, closed: 1 }]);
  });

  it('is no loss where a replay has brought it before', () => {
    const { connection } = fakes.connect('1');
    connection.outbound.hold();
    fakes.fanOut.deliver(new OutgoingMessage('"five"', 'c5', 5), { all: true });

    connection.outbound.release([{ epoch: 'e', number: 5 }], 'c5');

    expect(dropped()).toEqual({ replayed: 1 });
  });
});
