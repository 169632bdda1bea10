/** What the clock of PushTestingModule ends when a host's test moves it. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import type { TestingModule } from '@nestjs/testing';
import { PushService } from 'nestjs-push';
import { ManualClock, PushRecorder, PushTestingModule } from 'nestjs-push/testing';

const HOUR_MS = 3_600_000;
/** What the issuer's clock may be off by. */
const TOLERANCE_MS = 5_000;

let testing: TestingModule;
let push: PushService;
let recorder: PushRecorder;
let clock: ManualClock;

beforeEach(async () => {
  testing = await Test.createTestingModule({ imports: [PushTestingModule.forRoot()] }).compile();
  push = testing.get(PushService);
  recorder = testing.get(PushRecorder);
  clock = testing.get(ManualClock);
});

afterEach(() => testing.close());

function noticesOf({ transport }: ReturnType<PushRecorder['connect']>): readonly unknown[] {
  return transport.received.filter(({ event }) => event === 'push:expiring').map(({ data }) => data);
}

describe('the clock of PushTestingModule', () => {
  it('ends memberships of those who are connected', async () => {
    await push.addToGroup('7', 'sale', { expiresAt: clock.now() + 5_000 });
    const client = recorder.connect('7');
    await push.addToGroup('7', 'late', { expiresAt: clock.now() + 5_000 });

    clock.advance(4_000);
    const before = await push.toGroup(['sale', 'late'], 'e', 1);
    clock.advance(1_000);
    const after = await push.toGroup(['sale', 'late'], 'e', 2);

    expect([before, after].map(({ matched }) => matched.connections)).toEqual([1, 0]);
    expect(client.received('e')).toEqual([1]);
    expect(await push.membersOf('sale')).toMatchObject({ items: [] });
  });

  it('tells a client that its token is about to end, and closes it with 4001', async () => {
    const client = recorder.connect('7', { expiresInSeconds: 120 });
    const at = new Date(clock.now() + 120_000).toISOString();

    clock.advance(59_000);
    expect(noticesOf(client)).toEqual([]);
    clock.advance(1_000);
    expect(noticesOf(client)).toEqual([{ at }]);
    clock.advance(60_000 + TOLERANCE_MS - 1_000);
    expect(client.transport.closed).toBeUndefined();
    clock.advance(1_000);

    expect(client.transport.closed).toEqual({ code: 4001, reason: 'token expired' });
    expect(await push.isOnline('7')).toBe(false);
  });

  it('closes each client when its own token is over, however far it is moved at a time', () => {
    const [short, long] = [60, 7_200].map((expiresInSeconds) => recorder.connect('7', { expiresInSeconds }));

    clock.advance(HOUR_MS);

    expect([short, long].map((client) => client?.transport.closed?.code)).toEqual([4001, undefined]);
  });

  it('takes no client for dead that answers, however far it is moved at a time', async () => {
    const client = recorder.connect('7', { expiresInSeconds: 86_400 });

    clock.advance(HOUR_MS);

    expect(client.transport.closed).toBeUndefined();
    expect(client.transport.probes).toBeGreaterThan(100);
    expect(await push.toUser('7', 'e')).toMatchObject({ matched: { connections: 1 }, written: 1 });
  });

  it('closes a client that gives no sign of life with 4000', () => {
    const client = recorder.connect('7');
    client.isSilent = true;

    clock.advance(34_000);
    expect(client.transport.closed).toBeUndefined();
    clock.advance(1_000);

    expect(client.transport.closed).toEqual({ code: 4000, reason: 'heartbeat missed' });
  });

  it('closes a reader that takes nothing with 4002', async () => {
    const client = recorder.connect('7');
    client.transport.isBlocked = true;
    await push.toUser('7', 'e');

    clock.advance(31_000);

    expect(client.transport.closed).toMatchObject({ code: 4002 });
  });

  it('ends nothing once the module is closed', async () => {
    const client = recorder.connect('7', { expiresInSeconds: 60 });
    await testing.close();

    clock.advance(HOUR_MS);

    expect(client.transport.closed).toBeUndefined();
  });
});
