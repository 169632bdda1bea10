import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { MessageLog } from '../../src/backing/message-log.interface.js';
import { decodeCursor, encodeCursor } from '../../src/protocol/cursor.js';
import type { Cursor } from '../../src/protocol/cursor.js';

/** Logs to be judged: each call of `open` gives a log that began anew. */
export interface MessageLogSubject {
  open(): MessageLog;
  /** Ends what the subject started. */
  close(): Promise<void> | void;
}

/** What every log must keep to. */
export function describeMessageLog(name: string, create: () => Promise<MessageLogSubject> | MessageLogSubject): void {
  describe(`${name} as a MessageLog`, () => {
    let subject: MessageLogSubject;
    let log: MessageLog;

    beforeEach(async () => {
      subject = await create();
      log = subject.open();
    });
    afterEach(() => subject.close());

    const numbersOf = (cursor: Cursor) => cursor.map(({ number }) => number);
    const epochsOf = (cursor: Cursor) => cursor.map(({ epoch }) => epoch);

    const content = { event: 'e', dataText: '1', id: 'n-1', ts: '2026-01-01T00:00:00.000Z' };
    const append = () => {
      log.append(content, { target: { all: true }, store: 'history' });
      return log.position;
    };

    it('stands before the first message', () => {
      expect(numbersOf(log.position)).toEqual([0]);
    });

    it('gives each message the place after the one before it', () => {
      expect([append(), append(), append()].map(numbersOf)).toEqual([[1], [2], [3]]);
    });

    it('stands at its newest message', () => {
      append();
      const newest = append();
      expect(log.position).toEqual(newest);
    });

    it('gives places that do not change afterwards', () => {
      const first = append();
      const text = encodeCursor(first);
      append();
      expect(encodeCursor(first)).toBe(text);
    });

    it('keeps its epoch', () => {
      const before = epochsOf(log.position);
      append();
      expect(epochsOf(log.position)).toEqual(before);
    });

    it('has another epoch than a log that began anew', () => {
      const epochs = [log, subject.open(), subject.open()].flatMap(({ position }) => epochsOf(position));
      expect(new Set(epochs).size).toBe(3);
    });

    it('gives places that survive the way through a cursor', () => {
      const place = append();
      expect(decodeCursor(encodeCursor(place))).toEqual(place);
    });
  });
}
