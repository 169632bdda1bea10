import { beforeEach, describe, expect, it } from '@jest/globals';
import { Backlog } from '../../../src/core/backlog.js';
import { Lane } from '../../../src/core/flush-scheduler.js';
import { OutgoingMessage } from '../../../src/core/outgoing-message.js';
import { pushBehind } from '../../../src/core/push-behind.js';
import { WaitingBudget } from '../../../src/core/waiting-budget.js';
import type { SlowReaderAction, SlowReaderPolicy } from '../../../src/core/slow-reader-policy.js';
import type { EnqueueVerdict } from '../../../src/core/enqueue-verdict.js';
import type { Envelope } from '../../../src/protocol/frames.js';
import { FakeTransport } from '../../../src/testing/fake-transport.js';
import { FakeConnections } from '../../support/fake-connections.js';
import type { FakePeer } from '../../support/fake-connections.js';

const MAX_QUEUE_BYTES = 65_536;
const KILOBYTE = 1_000;

let fakes: FakeConnections;
let count: number;

beforeEach(() => {
  fakes = new FakeConnections();
  count = 0;
});

function policy(action: SlowReaderAction, bounds: Partial<SlowReaderPolicy> = {}): SlowReaderPolicy {
  return { action, maxWaitingBytes: Infinity, maxWaitingMs: Infinity, ...bounds };
}

interface Sent {
  readonly event?: string;
  readonly policy?: SlowReaderPolicy;
  readonly key?: string;
  readonly bytes?: number;
}

/** A message whose cursor is `at-<number>`, numbered from 1. */
function message({ event = 'm', policy: its, key, bytes = KILOBYTE }: Sent): OutgoingMessage {
  const number = ++count;
  const text = JSON.stringify({ event, data: 'x'.repeat(bytes), id: String(number), cursor: `at-${number}` });
  return new OutgoingMessage(text, `at-${number}`, number, 0, its && { policy: its, collapseId: key });
}

function send(peer: FakePeer, sent: Sent = {}): EnqueueVerdict {
  const verdict = peer.connection.outbound.enqueue(message(sent), Lane.Few);
  fakes.scheduler.flushAll();
  return verdict;
}

function slowPeer(): FakePeer {
  const peer = fakes.connect();
  peer.transport.isBlocked = true;
  return peer;
}

/** What a peer reads once it reads again: ids of messages, and gaps as `gap at <place>`. */
function readBy({ transport }: FakePeer): string[] {
  transport.unblock();
  fakes.scheduler.flushAll();
  return transport.received.map(told);
}

function told({ event, data, id, cursor }: Envelope): string {
  if (event !== 'push:gap') return String(id);
  expect(data).toEqual({ reason: 'skipped' });
  return `gap ${cursor}`;
}

describe('an event whose slow readers are disconnected', () => {
  it('overflows past the queue limit', () => {
    const peer = slowPeer();
    const verdicts = Array.from({ length: 70 }, () => send(peer));

    expect(new Set(verdicts.slice(0, 60))).toEqual(new Set(['queued']));
    expect(verdicts.at(-1)).toBe('overflow');
  });

  it('overflows past its own bound', () => {
    const peer = slowPeer();
    const strict = policy('disconnect', { maxWaitingBytes: 2_500 });

    expect(send(peer, { policy: strict })).toBe('queued');
    expect(send(peer, { policy: strict })).toBe('queued');
    expect(send(peer, { policy: strict })).toBe('overflow');
  });
});

describe('an event of which the oldest are dropped', () => {
  it('keeps the newest that have room, and says where the first that is missing stood', () => {
    const peer = slowPeer();
    const lines = policy('dropOldest', { maxWaitingBytes: 3_500 });
    for (let sent = 0; sent < 6; sent++) expect(send(peer, { policy: lines })).toBe('queued');

    expect(readBy(peer)).toEqual(['gap at-1', '4', '5', '6']);
    expect(fakes.counters.gaps.of('skipped')).toBe(1);
  });

  it('leaves other events where they are, before and after the gap', () => {
    const peer = slowPeer();
    const lines = policy('dropOldest', { maxWaitingBytes: 1_500 });
    send(peer);
    send(peer, { policy: lines });
    send(peer);
    send(peer, { policy: lines });
    send(peer);

    expect(readBy(peer)).toEqual(['1', 'gap at-2', '3', '4', '5']);
  });

  it('makes room for messages that must arrive', () => {
    const peer = slowPeer();
    const lines = policy('dropOldest');
    for (let sent = 0; sent < 60; sent++) send(peer, { policy: lines });
    const verdicts = Array.from({ length: 60 }, () => send(peer));

    expect(verdicts.filter((verdict) => verdict === 'queued').length).toBeGreaterThan(55);
    const read = readBy(peer);
    expect(read.at(-1)).toBe('120');
    expect(read.filter((text) => text.startsWith('gap'))).toHaveLength(1);
  });

  it('is told of again when more is skipped after the gap was written', () => {
    const peer = slowPeer();
    const lines = policy('dropOldest', { maxWaitingBytes: 1_500 });
    send(peer, { policy: lines });
    send(peer, { policy: lines });
    expect(readBy(peer)).toEqual(['gap at-1', '2']);

    peer.transport.isBlocked = true;
    send(peer, { policy: lines });
    send(peer, { policy: lines });
    expect(readBy(peer).slice(2)).toEqual(['gap at-3', '4']);
  });
});

