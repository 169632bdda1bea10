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

    it('stands before the first message', () => {
      expect(numbersOf(log.position)).toEqual([0]);
    });

    it('gives each message the place after the one before it', () => {
      expect([log.append(), log.append(), log.append()].map(numbersOf)).toEqual([[1], [2], [3]]);
    });

    it('stands at its newest message', () => {
      log.append();
      const newest = log.append();
      expect(log.position).toEqual(newest);
    });

    it('gives places that do not change afterwards', () => {
      const first = log.append();
      const text = encodeCursor(first);
      log.append();
      expect(encodeCursor(first)).toBe(text);
    });

    it('keeps its epoch', () => {
      const before = epochsOf(log.position);
      log.append();
      expect(epochsOf(log.position)).toEqual(before);
    });

    it('has another epoch than a log that began anew', () => {
      const epochs = [log, subject.open(), subject.open()].flatMap(({ position }) => epochsOf(position));
      expect(new Set(epochs).size).toBe(3);
    });

    it('gives places that survive the way through a cursor', () => {
      const place = log.append();
      expect(decodeCursor(encodeCursor(place))).toEqual(place);
    });
  });
}
