import { beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryIdempotencyStore } from '../../../../src/backing/memory/memory-idempotency-store.js';
import { MemoryTenants } from '../../../../src/backing/memory/memory-tenants.js';
import type { MessageLog } from '../../../../src/backing/message-log.interface.js';
import { ManualClock } from '../../../../src/testing/manual-clock.js';
import { nobody } from '../../../support/silent-follower.js';

const LIMITS = { historyCount: 100, historySeconds: 300, historyAllCount: 1_000, maxHistoryBytes: 100_000 };

let clock: ManualClock;
let tenants: MemoryTenants;

beforeEach(() => {
  clock = new ManualClock();
  tenants = new MemoryTenants(LIMITS, new MemoryIdempotencyStore({}, clock), clock);
});

function publish(log: MessageLog, padding = 0): void {
  const content = {
    event: 'e',
    dataText: JSON.stringify('x'.repeat(padding)),
    id: 'i',
    ts: '2026-01-01T00:00:00.000Z',
  };
  log.follow(nobody);
  void log.publish(content, { target: { users: ['7'] }, store: 'history' });
}

async function countIn(log: MessageLog): Promise<number> {
  const after = [{ epoch: 'none', number: 0 }] as const;
  const audience = { userId: '7', groups: [] };
  return (await log.read({ after: [...after], audience, maxMessages: 1_000, maxBytes: 10_000_000 })).messages.length;
}

describe('MemoryTenants', () => {
  it('bounds the bytes of all tenants together, those that were quiet longest first', async () => {
    const [one, two] = [tenants.of('one'), tenants.of('two')];
    publish(one.log, 60_000);
    publish(tenants.home.log, 10_000);
    publish(two.log, 60_000);
    expect([await countIn(one.log), await countIn(tenants.home.log), await countIn(two.log)]).toEqual([0, 1, 1]);
  });

  it('clears away what is old of a tenant that nothing is sent to any more', async () => {
    const quiet = tenants.of('quiet');
    for (let count = 0; count < 9; count++) publish(quiet.log, 10_000);
    clock.advance(LIMITS.historySeconds * 1_000);
    for (let count = 0; count < 9; count++) publish(tenants.home.log, 10_000);
    expect([await countIn(quiet.log), await countIn(tenants.home.log)]).toEqual([0, 9]);
  });

  it('gives back the bytes of a tenant that is released', async () => {
    for (let round = 0; round < 20; round++) {
      const stores = tenants.of(`t${round}`);
      publish(stores.log, 60_000);
      stores.release();
    }
    for (let count = 0; count < 9; count++) publish(tenants.home.log, 10_000);
    expect(await countIn(tenants.home.log)).toBe(9);
  });

  it('begins a log anew after a release', async () => {
    const before = tenants.of('acme');
    publish(before.log);
    const after = before.log.position;
    before.release();
    const { log } = tenants.of('acme');
    const page = await log.read({
      after,
      audience: { userId: '7', groups: [] },
      maxMessages: 10,
      maxBytes: 1_000,
    });
    expect(page).toMatchObject({ gap: 'reset', messages: [] });
  });

  it('keeps memberships over a release', async () => {
    const before = tenants.of('acme');
    await before.memberships.add({ userId: '7', group: 'g', expiresAtMs: undefined });
    before.release();
    expect(tenants.awayCount).toBe(1);
    expect((await tenants.of('acme').memberships.ofUser('7')).held).toHaveLength(1);
    expect(tenants.awayCount).toBe(0);
  });

  it('keeps nothing of a tenant without memberships, nor of those whose memberships have ended', async () => {
    for (let index = 0; index < 1_000; index++) {
      const { memberships, release } = tenants.of(`t${index}`);
      await memberships.add({ userId: '7', group: 'g', expiresAtMs: clock.now() + 1_000 });
      release();
    }
    expect(tenants.awayCount).toBe(1_000);
    clock.advance(1_000);
    for (let index = 0; index < 500; index++) tenants.of(`other${index}`).release();
    expect(tenants.awayCount).toBe(0);
  });

  it('keeps idempotency keys apart, whatever the names, and over a release', async () => {
    const request = { scope: 's', key: 'k', fingerprint: 'f' };
    const stores = ['a', 'a:b', 's', 'as'].map((name) => tenants.of(name));
    for (const { idempotency } of [tenants.home, ...stores]) {
      expect((await idempotency.begin(request)).type).toBe('new');
      expect((await idempotency.begin(request)).type).toBe('inProgress');
    }
    for (const { release } of stores) release();
    expect((await tenants.of('a').idempotency.begin(request)).type).toBe('inProgress');
  });
});
