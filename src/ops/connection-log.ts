import { Logger } from '@nestjs/common';
import { logLine } from '../core/log-line.js';
import type { Clock } from '../core/clock.js';
import type { LifecycleListeners, RefusedEvent } from '../core/lifecycle-events.js';
import { addListener } from './lifecycle-dispatcher.js';

/** What is written of connections. */
export interface ConnectionLogOptions {
  /**
   * Whether each connection that goes on (ws, sse) gets one line at info, when it has ended.
   * @default false
   */
  readonly logConnections?: boolean;
}

/** Most lines a second about strangers: whoever is refused must not be able to fill the log. */
const REFUSALS_PER_SECOND = 10;
const SECOND_MS = 1_000;

/**
 * Writes structured lines about connections: objects, which a logger that writes JSON keeps as such. They hold ids, codes
 * and addresses, never a token and nothing of a message.
 */
export class ConnectionLog {
  private readonly logger = new Logger('PushConnections');
  private secondBeganAtMs = Number.NEGATIVE_INFINITY;
  private refusals = 0;

  constructor(private readonly clock: Pick<Clock, 'now'>) {}

  /** Writes from now on; nobody listens for what the level of the log leaves out. */
  listen(listeners: LifecycleListeners, { logConnections }: Required<ConnectionLogOptions>): void {
    if (logConnections && isWritten('log')) {
      addListener(listeners, 'disconnected', (event) => this.logger.log(logLine('connection ended', event)));
    }
    if (isWritten('debug')) addListener(listeners, 'refused', (event) => this.refused(event));
  }

  private refused({ purpose, address, requestId, userId, group, status, code, detail }: RefusedEvent): void {
    const nowMs = this.clock.now();
    // Also where the clock was set back.
    if (Math.abs(nowMs - this.secondBeganAtMs) >= SECOND_MS) this.beginSecond(nowMs);
    if (++this.refusals > REFUSALS_PER_SECOND) return;
    const what = { purpose, address, requestId, userId, group, status, code, detail };
    this.logger.debug(logLine('request refused', what));
  }

  private beginSecond(nowMs: number): void {
    const leftOut = this.refusals - REFUSALS_PER_SECOND;
    if (leftOut > 0) this.logger.debug({ message: 'more requests refused', count: leftOut });
    this.secondBeganAtMs = nowMs;
    this.refusals = 0;
  }
}

/** On Nest 11 no level counts as enabled where none was ever set, though all are written. */
function isWritten(level: 'log' | 'debug'): boolean {
  return Logger.isLevelEnabled(level) || !Logger.isLevelEnabled('fatal');
}
