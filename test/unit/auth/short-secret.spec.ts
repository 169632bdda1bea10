import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { JwtOptions } from '../../../src/auth/auth-options.interface.js';
import { JwtAuthenticator } from '../../../src/auth/jwt.authenticator.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';

let lines: string[];
beforeEach(() => {
  lines = [];
  jest.spyOn(Logger.prototype, 'warn').mockImplementation((line: unknown) => void lines.push(String(line)));
});
afterEach(() => void jest.restoreAllMocks());

const start = (options: JwtOptions) => new JwtAuthenticator(options, new ManualClock());

describe('a secret', () => {
  it('that is shorter than the hash is warned of, and not said', () => {
    start({ secret: 'not-that-secret', algorithms: ['HS512', 'HS256'] });
    expect(lines).toEqual(['auth.jwt.secret has 15 bytes: for HS512, HS256 it should have 64 random ones at least']);
  });

  it('is counted in bytes, for each hash by itself', () => {
    start({ secret: 'ü'.repeat(16), algorithms: ['HS256', 'HS384'] });
    expect(lines).toEqual(['auth.jwt.secret has 32 bytes: for HS384 it should have 48 random ones at least']);
  });

  it.each([
    ['HS256', 32],
    ['HS384', 48],
    ['HS512', 64],
  ] as const)('of the length that %s asks for is not spoken of', (algorithm, bytes) => {
    start({ secret: Buffer.alloc(bytes, 1), algorithms: [algorithm] });
    expect(lines).toEqual([]);
  });
});
