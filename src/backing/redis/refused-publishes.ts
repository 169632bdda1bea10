import type { Clock } from '../../core/clock.js';

/** Long enough to be seen by whoever looks four times a minute, and soon over where nobody sends any more. */
const TELLING_MS = 15_000;

interface Refused {
  readonly cause: unknown;
  readonly atMs: number;
}

/** Where Redis takes no messages: the part of it that refused one, until it takes one, or for {@link TELLING_MS}. */
export class RefusedPublishes<Part> {
  private readonly parts = new Map<Part, Refused>();

  constructor(private readonly clock: Pick<Clock, 'now'>) {}

  /** Why messages are refused now; undefined where none is. */
  get cause(): unknown {
    const nowMs = this.clock.now();
    for (const { cause, atMs } of this.parts.values()) if (nowMs - atMs < TELLING_MS) return cause;
    return undefined;
  }

  refused(part: Part, cause: unknown): void {
    this.parts.set(part, { cause, atMs: this.clock.now() });
  }

  taken(part: Part): void {
    if (this.parts.size > 0) this.parts.delete(part);
  }
}