describe('an event of which the newest are dropped', () => {
  it('keeps those that came first, and says where those that are missing would have stood', () => {
    const peer = slowPeer();
    const feed = policy('dropNewest', { maxWaitingBytes: 2_500 });
    const verdicts = Array.from({ length: 4 }, () => send(peer, { policy: feed }));
    send(peer);

    expect(verdicts).toEqual(['queued', 'queued', 'skipped', 'skipped']);
    expect(readBy(peer)).toEqual(['1', '2', 'gap at-3', '5']);
  });

  it('is left out where the whole queue is full', () => {
    const peer = slowPeer();
    while (send(peer, { bytes: 10 * KILOBYTE }) === 'queued');

    expect(send(peer, { policy: policy('dropNewest'), bytes: 10 * KILOBYTE })).toBe('skipped');
    expect(readBy(peer).at(-1)).toBe(`gap at-${count}`);
  });

  it('is left out where the transport alone holds all that may wait', () => {
    const peer = slowPeer();
    peer.transport.bufferedBytes = MAX_QUEUE_BYTES;

    expect(send(peer)).toBe('overflow');
    expect(send(peer, { policy: policy('dropNewest') })).toBe('skipped');
    expect(readBy(peer)).toEqual(['gap at-2']);
  });
});

describe('an event that is coalesced', () => {
  it('has only the newest of each key wait, at its own place, and tells nobody', () => {
    const peer = slowPeer();
    const ticks = policy('coalesce');
    send(peer, { policy: ticks, key: 'a' });
    send(peer, { policy: ticks, key: 'b' });
    send(peer);
    send(peer, { policy: ticks, key: 'a' });
    send(peer, { policy: ticks, key: 'a' });

    expect(readBy(peer)).toEqual(['2', '3', '5']);
    expect(fakes.counters.gaps.of('skipped')).toBe(0);
  });

  it('coalesces what came within one turn of the event loop too', () => {
    const peer = slowPeer();
    const ticks = policy('coalesce');
    for (let sent = 0; sent < 3; sent++) {
      peer.connection.outbound.enqueue(message({ policy: ticks, key: 'a' }), Lane.Few);
    }
    fakes.scheduler.flushAll();

    expect(readBy(peer)).toEqual(['3']);
  });

  it('sends everything to a reader that keeps up', () => {
    const peer = fakes.connect();
    for (let sent = 0; sent < 3; sent++) send(peer, { policy: policy('coalesce'), key: 'a' });

    expect(peer.transport.received.map(told)).toEqual(['1', '2', '3']);
  });

  it('holds a reader for ever in the room of one value', () => {
    const peer = slowPeer();
    for (let sent = 0; sent < 1_000; sent++) {
      expect(send(peer, { policy: policy1, key: 'a' })).toBe('queued');
    }
    expect(peer.connection.outbound.waitingBytes).toBeLessThan(2 * KILOBYTE);
    expect(readBy(peer)).toEqual(['1000']);
  });

  it('is never cut off for its keys past its own bound: the oldest values go, and the client is told', () => {
    const peer = slowPeer();
    const ticks = policy('coalesce', { maxWaitingBytes: 2_500 });
    for (const key of ['a', 'b', 'c']) send(peer, { policy: ticks, key });

    expect(readBy(peer)).toEqual(['gap at-1', '2', '3']);
  });

  it('is cut off where values of different keys fill the whole queue', () => {
    const peer = slowPeer();
    const verdicts = Array.from({ length: 70 }, (_, key) => send(peer, { policy: policy1, key: `${key}` }));

    expect(verdicts.at(-1)).toBe('overflow');
  });
});

