import { readNodeFrame } from './node-frames.js';
import type { NodeFrame } from './node-frames.js';
import { RecentIds } from './recent-ids.js';
import type { FrameProblem, FrameSeal } from './sealed-frame.js';

/** Why a frame was dropped. `operation`: it is of a kind, or asks for something, that this node does not know. */
export type DropReason = FrameProblem | 'stale' | 'replayed' | 'operation';

/** How old a frame may be, and how far ahead, by the clock of Redis. */
const MAX_AGE_MS = 30_000;
const MAX_AHEAD_MS = 5_000;

/** Lets in what another node has said to this one, once, and counts what it keeps out. */
export class FrameGate {
  /** The seal of the cluster, once it is known. Without it nothing comes in. */
  seal: FrameSeal | undefined;
  /** Hears that something came which a node of this version does not say. */
  onUnknown = (): void => {};
  /** Frames that were kept out, by reason. */
  readonly drops: Record<DropReason, number> = { version: 0, forged: 0, stale: 0, replayed: 0, operation: 0 };
  private readonly recent = new RecentIds(MAX_AGE_MS + MAX_AHEAD_MS);

  constructor(private readonly redisNow: () => number) {}

  /** What a frame of this channel carries; undefined where it is kept out. */
  open(channel: string, bytes: Buffer): NodeFrame | undefined {
    const opened = this.seal?.open(channel, bytes) ?? { problem: 'forged' };
    if ('problem' in opened) return this.drop(opened.problem);
    return readNodeFrame(opened.body) ?? this.drop('operation');
  }

  /** Whether it was said not long ago. */
  isFresh({ atMs }: NodeFrame): boolean {
    const ageMs = this.redisNow() - atMs;
    if (ageMs <= MAX_AGE_MS && ageMs >= -MAX_AHEAD_MS) return true;
    this.drop('stale');
    return false;
  }

  /** Whether it comes for the first time. */
  isNew({ id }: NodeFrame): boolean {
    if (this.recent.add(id, performance.now())) return true;
    this.drop('replayed');
    return false;
  }

  /** Counts one that is kept out. */
  drop(reason: DropReason): undefined {
    this.drops[reason]++;
    if (reason === 'version' || reason === 'operation') this.onUnknown();
  }
}
