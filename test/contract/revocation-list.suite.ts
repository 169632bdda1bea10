import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { RevocationLimits, RevocationList } from '../../src/backing/revocation-list.interface.js';
import type { Principal } from '../../src/core/principal.js';

/** A list to be judged, and the means to let its time pass. */
export interface RevocationListSubject {
  readonly list: RevocationList;
  /** The present of the list, milliseconds since the Unix epoch. */
  readonly nowMs: number;
  /** Moves the list's time forward. */
  advance(milliseconds: number): Promise<void> | void;
  /** Ends what the subject started. */
  close(): Promise<void> | void;
}

/** What every revocation list must keep to. `create` makes an empty one with these limits. */
export function describeRevocationList(
  name: string,
  create: (limits: RevocationLimits) => Promise<RevocationListSubject> | RevocationListSubject,
): void {
  describe(`${name} as a RevocationList`, () => {
    let subject: RevocationListSubject;
    let list: RevocationList;

    const open = async (limits: RevocationLimits = {}): Promise<void> => {
      subject = await create(limits);
      list = subject.list;
    };
    const isRevoked = (members: Partial<Principal> = {}) =>
      list.isRevoked({ userId: '7', groups: [], scopes: [], expiresAtMs: subject.nowMs + 3_600_000, ...members });

    beforeEach(() => open());
    afterEach(() => subject.close());

    it('revokes nothing by itself', () => {
      expect(isRevoked({ issuedAtMs: 0, tokenId: 'a' })).toBe(false);
    });

    it('ends the tokens of a user that were issued until the moment', async () => {
      const untilMs = subject.nowMs;
      await list.revoke({ type: 'user', userId: '7', untilMs });

      expect([untilMs - 1, untilMs, untilMs + 1].map((issuedAtMs) => isRevoked({ issuedAtMs }))).toEqual([
        true,
        true,
        false,
      ]);
      expect(isRevoked({ userId: '8', issuedAtMs: untilMs - 1 })).toBe(false);
    });

    it('ends the one token of an id, whenever it was issued', async () => {
      await list.revoke({ type: 'token', tokenId: 'a' });

      expect(isRevoked({ tokenId: 'a', issuedAtMs: subject.nowMs + 1_000 })).toBe(true);
      expect([isRevoked({ tokenId: 'b' }), isRevoked()]).toEqual([false, false]);
    });

    it('does not take the id of a token for that of a user', async () => {
      await list.revoke({ type: 'token', tokenId: '7' });
      expect(isRevoked()).toBe(false);
    });

    it('ends all tokens issued before the moment', async () => {
      const beforeMs = subject.nowMs;
      await list.revoke({ type: 'issuedBefore', beforeMs });

      expect([beforeMs - 1, beforeMs].map((issuedAtMs) => isRevoked({ issuedAtMs }))).toEqual([true, false]);
    });

    it('takes a token that does not say when it was issued for an old one', async () => {
      await list.revoke({ type: 'user', userId: '7', untilMs: subject.nowMs });
      expect([isRevoked(), isRevoked({ userId: '8' })]).toEqual([true, false]);

      await list.revoke({ type: 'issuedBefore', beforeMs: subject.nowMs });
      expect(isRevoked({ userId: '8' })).toBe(true);
    });

    it('does not let an earlier moment take back a later one', async () => {
      const { nowMs } = subject;
      await list.revoke({ type: 'user', userId: '7', untilMs: nowMs });
      await list.revoke({ type: 'user', userId: '7', untilMs: nowMs - 1_000 });
      await list.revoke({ type: 'issuedBefore', beforeMs: nowMs });
      await list.revoke({ type: 'issuedBefore', beforeMs: nowMs - 1_000 });

      expect([isRevoked({ issuedAtMs: nowMs }), isRevoked({ userId: '8', issuedAtMs: nowMs - 1 })]).toEqual([
        true,
        true,
      ]);
    });

    it('remembers for ttlSeconds, and longer what is said again', async () => {
      await subject.close();
      await open({ ttlSeconds: 10 });
      await list.revoke({ type: 'token', tokenId: 'once' });
      await list.revoke({ type: 'token', tokenId: 'twice' });
      await subject.advance(9_000);
      await list.revoke({ type: 'token', tokenId: 'twice' });
      expect([isRevoked({ tokenId: 'once' }), isRevoked({ tokenId: 'twice' })]).toEqual([true, true]);

      await subject.advance(1_001);

      expect([isRevoked({ tokenId: 'once' }), isRevoked({ tokenId: 'twice' })]).toEqual([false, true]);
    });

    it('has caught up with what is revoked, at any time', async () => {
      await list.catchUp();
      await list.revoke({ type: 'token', tokenId: 'a' });
      await Promise.all([list.catchUp(), list.catchUp(), list.catchUp()]);
      expect([isRevoked({ tokenId: 'a' }), isRevoked({ tokenId: 'b' })]).toEqual([true, false]);
    });

    it('refuses another one when it is full, and goes on knowing those it has', async () => {
      await subject.close();
      await open({ maxEntries: 2 });
      await list.revoke({ type: 'token', tokenId: 'a' });
      await list.revoke({ type: 'user', userId: '7', untilMs: subject.nowMs });

      await expect(list.revoke({ type: 'token', tokenId: 'b' })).rejects.toEqual(
        expect.objectContaining({ code: 'PUSH_ERR_UNAVAILABLE', retryAfterMs: expect.any(Number) }),
      );
      await list.revoke({ type: 'token', tokenId: 'a' });
      expect([isRevoked({ userId: '8', tokenId: 'a' }), isRevoked()]).toEqual([true, true]);
    });
  });
}
