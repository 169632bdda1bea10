import { beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryMemberships } from '../../../src/backing/memory/memory-memberships.js';
import type { Clock } from '../../../src/core/clock.js';
import { OutgoingMessage } from '../../../src/core/outgoing-message.js';
import { GroupService } from '../../../src/push/group.service.js';
import { LivenessService } from '../../../src/push/liveness.service.js';
import type { LivenessOptions } from '../../../src/push/liveness.service.js';
import { FakeTransport } from '../../../src/testing/fake-transport.js';
import { FakeConnections } from '../../support/fake-connections.js';
import type { FakePeer } from '../../support/fake-connections.js';

const HEARTBEAT_MS = 25_000;
const HEARTBEAT_TIMEOUT_MS = 10_000;
const STALL_TIMEOUT_MS = 30_000;
const NOTICE_MS = 60_000;
const TOLERANCE_MS = 5_000;
/** The longest time between two sweeps. */
const SWEEP_MS = 1_000;

let fakes: FakeConnections;
let groups: GroupService;
let liveness: LivenessService;
/** For how long the event loop has stood still. */
let stoodStillMs: number;

function watch(options: LivenessOptions = {}): void {
  fakes = new FakeConnections();
  const { registry, clock: timers } = fakes;
  stoodStillMs = 0;
  const clock: Clock = {
    now: () => timers.now() + stoodStillMs,
    after: (delayMs, callback) => timers.after(delayMs, callback),
    every: (intervalMs, callback) => timers.every(intervalMs, callback),
  };
  groups = fakes.groupsOver(new MemoryMemberships(clock), 1);
  liveness = new LivenessService({
    spaces: { all: () => [{ registry, groups }], sweep: () => undefined },
    waiting: fakes.scheduler.waiting,
    clock,
    clockToleranceMs: TOLERANCE_MS,
    options: {
      heartbeatMs: HEARTBEAT_MS,
      heartbeatTimeoutMs: HEARTBEAT_TIMEOUT_MS,
      stallTimeoutMs: STALL_TIMEOUT_MS,
      expiringNoticeMs: NOTICE_MS,
      ...options,
    },
  });
  liveness.start();
}

/** Lets time pass in which the peer gives signs of life. */
function passWithSigns(peer: FakePeer, milliseconds: number): void {
  for (let passed = 0; passed < milliseconds; passed += SWEEP_MS) {
    fakes.clock.advance(Math.min(SWEEP_MS, milliseconds - passed));
    peer.connection.heard(fakes.clock.now());
  }
}

function noticesOf(peer: FakePeer): unknown[] {
  return fakes
    .receivedBy(peer)
    .filter(({ event }) => event === 'push:expiring')
    .map(({ data }) => data);
}

beforeEach(() => watch());

