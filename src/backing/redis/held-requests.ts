import type { RequestFrame } from './node-frames.js';
import { News } from './news.js';

/** Most that waits; past it the oldest goes. */
const MAX_HELD = 10_000;

/**
 * What a node hears while it joins. It was said after all that was kept for the node meanwhile, or is among that, so it
 * waits for its turn.
 */
export class HeldRequests {
  private frames: RequestFrame[] | undefined;
  private readonly news = new News();

  /** What comes from now on waits. */
  begin(): void {
    this.frames ??= [];
  }

  /** Whether it waits. */
  take(frame: RequestFrame): boolean {
    if (!this.frames) return false;
    if (this.frames.push(frame) > MAX_HELD) this.frames.shift();
    return true;
  }

  /** Nothing waits any more. Answers what did, in the order in which it was heard. */
  release(): readonly RequestFrame[] {
    const { frames = [] } = this;
    this.frames = undefined;
    this.news.tell();
    return frames;
  }

  /** Resolves when nothing waits any more; undefined where nothing does. */
  whenReleased(): Promise<void> | undefined {
    return this.frames && this.news.coming;
  }
}
