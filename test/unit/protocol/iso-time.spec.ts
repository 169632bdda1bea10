import { describe, expect, it } from '@jest/globals';
import { isoTime, parseIsoTime } from '../../../src/protocol/iso-time.js';

const DAY_MS = 86_400_000;

describe('isoTime', () => {
  it('writes moments as Date does, on one day and from day to day', () => {
    const day = Date.UTC(2026, 1, 28);
    const moments = [0, 1, 999, 59_999, 60_000, 3_599_999, 3_600_000, 45_296_007, DAY_MS - 1, DAY_MS, 2 * DAY_MS];
    for (const since of [0, day, -day, Date.UTC(-1, 0), Date.UTC(12_345, 5, 6)]) {
      for (const moment of moments) expect(isoTime(since + moment)).toBe(new Date(since + moment).toISOString());
    }
  });

  it('leaves out what is less than a millisecond', () => {
    for (const moment of [1_500.9, -0.5, -1_500.9]) expect(isoTime(moment)).toBe(new Date(moment).toISOString());
  });

  it('writes the last date for what is past all of them', () => {
    expect(isoTime(Number.MAX_SAFE_INTEGER)).toBe('+275760-09-13T00:00:00.000Z');
    expect(isoTime(Number.POSITIVE_INFINITY)).toBe('+275760-09-13T00:00:00.000Z');
  });
});

describe('parseIsoTime', () => {
  it.each([
    '2028-02-29T12:00:00Z',
    '2030-12-31T23:59:59.999+02:00',
    '2030-01-31',
    '0004-02-29',
    '+012345-06-07T00:00:00Z',
  ])('reads %s as Date does', (text) => {
    expect(parseIsoTime(text)).toBe(new Date(text).getTime());
    expect(parseIsoTime(text)).not.toBeNaN();
  });

  it.each(['2030-02-30T00:00:00Z', '2030-02-29T00:00:00+02:00', '2030-04-31', '2030-00-10', '2030-01-32', 'soon', ''])(
    'knows no moment by %j',
    (text) => {
      expect(parseIsoTime(text)).toBeNaN();
    },
  );
});
