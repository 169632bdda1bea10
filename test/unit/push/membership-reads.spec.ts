import { beforeEach, describe, expect, it } from '@jest/globals';
import type { UserMemberships } from '../../../src/backing/memberships.interface.js';
import { PushError } from '../../../src/core/push-error.js';
import type { NowOrLater } from '../../../src/core/now-or-later.js';
import { MembershipReads } from '../../../src/push/membership-reads.js';

const NONE: UserMemberships = { held: [], revision: 1 };

describe('reads of memberships', () => {
  let answer: () => NowOrLater<UserMemberships>;
  let reads: MembershipReads;

  beforeEach(() => {
    reads = new MembershipReads({ ofUser: () => answer() });
  });

  const fail = (cause: Error) => {
    answer = () => Promise.reject(cause);
    return expect(reads.ofUser('7')).rejects.toBe(cause);
  };

  it('are silent from one without an answer to the next that has one', async () => {
    expect(reads.isSilent).toBe(false);
    await fail(new PushError('PUSH_ERR_UNAVAILABLE', 'away'));
    expect(reads.isSilent).toBe(true);
    answer = () => Promise.resolve(NONE);
    expect(await reads.ofUser('7')).toBe(NONE);
    expect(reads.isSilent).toBe(false);
  });

  it.each([
    ['refuses', new PushError('PUSH_ERR_UNAVAILABLE', 'no right', { isRefusal: true })],
    ['fails', new Error('a fault of our own')],
  ])('are not where the backing %s', async (_what, cause) => {
    await fail(new PushError('PUSH_ERR_UNAVAILABLE', 'away'));
    await fail(cause);
    expect(reads.isSilent).toBe(false);
  });

  it('that are answered at once cost no promise', () => {
    answer = () => NONE;
    expect(reads.ofUser('7')).toBe(NONE);
  });
});
