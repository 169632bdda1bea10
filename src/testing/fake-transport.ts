import type { WireFormat } from '../core/wire-format.js';
import type { Transport } from '../core/transport.interface.js';
import type { Envelope, TransportName } from '../protocol/frames.js';

/** A message a line, so that joined writes can be told apart again. */
const lineFormat: WireFormat = {
  encode: ({ text }) => Buffer.from(`${text}\n`),
};

/** What bytes say that were written; those of a broadcast are the same for all whom it reaches. */
const readings = new WeakMap<Buffer, readonly Envelope[]>();

/** A pipe that ends in an array. Block it to play a slow reader. */
export class FakeTransport implements Transport {
  readonly format = lineFormat;
  readonly answersProbes: boolean;
  /** Everything that was written, oldest first. */
  readonly received: Envelope[] = [];
  /** How many writes it took. */
  writes = 0;
  /** How often a sign of life was asked for. */
  probes = 0;
  isBlocked = false;
  bufferedBytes = 0;
  isPaused = false;
  /** Why it was closed; undefined while it is open. */
  closed: { readonly code: number; readonly reason: string } | undefined;
  /** Called when it was closed or terminated from this side. */
  onEnd: () => void = () => {};
  /** Called when it was asked for a sign of life. */
  onProbe: () => void = () => {};
  private drainListeners: (() => void)[] = [];

  constructor(readonly name: TransportName = 'ws') {
    this.answersProbes = name === 'ws';
  }

  write(bytes: Buffer): void {
    this.writes++;
    this.received.push(...readingOf(bytes));
  }

  onceDrained(listener: () => void): void {
    this.drainListeners.push(listener);
  }

  /** Takes bytes from now on and is written what has waited. */
  unblock(): void {
    this.isBlocked = false;
    this.bufferedBytes = 0;
    const listeners = this.drainListeners;
    this.drainListeners = [];
    for (const listener of listeners) listener();
  }

  probe(): void {
    this.probes++;
    this.onProbe();
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  close(code: number, reason: string): void {
    this.closed = { code, reason };
    this.onEnd();
  }

  terminate(): void {
    this.closed ??= { code: 1006, reason: '' };
    this.onEnd();
  }
}

function readingOf(bytes: Buffer): readonly Envelope[] {
  const known = readings.get(bytes);
  if (known) return known;
  const lines = bytes.toString().split('\n').slice(0, -1);
  const reading = lines.map((line) => JSON.parse(line) as Envelope);
  readings.set(bytes, reading);
  return reading;
}