const policy1 = policy('coalesce');

describe('messages that wait for too long', () => {
  it('are skipped, and the client is told', () => {
    const peer = slowPeer();
    const aging = policy('dropOldest', { maxWaitingMs: 2_000 });
    send(peer, { policy: aging });
    send(peer);
    const { outbound } = peer.connection;
    expect(outbound.skipTooOld(0)).toBe('queued');
    send(peer, { policy: aging });
    expect(outbound.skipTooOld(1_000)).toBe('queued');
    expect(outbound.skipTooOld(2_000)).toBe('queued');

    expect(readBy(peer)).toEqual(['gap at-1', '2', '3']);
  });

  it('end the connection where their event asks for it', () => {
    const peer = slowPeer();
    send(peer, { policy: policy('disconnect', { maxWaitingMs: 1_000 }) });
    const { outbound } = peer.connection;

    expect(outbound.skipTooOld(0)).toBe('queued');
    expect(outbound.skipTooOld(1_000)).toBe('overflow');
  });
});

describe('the text of a message that waits', () => {
  it.each(['x'.repeat(3_000), 'ü€𝄞'.repeat(400), 'short'])('is the same outside the heap', (data) => {
    const peer = slowPeer();
    const text = JSON.stringify({ event: 'm', data });
    const waits = new OutgoingMessage(text);
    peer.connection.outbound.enqueue(waits, Lane.Few);
    fakes.scheduler.flushAll();
    expect(waits.text).toBe(text);

    peer.transport.unblock();
    expect(peer.transport.received).toEqual([{ event: 'm', data }]);
  });

  it('weighs its bytes there', () => {
    const peer = slowPeer();
    const waits = new OutgoingMessage(JSON.stringify({ event: 'm', data: 'x'.repeat(16_000_000) }));
    const before = process.memoryUsage().arrayBuffers;
    peer.connection.outbound.enqueue(waits, Lane.Few);
    fakes.scheduler.flushAll();

    // Other buffers that come and go meanwhile are much smaller.
    expect(process.memoryUsage().arrayBuffers - before).toBeGreaterThan(waits.byteLength / 2);
  });
});

describe('the bound of the process', () => {
  it('counts a message that waits for many readers once', () => {
    const peers = [slowPeer(), slowPeer(), slowPeer()];
    const shared = message({});
    for (const { connection } of peers) connection.outbound.enqueue(shared, Lane.Few);
    fakes.scheduler.flushAll();

    expect(fakes.scheduler.waiting.bytes).toBe(2 * shared.byteLength);
    expect(fakes.scheduler.waiting.slowReaders).toBe(3);
  });

  it('treats readers that hold more than their share as full, and spares the others', () => {
    const [greedy, modest] = [slowPeer(), slowPeer()];
    send(modest);
    for (let sent = 0; sent < 40; sent++) send(greedy);
    fakes.scheduler.waiting.setTransportBytes(fakes.scheduler.waiting.maxBytes);
    greedy.transport.bufferedBytes = fakes.scheduler.waiting.maxBytes;

    expect(send(greedy)).toBe('overflow');
    expect(send(modest)).toBe('queued');
  });

  it('is given back when readers read or end', () => {
    const [reads, ends] = [slowPeer(), slowPeer()];
    const lines = policy('dropOldest', { maxWaitingBytes: 2_500 });
    for (let sent = 0; sent < 10; sent++) for (const peer of [reads, ends]) send(peer, { policy: lines });
    readBy(reads);
    ends.connection.ended();

    expect(fakes.scheduler.waiting.bytes).toBe(0);
    expect(fakes.scheduler.waiting.slowReaders).toBe(0);
  });
});

