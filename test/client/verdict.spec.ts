import { describe, expect, it } from '@jest/globals';
import { mayReturn, verdictOf } from '../../src/client/verdict.js';
import { CLOSE_CODES } from '../../src/protocol/close-codes.js';

describe('the verdict on the end of a line', () => {
  it('agrees with the table of close codes', () => {
    const codes = Object.entries(CLOSE_CODES);
    expect(codes.map(([code]) => mayReturn(Number(code)))).toEqual(codes.map(([, { reconnect }]) => reconnect));
  });

  it.each([1002, 1007, 1008])('takes code %i of the WebSocket layer for its own fault', (code) => {
    expect(verdictOf({ code })).toBe('stop');
  });

  it.each([
    [{}, 'retry'],
    [{ code: 1005 }, 'retry'],
    [{ code: 1006 }, 'retry'],
    [{ isBlocked: true }, 'fall'],
    [{ status: 400, reason: 'malformed' }, 'stop'],
    [{ status: 403, reason: 'the origin is not allowed' }, 'stop'],
    [{ status: 400 }, 'fall'],
    [{ status: 403 }, 'fall'],
    [{ status: 401 }, 'retry'],
    [{ status: 429 }, 'retry'],
    [{ status: 404 }, 'fall'],
    [{ status: 405 }, 'fall'],
    [{ status: 500 }, 'retry'],
    [{ status: 503 }, 'retry'],
  ] as const)('is of %j: %s', (end, verdict) => {
    expect(verdictOf(end)).toBe(verdict);
  });
});
