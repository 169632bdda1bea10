import { describe, expect, it } from '@jest/globals';
import { PushAuthenticator } from '../../../src/auth/push-authenticator.js';
import { MemoryRevocationList } from '../../../src/backing/memory/memory-revocation-list.js';
import type { Principal } from '../../../src/core/principal.js';
import { AccessService } from '../../../src/push/access.service.js';
import type { Revocation } from '../../../src/push/push-types.js';

const NOW_MS = 1_700_000_000_000;

class KnownTokens extends PushAuthenticator {
  constructor(private readonly principals: Readonly<Record<string, Principal>>) {
    super();
  }

  override async authenticate(token: string): Promise<Principal | undefined> {
    return this.principals[token];
  }
}

function principal(members: Partial<Principal> = {}): Principal {
  return { userId: '7', groups: [], scopes: [], expiresAtMs: NOW_MS + 60_000, issuedAtMs: NOW_MS - 1_000, ...members };
}

function access(principals: Readonly<Record<string, Principal>> = { t: principal() }): AccessService {
  const clock = { now: () => NOW_MS };
  return new AccessService(new KnownTokens(principals), new MemoryRevocationList({}, clock), clock, 5_000);
}

describe('AccessService', () => {
  it('knows the bearer of a token, and no bearer of another', async () => {
    expect(await access().verify('t')).toEqual(principal());
    expect(await access().verify('other')).toBeUndefined();
  });

  it('takes a principal whose time never ends, and refuses one whose time is over', async () => {
    const service = access({
      endless: principal({ expiresAtMs: Infinity }),
      tolerated: principal({ expiresAtMs: NOW_MS - 4_999 }),
      over: principal({ expiresAtMs: NOW_MS - 5_000 }),
    });
    expect(await service.verify('endless')).toBeDefined();
    expect(await service.verify('tolerated')).toBeDefined();
    expect(await service.verify('over')).toBeUndefined();
  });

  it('refuses the tokens of a revoked user that were issued until now', async () => {
    const service = access({
      before: principal(),
      silent: principal({ issuedAtMs: undefined }),
      after: principal({ issuedAtMs: NOW_MS + 1 }),
      other: principal({ userId: '8' }),
    });
    await service.revoke({ sub: '7' });
    expect(await service.verify('before')).toBeUndefined();
    expect(await service.verify('silent')).toBeUndefined();
    expect(await service.verify('after')).toBeDefined();
    expect(await service.verify('other')).toBeDefined();
  });

  it('refuses the one token whose id is revoked', async () => {
    const service = access({ a: principal({ tokenId: 'j-1' }), b: principal({ tokenId: 'j-2' }), c: principal() });
    await service.revoke({ jti: 'j-1' });
    expect(await service.verify('a')).toBeUndefined();
    expect(await service.verify('b')).toBeDefined();
    expect(await service.verify('c')).toBeDefined();
  });

  it('lets the clock of who revokes be ahead by the tolerance', async () => {
    const service = access({ old: principal({ issuedAtMs: NOW_MS + 4_999 }) });
    await service.revoke({ issuedBefore: NOW_MS / 1000 + 5 });
    expect(await service.verify('old')).toBeUndefined();
  });

  it.each([NOW_MS / 1000, new Date(NOW_MS).toISOString(), new Date(NOW_MS)])(
    'refuses all tokens issued before %s',
    async (moment) => {
      const service = access({ old: principal({ issuedAtMs: NOW_MS - 1 }), fresh: principal({ issuedAtMs: NOW_MS }) });
      await service.revoke({ issuedBefore: moment });
      expect(await service.verify('old')).toBeUndefined();
      expect(await service.verify('fresh')).toBeDefined();
    },
  );

  it.each([
    [{}, ''],
    [{ sub: '7', jti: 'j' }, ''],
    [{ sub: 'a\u0000' }, '/sub'],
    [{ jti: '' }, '/jti'],
    [{ jti: 5 }, '/jti'],
    [{ issuedBefore: NOW_MS }, '/issuedBefore'],
    [{ issuedBefore: NOW_MS / 1000 + 5.001 }, '/issuedBefore'],
    [{ issuedBefore: new Date(NOW_MS + 5_001).toISOString() }, '/issuedBefore'],
    [{ issuedBefore: new Date(NOW_MS + 5_001) }, '/issuedBefore'],
    [{ issuedBefore: new Date(Number.NaN) }, '/issuedBefore'],
    [{ issuedBefore: -1 }, '/issuedBefore'],
    [{ issuedBefore: '1969-12-31T23:59:59Z' }, '/issuedBefore'],
    [{ issuedBefore: new Date(-1) }, '/issuedBefore'],
    [{ issuedBefore: 'soon' }, '/issuedBefore'],
    [{ issuedBefore: '2020-02-30' }, '/issuedBefore'],
    [{ issuedBefore: Number.POSITIVE_INFINITY }, '/issuedBefore'],
  ])('refuses the revocation %j', async (revocation, pointer) => {
    await expect(access().revoke(revocation as unknown as Revocation)).rejects.toEqual(
      expect.objectContaining({ code: 'PUSH_ERR_INVALID_ARGUMENT', errors: [expect.objectContaining({ pointer })] }),
    );
  });
});

describe('MemoryRevocationList', () => {
  it('refuses a revocation that it has no room for and forgets none', async () => {
    const list = new MemoryRevocationList({ maxEntries: 1 });
    await list.revoke({ type: 'token', tokenId: 'a' });
    await expect(list.revoke({ type: 'token', tokenId: 'b' })).rejects.toEqual(
      expect.objectContaining({ code: 'PUSH_ERR_UNAVAILABLE', retryAfterMs: expect.any(Number) }),
    );
    await list.revoke({ type: 'token', tokenId: 'a' });
    expect(list.isRevoked(principal({ tokenId: 'a' }))).toBe(true);
  });

  it('forgets a revocation after its time', async () => {
    let nowMs = NOW_MS;
    const list = new MemoryRevocationList({ ttlSeconds: 10 }, { now: () => nowMs });
    await list.revoke({ type: 'user', userId: '7', untilMs: nowMs });
    nowMs += 9_999;
    expect(list.isRevoked(principal())).toBe(true);
    nowMs += 1;
    expect(list.isRevoked(principal())).toBe(false);
    await list.revoke({ type: 'token', tokenId: 'a' });
    expect(list.size).toBe(1);
  });

  it('does not let an earlier moment take back a later one', async () => {
    const list = new MemoryRevocationList();
    await list.revoke({ type: 'user', userId: '7', untilMs: 2_000 });
    await list.revoke({ type: 'user', userId: '7', untilMs: 1_000 });
    expect(list.isRevoked(principal({ issuedAtMs: 1_500 }))).toBe(true);
  });
});