describe('LivenessService', () => {
  describe('heartbeat', () => {
    it('asks a peer that has been silent for heartbeatMs, once', () => {
      const { transport } = fakes.connect();

      fakes.clock.advance(HEARTBEAT_MS - 1);
      expect(transport.probes).toBe(0);
      fakes.clock.advance(HEARTBEAT_TIMEOUT_MS - SWEEP_MS);

      expect(transport.probes).toBe(1);
    });

    it('does not ask a peer that talks', () => {
      const peer = fakes.connect();

      passWithSigns(peer, 4 * HEARTBEAT_MS);

      expect([peer.transport.probes, peer.transport.closed]).toEqual([0, undefined]);
    });

    it('closes a peer that does not answer within heartbeatTimeoutMs with 4000', () => {
      const { transport } = fakes.connect();

      fakes.clock.advance(HEARTBEAT_MS + HEARTBEAT_TIMEOUT_MS - 1);
      expect(transport.closed).toBeUndefined();
      fakes.clock.advance(SWEEP_MS);

      expect(transport.closed).toEqual({ code: 4000, reason: 'heartbeat missed' });
      expect(fakes.registry.size).toBe(0);
    });

    it('asks and waits as before when the clock is set back', () => {
      const [silent, asked] = [fakes.connect(), fakes.connect()];
      asked.connection.heard(fakes.clock.now() - HEARTBEAT_MS);
      fakes.clock.advance(SWEEP_MS);
      expect([silent, asked].map(({ transport }) => transport.probes)).toEqual([0, 1]);

      fakes.clock.advance(-3_600_000);
      fakes.clock.advance(HEARTBEAT_MS + HEARTBEAT_TIMEOUT_MS + 2 * SWEEP_MS);

      expect(silent.transport.probes).toBe(1);
      expect([silent, asked].map(({ transport }) => transport.closed?.code)).toEqual([4000, 4000]);
    });

    it('holds nothing against peers for the time in which the event loop stood still', () => {
      const [asked, reading] = [fakes.connect(), fakes.connect()];
      Object.assign(reading.transport, { isBlocked: true, bufferedBytes: 500 });
      asked.connection.heard(fakes.clock.now() - HEARTBEAT_MS);
      fakes.clock.advance(SWEEP_MS);
      expect(asked.transport.probes).toBe(1);

      stoodStillMs = STALL_TIMEOUT_MS;
      fakes.clock.advance(SWEEP_MS);
      expect([asked, reading].map(({ transport }) => transport.closed)).toEqual([undefined, undefined]);

      passWithSigns(reading, STALL_TIMEOUT_MS);
      expect([asked, reading].map(({ transport }) => transport.closed?.code)).toEqual([4000, 4002]);
    });

    it('still finds a reader that takes nothing when the clock is set back', () => {
      const { connection, transport } = fakes.connect();
      Object.assign(transport, { isBlocked: true, bufferedBytes: 500 });
      fakes.clock.advance(SWEEP_MS);
      fakes.clock.advance(-3_600_000);
      passWithSigns({ connection, transport }, STALL_TIMEOUT_MS + 2 * SWEEP_MS);

      expect(transport.closed?.code).toBe(4002);
    });

    it('does not take a peer for dead that is not read, and keeps the way to it open', () => {
      const { connection, transport } = fakes.connect();
      connection.isRead = false;

      fakes.clock.advance(4 * HEARTBEAT_MS + SWEEP_MS);

      expect([transport.closed, transport.probes]).toEqual([undefined, 4]);
    });

    it('asks again after an answer and a new silence', () => {
      const { connection, transport } = fakes.connect();

      fakes.clock.advance(HEARTBEAT_MS + 1);
      connection.heard(fakes.clock.now());
      fakes.clock.advance(HEARTBEAT_MS + SWEEP_MS);

      expect([transport.probes, transport.closed]).toEqual([2, undefined]);
    });

    it('keeps the way to a peer that answers no probes open, and does not take its silence for death', () => {
      const { transport } = fakes.connect('7', {}, new FakeTransport('sse'));

      fakes.clock.advance(3 * (HEARTBEAT_MS + SWEEP_MS));

      expect([transport.probes, transport.closed]).toEqual([3, undefined]);
    });

    it('sweeps often enough for a short heartbeat', () => {
      watch({ heartbeatMs: 100, heartbeatTimeoutMs: 100 });
      const { transport } = fakes.connect();

      fakes.clock.advance(250);

      expect(transport.closed).toMatchObject({ code: 4000 });
    });
  });

  describe('end of the token', () => {
    it('says once that the token is about to end, expiringNoticeMs before', () => {
      const expiresAtMs = fakes.clock.now() + 2 * NOTICE_MS;
      const peer = fakes.connect('7', { expiresAtMs });

      passWithSigns(peer, NOTICE_MS - 1);
      expect(noticesOf(peer)).toEqual([]);
      passWithSigns(peer, NOTICE_MS);

      expect(noticesOf(peer)).toEqual([{ at: new Date(expiresAtMs).toISOString() }]);
    });

    it('says it to a connection that came with a token about to end', () => {
      const peer = fakes.connect('7', { expiresAtMs: fakes.clock.now() + NOTICE_MS / 2 });

      passWithSigns(peer, SWEEP_MS);

      expect(noticesOf(peer)).toHaveLength(1);
    });

    it('closes with 4001 when the token has ended, clock tolerance included', () => {
      const peer = fakes.connect('7', { expiresAtMs: fakes.clock.now() + 20_000 });

      passWithSigns(peer, 20_000 + TOLERANCE_MS - 1);
      expect(peer.transport.closed).toBeUndefined();
      passWithSigns(peer, SWEEP_MS);

      expect(peer.transport.closed).toEqual({ code: 4001, reason: 'token expired' });
    });

    it('does not announce an end again after a renewal with a token that ends no later', () => {
      const expiresAtMs = fakes.clock.now() + NOTICE_MS;
      const peer = fakes.connect('7', { expiresAtMs });
      passWithSigns(peer, SWEEP_MS);

      peer.connection.renew({ ...peer.connection.principal, expiresAtMs });
      passWithSigns(peer, SWEEP_MS);

      expect(noticesOf(peer)).toHaveLength(1);
    });

    it('goes by the new token after a renewal and announces its end too', () => {
      const firstEndMs = fakes.clock.now() + NOTICE_MS;
      const secondEndMs = firstEndMs + 2 * NOTICE_MS;
      const peer = fakes.connect('7', { expiresAtMs: firstEndMs });
      passWithSigns(peer, SWEEP_MS);

      peer.connection.renew({ ...peer.connection.principal, expiresAtMs: secondEndMs });
      passWithSigns(peer, 2 * NOTICE_MS + SWEEP_MS);

      expect(peer.transport.closed).toBeUndefined();
      expect(noticesOf(peer)).toEqual([firstEndMs, secondEndMs].map((at) => ({ at: new Date(at).toISOString() })));
    });
  });

  describe('stalled readers', () => {
    it('closes a reader that takes nothing for stallTimeoutMs with 4002', () => {
      const peer = fakes.connect();
      Object.assign(peer.transport, { isBlocked: true, bufferedBytes: 500 });

      passWithSigns(peer, STALL_TIMEOUT_MS);
      expect(peer.transport.closed).toBeUndefined();
      passWithSigns(peer, SWEEP_MS);

      expect(peer.transport.closed).toEqual({ code: 4002, reason: 'too slow' });
    });

    it('lets a slow reader go on that takes a little now and then', () => {
      const peer = fakes.connect();
      Object.assign(peer.transport, { isBlocked: true, bufferedBytes: 500 });

      for (let round = 0; round < 5; round++) {
        passWithSigns(peer, STALL_TIMEOUT_MS - SWEEP_MS);
        peer.transport.bufferedBytes--;
      }

      expect(peer.transport.closed).toBeUndefined();
    });

    it('gives up what waited for the stalled reader', () => {
      const peer = fakes.connect();
      peer.transport.isBlocked = true;
      const message = new OutgoingMessage('{"event":"m"}');
      fakes.fanOut.deliver(message, { all: true });
      fakes.scheduler.flushAll();

      passWithSigns(peer, STALL_TIMEOUT_MS + 2 * SWEEP_MS);

      expect([message.isSettled, message.written]).toEqual([true, 0]);
    });
  });

  it('ends memberships whose time is over', async () => {
    const { connection } = fakes.connect();
    await groups.hold('7', 'g', fakes.clock.now() + 3_000);

    fakes.clock.advance(2_999);
    expect(fakes.registry.groupsOf(connection)).toEqual(['g']);
    fakes.clock.advance(SWEEP_MS);

    expect(fakes.registry.groupsOf(connection)).toEqual([]);
  });

  it('leaves everyone alone once it is stopped', () => {
    const { transport } = fakes.connect();

    liveness.stop();
    fakes.clock.advance(10 * HEARTBEAT_MS);

    expect([transport.probes, transport.closed]).toEqual([0, undefined]);
  });
});
