import type { TransportName } from '../protocol/frames.js';
import type { WireFormat } from './wire-format.js';

/** How long a peer may take what is left and answer a close before its pipe is cut, where nothing else is said. */
export const CLOSE_TIMEOUT_MS = 5_000;

/** What a peer is told when the process ends. */
export interface Goodbye {
  /** When it is to be back, told where the transport has words for it. */
  readonly reconnectInMs: number;
  /** How long it may take what is left, in place of {@link CLOSE_TIMEOUT_MS}. */
  readonly withinMs: number;
}

/**
 * The pipe of a connection. Moves bytes and says how full it is; what the bytes mean is decided elsewhere. No method
 * throws: a pipe that is gone takes what it is given and drops it.
 */
export interface Transport {
  readonly name: TransportName;
  /** How a message looks on this pipe. */
  readonly format: WireFormat;
  /** Hands over bytes that hold whole messages of {@link format}. */
  write(bytes: Buffer): void;
  /** Whether the pipe asks not to be written to until it calls the listener of {@link onceDrained}. */
  readonly isBlocked: boolean;
  /** Calls back once when a blocked pipe takes bytes again. */
  onceDrained(listener: () => void): void;
  /** Bytes that were handed over and have not left the process. */
  readonly bufferedBytes: number;
  /** Whether a live peer answers {@link probe}, so that its silence means that it is gone. */
  readonly answersProbes: boolean;
  /** Sends what keeps the way open and, where the peer answers, shows that it lives: a ping, a comment. */
  probe(): void;
  /** Stops and resumes reading from the peer. */
  pause(): void;
  resume(): void;
  /** Says why and ends, after what was written before; ends by force if the peer does not take part in time. */
  close(code: number, reason: string, goodbye?: Goodbye): void;
  /** Ends at once. */
  terminate(): void;
}