describe('a reader that takes nothing for long', () => {
  const roomy = { maxQueueBytes: Infinity, waiting: new WaitingBudget(Infinity) };

  it.each(['coalesce', 'dropOldest'] as const)('holds no place of what has left by %s', (action) => {
    const backlog = new Backlog(fakes.scheduler);
    const its = policy(action, { maxWaitingBytes: 2_500 });
    backlog.push(message({}));
    for (let sent = 0; sent < 5_000; sent++) {
      const next = message({ policy: its, key: sent === 0 ? 'never again' : 'each time' });
      pushBehind(backlog, next, 0, roomy);
    }
    expect(backlog.places).toBeLessThan(200);
  });

  it('is let go of once, also where the first write after it ends the connection', () => {
    const { connection, transport } = fakes.connect();
    [transport.isBlocked, transport.bufferedBytes] = [true, 1];
    connection.reply('{"event":"a"}');
    fakes.scheduler.flushAll();
    expect(fakes.scheduler.waiting.slowReaders).toBe(1);
    transport.write = () => transport.terminate();
    transport.unblock();
    expect(fakes.scheduler.waiting.slowReaders).toBe(0);
  });

  it('is written each message once, those behind a first part too', () => {
    const backlog = new Backlog(fakes.scheduler);
    const transport = new FakeTransport();
    const write = transport.write.bind(transport);
    transport.write = (bytes) => {
      write(bytes);
      transport.isBlocked = true;
    };
    for (let sent = 0; sent < 300; sent++) backlog.push(message({}));
    backlog.writeTo(transport);
    const part = transport.received.length;
    const its = policy('coalesce');
    for (let sent = 0; sent < 1_000; sent++) pushBehind(backlog, message({ policy: its, key: 'k' }), 0, roomy);
    backlog.writeTo(transport, true);

    expect([part > 0 && part < 150, backlog.isEmpty]).toEqual([true, true]);
    const ids = Array.from({ length: 300 }, (_, index) => String(index + 1));
    expect(transport.received.map(({ id }) => id)).toEqual([...ids, '1300']);
  });
});

describe('any mixture of events', () => {
  /** The same numbers on every run. */
  function* randomNumbers(seed: number): Generator<number> {
    for (let state = seed; ;) {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      yield state / 2_147_483_648;
    }
  }

  const mixture: readonly (SlowReaderPolicy | undefined)[] = [
    undefined,
    policy('dropOldest', { maxWaitingBytes: 5_000 }),
    policy('dropNewest', { maxWaitingBytes: 5_000 }),
    policy('coalesce', { maxWaitingBytes: 8_000 }),
    policy('dropOldest', { maxWaitingMs: 3 }),
  ];

  it.each([
    [1, 12],
    [2, 12],
    [3, 12],
    [4, 12],
    [5, 12],
    [6, 400],
    [7, 400],
    [8, 400],
  ])('is read in order, whole but for what was replaced or is told of (seed %d, read after about %d)', (seed, pace) => {
    const peer = slowPeer();
    const random = randomNumbers(seed);
    const next = (below: number) => Math.floor(random.next().value * below);
    const log = new Map<number, { readonly readBefore: number; readonly key: string | undefined }>();
    for (let step = 0; step < 2_000 && peer.connection.isOpen; step++) {
      // One who takes that long has no room for what must arrive.
      const its = mixture[pace > 12 ? 1 + next(mixture.length - 1) : next(mixture.length)];
      const key = its?.action === 'coalesce' ? `k${next(12)}` : undefined;
      log.set(count + 1, { readBefore: peer.transport.received.length, key });
      const verdict = send(peer, { bytes: next(800), ...(its && { policy: its }), ...(key && { key }) });
      expect(verdict).not.toBe('overflow');
      if (next(20) === 0) peer.connection.outbound.skipTooOld(step);
      if (next(pace) === 0) readBy(peer);
      peer.transport.isBlocked = pace > 12 || next(4) > 0;
    }
    assertHonest(readBy(peer), log);
    expect(fakes.scheduler.waiting.bytes).toBe(0);
  });

  /** What was sent: when, as the number of what had been read by then, and its key. */
  type Log = ReadonlyMap<number, { readonly readBefore: number; readonly key: string | undefined }>;

  /**
   * Nothing out of order or twice. What is missing has a newer value of its key, or a gap that lies before everything
   * newer and was written after it was sent.
   */
  function assertHonest(read: readonly string[], log: Log): void {
    const ids = read.map((text) => (text.startsWith('gap') ? undefined : Number(text)));
    const got = ids.filter((id) => id !== undefined);
    expect(got).toEqual([...new Set(got)].sort((one, other) => one - other));
    const isMadeGood = (missing: number, key: string | undefined) =>
      key !== undefined && got.some((id) => id > missing && log.get(id)?.key === key);
    const isTold = (missing: number, readBefore: number) => {
      const newer = ids.findIndex((id) => id !== undefined && id > missing);
      const end = newer === -1 ? ids.length : newer;
      return ids.slice(readBefore, end).includes(undefined);
    };
    const untold = [...log].filter(
      ([number, { key, readBefore }]) =>
        !got.includes(number) && !isMadeGood(number, key) && !isTold(number, readBefore),
    );
    expect(untold).toEqual([]);
  }
});

