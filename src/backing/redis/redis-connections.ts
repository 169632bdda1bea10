import type { RedisCommander } from 'ioredis';
import type { RedisLine } from './redis-line.js';
import type { Refusal } from './refusal-report.js';

/** Commands and scripts, whatever stands behind them. The keys of one script have one hash tag. */
export type RedisCommands = RedisCommander;

/** How what lines hear is published: by this command, on a channel with the hash tag of the script's key. */
export type PublishCommand = 'PUBLISH' | 'SPUBLISH';

/** The connections of the module to Redis, its own and never the host's: for commands, and lines that listen. */
export interface RedisConnections {
  readonly commands: RedisCommands;
  /** Whether commands can be sent now. What is sent otherwise is refused at once. */
  readonly isReady: boolean;
  /** Whether Redis was out of reach at any time. */
  readonly hasFailed: boolean;
  /** What Redis refuses now though it is in reach; undefined where that is nothing. */
  readonly refusal: Refusal | undefined;
  readonly publishCommand: PublishCommand;
  /** The line on which channels with the hash tag of this key are heard. */
  lineOf(key: string): RedisLine;
  /** Publishes for a line. Resolves to how many connections listen. */
  publish(channel: string, message: string): Promise<number>;
  onReady(listener: () => void): void;
  /** Begins to connect, and goes on until {@link close}. To be called when all listeners are there. */
  open(): void;
  /** Ends the connections. They can be opened again. */
  close(): void;
}
