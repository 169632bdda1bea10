import { describe, expect, it } from '@jest/globals';
import { HostAuthenticator } from '../../../src/auth/host.authenticator.js';
import { PushAuthenticator } from '../../../src/auth/push-authenticator.js';
import type { NowOrLater } from '../../../src/core/now-or-later.js';
import type { Principal } from '../../../src/core/principal.js';

class Answering extends PushAuthenticator {
  constructor(private readonly answer: NowOrLater<Principal | undefined>) {
    super();
  }

  override authenticate(): NowOrLater<Principal | undefined> {
    return this.answer;
  }
}

/** As a host may answer it, whatever the types say. */
function principal(members: object = {}): Principal {
  return { userId: '7', groups: [], scopes: [], expiresAtMs: Infinity, ...members };
}

function judged(answer: NowOrLater<Principal | undefined>): NowOrLater<Principal | undefined> {
  return new HostAuthenticator(new Answering(answer)).authenticate('t');
}

describe('HostAuthenticator', () => {
  it('answers what the authenticator of the host does, at once or later', async () => {
    const bearer = principal({ tenant: 'acme' });
    expect(judged(bearer)).toBe(bearer);
    expect(judged(undefined)).toBeUndefined();
    expect(await judged(Promise.resolve(bearer))).toBe(bearer);
    await expect(judged(Promise.reject(new Error('away')))).rejects.toThrow('away');
  });

  it.each(['', 'a\u0000b', 7])('refuses a principal whose tenant is %p, which is no name of one', (tenant) => {
    expect(judged(principal({ tenant }))).toBeUndefined();
  });

  it.each([
    ['userId', 7],
    ['userId', ''],
    ['groups', undefined],
    ['groups', ['no group']],
    ['scopes', new Set(['push:admin'])],
    ['expiresAtMs', undefined],
    ['expiresAtMs', Number.NaN],
    ['expiresAtMs', new Date(1_700_000_000_000)],
  ])('fails, and says why, where the answer is a principal whose %s is %p', async (member, value) => {
    const wrong = principal({ [member]: value });
    expect(() => judged(wrong)).toThrow(member);
    await expect(judged(Promise.resolve(wrong))).rejects.toThrow(member);
  });
});