it('is counted by reason', () => {
  const peer = slowPeer();
  const deliver = (its: SlowReaderPolicy, key?: string) =>
    fakes.fanOut.deliver(message({ policy: its, ...(key && { key }) }), { users: ['7'] });
  const oldest = policy('dropOldest', { maxWaitingBytes: 1_500 });
  const newest = policy('dropNewest', { maxWaitingBytes: 1_500 });
  for (let sent = 0; sent < 3; sent++) {
    deliver(oldest);
    deliver(newest);
    deliver(policy1, 'a');
    fakes.scheduler.flushAll();
  }
  expect(peer.connection.isOpen).toBe(true);

  const { dropped } = fakes.counters;
  expect(['skipped_oldest', 'skipped', 'coalesced'].map((reason) => dropped.of(reason))).toEqual([2, 2, 2]);
});

describe('a connection that messages are held for while what it missed is replayed', () => {
  const waiting = () => fakes.scheduler.waiting;

  it('counts what waits for it, for itself and for the process, once for many of them', () => {
    const peers = [fakes.connect(), fakes.connect()];
    for (const { connection } of peers) connection.outbound.hold();
    const shared = message({});
    for (const { connection } of peers) connection.outbound.enqueue(shared, Lane.Few);

    expect(peers.map(({ connection }) => connection.outbound.waitingBytes)).toEqual([
      shared.byteLength,
      shared.byteLength,
    ]);
    expect(waiting().bytes).toBe(2 * shared.byteLength);
    expect(waiting().slowReaders).toBe(2);
  });

  it.each([
    [
      'the hold ends',
      ({ connection }: FakePeer) => void connection.outbound.release([{ epoch: 'e', number: 0 }], 'e0'),
    ],
    ['it begins here', ({ connection }: FakePeer) => connection.outbound.startHere()],
    ['it is closed', ({ connection }: FakePeer) => connection.close(4505)],
    ['it is gone', ({ connection }: FakePeer) => connection.ended()],
  ])('counts nothing any more when %s', (_when, end) => {
    const peer = fakes.connect();
    peer.connection.outbound.hold();
    for (let sent = 0; sent < 3; sent++) send(peer);
    expect(waiting().slowReaders).toBe(1);
    end(peer);
    fakes.scheduler.flushAll();

    expect([waiting().bytes, waiting().slowReaders]).toEqual([0, 0]);
  });

  it('holds no more of what the log keeps where there is no room, and none of it at first', () => {
    const peer = fakes.connect();
    const { outbound } = peer.connection;
    outbound.hold();
    const verdicts = Array.from({ length: 200 }, () => send(peer));

    expect(new Set(verdicts)).toEqual(new Set(['queued']));
    expect(outbound.waitingBytes).toBeLessThanOrEqual(MAX_QUEUE_BYTES);
    expect(outbound.holding?.givenUp).toBe(3);
    expect(waiting().bytes).toBe(2 * outbound.waitingBytes);
  });

  it('is not too slow for what the log keeps, though the rest leaves no room for it', () => {
    const { outbound } = fakes.connect().connection;
    outbound.hold();
    const passing = () => new OutgoingMessage(JSON.stringify({ event: 'passing', data: 'x'.repeat(KILOBYTE) }));
    for (let count = 0; count < 64; count++) outbound.enqueue(passing(), Lane.Few);
    const kept = message({ bytes: 2 * KILOBYTE });
    expect(outbound.enqueue(kept, Lane.Few)).toBe('queued');
    expect(outbound.holding?.givenUp).toBe(1);
    expect(outbound.enqueue(passing(), Lane.Few)).toBe('overflow');
  });

  it.each([
    ['queue', 1],
    ['process', 20],
  ])('is too slow past the bound of the %s for what the log does not keep', (_bound, count) => {
    const peers = Array.from({ length: count }, () => fakes.connect());
    for (const { connection } of peers) connection.outbound.hold();
    const modest = fakes.connect();
    modest.connection.outbound.hold();
    send(modest);
    const passing = () => new OutgoingMessage(JSON.stringify({ event: 'passing', data: 'x'.repeat(KILOBYTE) }));
    const offer = ({ connection }: FakePeer) => connection.outbound.enqueue(passing(), Lane.Few);
    const verdicts = Array.from({ length: 1_300 / count }, () => peers.map(offer)).flat();

    expect(verdicts[0]).toBe('queued');
    expect(verdicts.at(-1)).toBe('overflow');
    expect(waiting().bytes).toBeLessThan(waiting().maxBytes + 4 * KILOBYTE);
    expect(offer(modest)).toBe('queued');
  });
});
