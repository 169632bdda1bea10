/** What is done with the messages of an event for a reader that is too slow for them. */
export type SlowReaderAction =
  /** The connection ends with 4002, and its client comes back with its cursor. */
  | 'disconnect'
  /** The oldest that wait make room, and the client is told of it. */
  | 'dropOldest'
  /** The new one is not queued, and the client is told of it. */
  | 'dropNewest'
  /** Of the messages with one target and collapse key only the newest waits. */
  | 'coalesce';

/** How the messages of one event wait for a slow reader. One object per event, by which its messages are known. */
export interface SlowReaderPolicy {
  readonly action: SlowReaderAction;
  /** Most bytes of this event that may wait for a connection. */
  readonly maxWaitingBytes: number;
  /** Longest time that a message of this event may wait for a connection, milliseconds. */
  readonly maxWaitingMs: number;
}

/** What a message may be shed by: the policy of its event and, to be coalesced, what it takes the place of. */
export interface Shedding {
  readonly policy: SlowReaderPolicy;
  /** The same for messages of which the newer one makes the older needless. */
  readonly collapseId: string | undefined;
}
