import type { TransportName } from '../protocol/frames.js';
import type { WireFormat } from './wire-format.js';

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
  /**
   * Says why and ends, after what was written before; ends by force if the peer does not take part in time.
   * `retryAfterMs`: when the peer should come back, told where the transport has words for it.
   */
  close(code: number, reason: string, retryAfterMs?: number): void;
  /** Ends at once. */
  terminate(): void;
}
