/**
 * Up to where messages of targets were lost that nothing else is known of any more.
 *
 * Bounded by two generations: when the recent one is full it becomes the older one, and what was the older one is let
 * go whole, which costs nothing per target. All that is left of those is the floor: any target that is not known here
 * may have been among them, so it counts as lost up to the floor. That tells of a gap where perhaps there is none, and
 * never hides one.
 */
export class ForgottenTargets {
  private recent = new Map<string, number>();
  private older = new Map<string, number>();
  private recentHighest = 0;
  private olderHighest = 0;
  private floor = 0;
  private readonly maxPerGeneration: number;

  /** @param maxTargets Most targets that are remembered one by one. */
  constructor(maxTargets: number) {
    this.maxPerGeneration = Math.ceil(maxTargets / 2);
  }

  remember(name: string, lostThrough: number): void {
    if (lostThrough <= this.floor) return;
    this.recent.set(name, lostThrough);
    this.recentHighest = Math.max(this.recentHighest, lostThrough);
    if (this.recent.size >= this.maxPerGeneration) this.beginGeneration();
  }

  lostThroughOf(name: string): number {
    return this.recent.get(name) ?? this.older.get(name) ?? this.floor;
  }

  /** As {@link lostThroughOf}; the target is known elsewhere from now on. */
  take(name: string): number {
    const lostThrough = this.lostThroughOf(name);
    if (!this.recent.delete(name)) this.older.delete(name);
    return lostThrough;
  }

  private beginGeneration(): void {
    this.floor = Math.max(this.floor, this.olderHighest);
    this.older = this.recent;
    this.olderHighest = this.recentHighest;
    this.recent = new Map();
    this.recentHighest = 0;
  }
}
