import { describe, expect, it } from '@jest/globals';
import { DenyingAuthorizer, PushAuthorizer } from '../../../src/auth/push-authorizer.js';
import type { Principal } from '../../../src/core/principal.js';

describe('DenyingAuthorizer', () => {
  const authorizer: PushAuthorizer = new DenyingAuthorizer();
  const admin: Principal = { userId: '1', groups: ['room:1'], scopes: ['push:admin'], expiresAtMs: 4e12 };

  it('lets nobody join, whatever the scopes', () => {
    expect(authorizer.canJoin(admin, 'room:1')).toBe(false);
  });

  it('lets nobody leave, for nobody came by a wish', () => {
    expect(authorizer.canLeave?.(admin, 'room:1')).toBe(false);
  });

  it('lets nobody send to a group or to a user, not even to oneself', () => {
    expect(authorizer.canSend(admin, { group: 'room:1' }, 'chat', {})).toBe(false);
    expect(authorizer.canSend(admin, { user: '1' }, 'chat', {})).toBe(false);
  });

  it('is found under the injection token', () => {
    expect(authorizer).toBeInstanceOf(PushAuthorizer);
  });
});
