import { describe, expect, it } from '@jest/globals';
import { MemoryMemberships } from '../../src/backing/memory/memory-memberships.js';
import { describeMemberships } from './memberships.suite.js';

describeMemberships('MemoryMemberships', () => {
  let nowMs = 1_700_000_000_000;
  return {
    memberships: new MemoryMemberships({ now: () => nowMs }),
    now: () => nowMs,
    advance: (milliseconds) => void (nowMs += milliseconds),
    close: () => undefined,
  };
});

describe('MemoryMemberships', () => {
  it('keeps no more of what has ended than was added since', async () => {
    let nowMs = 0;
    const memberships = new MemoryMemberships({ now: () => nowMs });
    for (let user = 0; user < 1_000; user++) {
      await memberships.add({ userId: `${user}`, group: 'g', expiresAtMs: 1 });
    }
    nowMs = 1;

    for (let user = 0; user < 500; user++)
      await memberships.add({ userId: 'another', group: `${user}`, expiresAtMs: 9 });

    expect(memberships.userCount).toBe(1);
  });
});
