import { beforeEach, describe, expect, it } from '@jest/globals';
import { ReplayedMessages } from '../../../src/push/replayed-messages.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';

const LONGER_THAN_REMEMBERED_MS = 10_000;
const logged = (number: number, text: string) => ({ text, cursor: `c${number}`, number, partition: 0 });

describe('ReplayedMessages', () => {
  let clock: ManualClock;
  let replayed: ReplayedMessages;

  beforeEach(() => {
    clock = new ManualClock();
    replayed = new ReplayedMessages(clock);
  });

  it('gives all who are replayed a message the same object', () => {
    expect(replayed.of(logged(7, 'seven'))).toBe(replayed.of(logged(7, ['se', 'ven'].join(''))));
  });

  it('gives each message its own text, cursor and number, however far apart the numbers are', () => {
    const numbers = [1, 1025, 2049, 1, 5, 1_000_001];
    const messages = numbers.map((number) => replayed.of(logged(number, `text ${number}`)));
    expect(messages.map(({ text, cursor, number, partition }) => ({ text, cursor, number, partition }))).toEqual(
      numbers.map((number) => logged(number, `text ${number}`)),
    );
  });

  it('tells messages of one number and two texts apart', () => {
    replayed.of(logged(3, 'of one epoch'));
    expect(replayed.of(logged(3, 'of another')).text).toBe('of another');
  });

  it('forgets messages after a while', () => {
    const message = replayed.of(logged(1, 'one'));
    clock.advance(LONGER_THAN_REMEMBERED_MS);
    expect(replayed.of(logged(1, 'one'))).not.toBe(message);
  });

  it('forgets what it holds rather than holding more than its bytes', () => {
    const long = 'x'.repeat(5 * 1024 * 1024);
    const first = replayed.of(logged(1, long));
    replayed.of(logged(2, `${long}!`));
    expect(replayed.of(logged(1, long))).not.toBe(first);
  });
});
