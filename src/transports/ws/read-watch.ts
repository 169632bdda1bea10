import type { Cancel, Clock } from '../../core/clock.js';

/** Time between two looks. */
const LOOK_INTERVAL_MS = 100;

/** Whom an answer is awaited from. */
export interface Watched {
  /** One interval has passed. False when it needs to be looked at no more. */
  look(): boolean;
}

/**
 * One timer for all peers that an answer is awaited from; none while there are none. Time is counted in looks: where the
 * event loop stood still, answers that had come were not read, and only one look passes.
 */
export class ReadWatch {
  private readonly watched = new Set<Watched>();
  private cancel: Cancel | undefined;

  constructor(private readonly clock: Clock) {}

  add(watched: Watched): void {
    this.watched.add(watched);
    this.cancel ??= this.clock.every(LOOK_INTERVAL_MS, () => this.look());
  }

  private look(): void {
    for (const watched of this.watched) if (!watched.look()) this.watched.delete(watched);
    if (this.watched.size > 0) return;
    this.cancel?.();
    this.cancel = undefined;
  }
}
