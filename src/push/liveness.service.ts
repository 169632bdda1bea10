/**
 * One sweep over all connections in place of timers on each: asks quiet peers for a sign of life, ends those that give
 * none, those whose token is over and those that take nothing of what they are due, skips what has waited for too long,
 * and says when a token is about to end.
 */
import type { Cancel, Clock } from '../core/clock.js';
import type { Connection } from '../core/connection.js';
import type { ConnectionRegistry } from '../core/connection-registry.js';
import type { WaitingBudget } from '../core/waiting-budget.js';
import { CloseCode } from '../protocol/close-codes.js';
import { encodeFrame } from '../protocol/frame-encoder.js';
import { ServerEvent } from '../protocol/frames.js';
import { isoTime } from '../protocol/iso-time.js';
import type { ExpiringData } from '../protocol/frames.js';
import type { GroupService } from './group.service.js';

/** When a connection counts as dead, stuck or over. */
export interface LivenessOptions {
  /** Silence of a peer in milliseconds after which it is asked for a sign of life. @default 25_000 */
  readonly heartbeatMs?: number;
  /** How long the sign of life may take in milliseconds; past it 4000. @default 10_000 */
  readonly heartbeatTimeoutMs?: number;
  /** How long before the end of its token a client is told, in milliseconds. @default 60_000 */
  readonly expiringNoticeMs?: number;
  /** How long a reader that has messages waiting may take nothing, in milliseconds; past it 4002. @default 30_000 */
  readonly stallTimeoutMs?: number;
}

/** Longest time between two sweeps. */
const MAX_SWEEP_INTERVAL_MS = 1_000;
const MIN_SWEEP_INTERVAL_MS = 10;

/** What the sweep works with. */
export interface LivenessParts {
  readonly spaces: {
    all(): Iterable<{ readonly registry: ConnectionRegistry; readonly groups: Pick<GroupService, 'sweep'> }>;
    sweep(nowMs: number): void;
  };
  readonly waiting: WaitingBudget;
  readonly clock: Clock;
  /** How far the clocks of issuer and server may be apart; a token lasts so much longer. */
  readonly clockToleranceMs: number;
  readonly options: Required<LivenessOptions>;
}

/** Sweeps over the connections while the application runs. */
export class LivenessService {
  private cancel: Cancel | undefined;
  private intervalMs = MAX_SWEEP_INTERVAL_MS;
  private sweptAtMs = 0;
  /**
   * Time in which peers could be heard, by which their silence counts: from one sweep to the next no more than that should
   * take. While the event loop stood still, what came was not read; where the clock was set, no time has passed. Not 0,
   * which is no time of a probe.
   */
  private attentiveMs = 1;

  constructor(private readonly parts: LivenessParts) {}

  start(): void {
    const { heartbeatMs, heartbeatTimeoutMs, stallTimeoutMs } = this.parts.options;
    const shortestMs = Math.min(heartbeatMs, heartbeatTimeoutMs, stallTimeoutMs) / 4;
    this.intervalMs = Math.max(MIN_SWEEP_INTERVAL_MS, Math.min(MAX_SWEEP_INTERVAL_MS, shortestMs));
    this.sweptAtMs = this.parts.clock.now();
    this.cancel ??= this.parts.clock.every(this.intervalMs, () => this.sweep());
  }

  stop(): void {
    this.cancel?.();
    this.cancel = undefined;
  }

  private sweep(): void {
    const nowMs = this.parts.clock.now();
    this.attentiveMs += Math.min(this.intervalMs, Math.max(0, nowMs - this.sweptAtMs));
    this.sweptAtMs = nowMs;
    const { spaces, waiting } = this.parts;
    let blockedBytes = 0;
    for (const { groups, registry } of spaces.all()) {
      groups.sweep(nowMs);
      for (const connection of registry.all()) {
        this.examine(connection, nowMs);
        if (connection.transport.isBlocked) blockedBytes += connection.transport.bufferedBytes;
      }
    }
    waiting.setTransportBytes(blockedBytes);
    spaces.sweep(nowMs);
  }

  private examine(connection: Connection, nowMs: number): void {
    const { options } = this.parts;
    // Where the clock was set back, the peer is silent from now on.
    connection.lastHeardAtMs = Math.min(connection.lastHeardAtMs, nowMs);
    const verdict = this.verdictOn(connection, nowMs);
    if (verdict !== undefined) {
      connection.close(verdict);
      return;
    }
    if (connection.probedAtMs === 0 && nowMs - connection.lastHeardAtMs >= options.heartbeatMs) {
      connection.transport.probe();
      if (connection.transport.answersProbes && connection.isRead) connection.probedAtMs = this.attentiveMs;
      else connection.heard(nowMs);
    }
    const { expiresAtMs } = connection.principal;
    if (!connection.isExpiryAnnounced && nowMs >= expiresAtMs - options.expiringNoticeMs) {
      connection.isExpiryAnnounced = true;
      const data: ExpiringData = { at: isoTime(expiresAtMs) };
      connection.reply(encodeFrame(ServerEvent.Expiring, data));
    }
  }

  private verdictOn(connection: Connection, nowMs: number): CloseCode | undefined {
    const { options, clockToleranceMs } = this.parts;
    if (nowMs >= connection.principal.expiresAtMs + clockToleranceMs) return CloseCode.TokenExpired;
    const isProbed = connection.isRead && connection.probedAtMs > 0;
    if (isProbed && this.attentiveMs - connection.probedAtMs >= options.heartbeatTimeoutMs)
      return CloseCode.HeartbeatMissed;
    if (connection.outbound.stalledForMs(this.attentiveMs) >= options.stallTimeoutMs) return CloseCode.SlowConsumer;
    if (connection.outbound.skipTooOld(nowMs) === 'overflow') return CloseCode.SlowConsumer;
    return undefined;
  }
}
