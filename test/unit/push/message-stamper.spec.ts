import { beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryMessageLog } from '../../../src/backing/memory/memory-message-log.js';
import { decodeCursor } from '../../../src/protocol/cursor.js';
import type { Envelope } from '../../../src/protocol/frames.js';
import { MessageStamper } from '../../../src/push/message-stamper.js';
import type { MessageDraft } from '../../../src/push/message-stamper.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';

let clock: ManualClock;
let stamper: MessageStamper;

beforeEach(() => {
  clock = new ManualClock();
  stamper = new MessageStamper(new MemoryMessageLog(), clock, 'node');
});

function stamp(draft: Partial<MessageDraft> = {}): Envelope {
  const { id, message } = stamper.stamp({ event: 'e', dataText: 'null', isStored: true, ...draft });
  const envelope = JSON.parse(message.text) as Envelope;
  expect(envelope.id).toBe(id);
  return envelope;
}

function numberIn({ cursor }: Envelope): number | undefined {
  return cursor === undefined ? undefined : decodeCursor(cursor)?.[0].number;
}

describe('MessageStamper', () => {
  it('writes exactly the members of an application message', () => {
    expect(stamp({ event: 'order.status', dataText: '{"orderId":7}' })).toEqual({
      event: 'order.status',
      data: { orderId: 7 },
      id: expect.any(String),
      cursor: expect.any(String),
      ts: '2026-01-01T00:00:00.000Z',
    });
  });

  it('names the sender, as JSON, on messages between clients', () => {
    expect(stamp({ from: 'a"b\\c' }).from).toBe('a"b\\c');
    expect(stamp()).not.toHaveProperty('from');
  });

  it('gives no id twice, and another node gives others', () => {
    const other = new MessageStamper(new MemoryMessageLog(), clock, 'other');
    const draft = { event: 'e', dataText: 'null', isStored: true };
    const ids = [stamper, other].flatMap((each) => Array.from({ length: 500 }, () => each.stamp(draft).id));

    expect(new Set(ids).size).toBe(1_000);
  });

  it('gives each stored message the next place', () => {
    expect([stamp(), stamp(), stamp()].map(numberIn)).toEqual([1, 2, 3]);
  });

  it('gives a message that is not stored the place before it', () => {
    expect([stamp({ isStored: false }), stamp(), stamp({ isStored: false }), stamp()].map(numberIn)).toEqual([
      0, 1, 1, 2,
    ]);
  });

  it('goes with the clock', () => {
    stamp();
    clock.advance(1_234);
    expect(stamp().ts).toBe('2026-01-01T00:00:01.234Z');
  });
});
