import { describe, expect, it } from '@jest/globals';
import { PushAuthenticator } from '../../../src/auth/push-authenticator.js';
import { RefusingAuthenticator } from '../../../src/auth/refusing.authenticator.js';
import { signToken } from '../../support/tokens.js';

describe('RefusingAuthenticator', () => {
  it('refuses every token', async () => {
    const authenticator: PushAuthenticator = new RefusingAuthenticator();
    await expect(authenticator.authenticate('')).resolves.toBeUndefined();
    await expect(authenticator.authenticate(signToken())).resolves.toBeUndefined();
  });
});
