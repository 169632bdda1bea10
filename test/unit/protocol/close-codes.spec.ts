import { describe, expect, it } from '@jest/globals';
import { CLOSE_CODES, mayReconnect } from '../../../src/protocol/close-codes.js';

describe('close codes', () => {
  it('let a client come back exactly in the range 4000 to 4499 and after a passing standard cause', () => {
    for (const [code, { reconnect }] of Object.entries(CLOSE_CODES)) {
      if (Number(code) >= 4000) expect([code, reconnect]).toEqual([code, Number(code) < 4500]);
    }
    expect([1001, 1011, 1012].map(mayReconnect)).toEqual([true, true, true]);
    expect([1003, 1009].map(mayReconnect)).toEqual([false, false]);
  });

  it('keep a client away that broke the rules of WebSocket', () => {
    expect([1002, 1007, 1008].map(mayReconnect)).toEqual([false, false, false]);
  });

  it('follow their range where a code is not listed', () => {
    expect([1006, 4499, 4500, 4999].map(mayReconnect)).toEqual([true, true, false, false]);
  });

  it('have reasons that fit a close frame', () => {
    for (const { reason } of Object.values(CLOSE_CODES)) expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(123);
  });
});
