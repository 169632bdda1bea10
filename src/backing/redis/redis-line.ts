import type { Cancel } from '../../core/clock.js';

/** Hears what was published on one channel. */
export type ChannelHandler = (message: Buffer) => void;

/** Who has channels on a line. */
export interface LineOwner {
  /** Messages can be heard from now on, on channels that are subscribed now: what was subscribed before is gone. */
  onLineReady(): void;
  /** Messages pass by from now on. */
  onLineLost(): void;
}

/**
 * One line on which what a server publishes is heard, in the order in which it was published, whatever the channel. It
 * is lost and comes back by itself; its owners then subscribe anew, and find out what has passed them by.
 */
export interface RedisLine {
  /** Whether channels can be subscribed now. */
  readonly isReady: boolean;
  /** Tells this owner of the line from now on; of one that is ready, soon. Stops with the answer. */
  follow(owner: LineOwner): Cancel;
  /**
   * Hands what is published on the channel to the handler, its only one. Resolves when the server has confirmed it:
   * what is published after that is heard. Channels that are asked for in one turn go together. Rejects when the server
   * refuses, or the line is lost.
   */
  subscribe(channel: string, handler: ChannelHandler): Promise<void>;
  /** Nothing more is heard on the channel, from now on. */
  unsubscribe(channel: string): void;
  /** Cuts the line, which does not do its work, and has it come back. */
  renew(): void;
}
