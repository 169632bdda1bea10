import { beforeEach, describe, expect, it } from '@jest/globals';
import { MessageStamper } from '../../../src/push/message-stamper.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';

const draft = { event: 'order.status', dataText: '{"orderId":7}' };

let clock: ManualClock;
let stamper: MessageStamper;

beforeEach(() => {
  clock = new ManualClock();
  stamper = new MessageStamper(clock, 'node');
});

describe('MessageStamper', () => {
  it('gives a message its id and time', () => {
    expect(stamper.stamp(draft)).toEqual({
      ...draft,
      id: expect.any(String),
      ts: '2026-01-01T00:00:00.000Z',
    });
  });

  it('names the sender of messages between clients', () => {
    expect(stamper.stamp({ ...draft, from: '7' }).from).toBe('7');
  });

  it('gives no id twice, and another node gives others', () => {
    const other = new MessageStamper(clock, 'other');
    const ids = [stamper, other].flatMap((each) => Array.from({ length: 500 }, () => each.stamp(draft).id));

    expect(new Set(ids).size).toBe(1_000);
  });

  it('goes with the clock', () => {
    stamper.stamp(draft);
    clock.advance(1_234);
    expect(stamper.stamp(draft).ts).toBe('2026-01-01T00:00:01.234Z');
  });
});
