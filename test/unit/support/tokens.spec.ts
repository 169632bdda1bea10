import { describe, expect, it } from '@jest/globals';
import { jwtVerify } from 'jose';
import { signToken, TEST_SECRET, unsignedToken } from '../../support/tokens.js';

const key = new TextEncoder().encode(TEST_SECRET);

describe('signToken', () => {
  it('makes a token that an independent library verifies', async () => {
    const { payload, protectedHeader } = await jwtVerify(signToken({ sub: '42', groups: ['staff'] }), key);
    expect(payload).toMatchObject({ sub: '42', groups: ['staff'], exp: expect.any(Number) });
    expect(protectedHeader).toEqual({ alg: 'HS256', typ: 'JWT' });
  });

  it('leaves out a claim that is undefined', async () => {
    const { payload } = await jwtVerify(signToken({ exp: undefined }), key);
    expect(payload).not.toHaveProperty('exp');
  });

  it('makes tokens that are refused when asked for them', async () => {
    await expect(jwtVerify(signToken({}, { secret: 'x'.repeat(32) }), key)).rejects.toThrow('signature');
    await expect(jwtVerify(signToken({}, { expiresInSeconds: -60 }), key)).rejects.toThrow('exp');
    await expect(jwtVerify(unsignedToken(), key)).rejects.toThrow();
  });
});
