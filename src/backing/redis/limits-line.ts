import { createHash } from 'node:crypto';
import type { Cancel, Clock } from '../../core/clock.js';
import { LIMIT_DEADLINE_MS } from '../shared-limits.interface.js';

/** What is known of the nodes that share the limits. */
export interface LimitNodes {
  readonly nodeId: string;
  /** Nodes that are alive, this one counted; 0 while they are out of reach. */
  readonly nodeCount: number;
  /** Nodes that were alive when they were in reach last, this one counted. */
  readonly lastNodeCount: number;
  /** The other nodes that are alive at this moment. Rejects where Redis does not answer. */
  listAlive(): Promise<ReadonlySet<string>>;
}

/** How long nobody asks after an answer that failed or was late: each would wait for the deadline. */
const PAUSE_MS = 1_000;

/**
 * How often it is looked whether answers are late. A process that is late itself looks as seldom as it reads, so that it
 * takes no answer for late that it has not come to read.
 */
export const LIMIT_LOOK_MS = 50;
/** The first comes at any time. */
const LOOKS = LIMIT_DEADLINE_MS / LIMIT_LOOK_MS + 1;

/** An answer that has not come yet. */
interface Awaited {
  readonly lateAtLook: number;
  readonly giveUp: () => void;
}

/** The way to the limits in Redis: asked only while it answers, and never waited for longer than the deadline. */
export class LimitsLine {
  private pausedUntilMs = Number.NEGATIVE_INFINITY;
  /** What was asked first is first. */
  private readonly awaited = new Set<Awaited>();
  private looks = 0;
  private cancelLooks: Cancel | undefined;

  constructor(
    readonly nodes: LimitNodes,
    private readonly clock: Clock,
  ) {}

  /** Whether it is worth asking. */
  get isOpen(): boolean {
    return this.nodes.nodeCount > 0 && performance.now() >= this.pausedUntilMs;
  }

  /** The part of a limit that this node keeps to on its own. */
  shareOf(limit: number): number {
    return Math.max(1, Math.floor(limit / this.nodes.lastNodeCount));
  }

  /** What Redis answers, or what `locally` does, once, where that does not come in time. Does not reject. */
  ask<Answer>(asked: Promise<Answer>, locally: () => Answer): Promise<Answer> {
    return new Promise((resolve) => {
      let isLate = false;
      const giveUp = () => {
        this.pausedUntilMs = performance.now() + PAUSE_MS;
        // A failure after the deadline is not told again.
        if (isLate) return;
        isLate = true;
        resolve(locally());
      };
      const awaited: Awaited = { lateAtLook: this.looks + LOOKS, giveUp };
      this.awaited.add(awaited);
      this.cancelLooks ??= this.clock.every(LIMIT_LOOK_MS, () => this.look());
      const answered = (answer: Answer) => {
        this.awaited.delete(awaited);
        resolve(answer);
      };
      asked.then(answered, () => {
        this.awaited.delete(awaited);
        giveUp();
      });
    });
  }

  private look(): void {
    this.looks++;
    for (const awaited of this.awaited) {
      if (awaited.lateAtLook > this.looks) return;
      this.awaited.delete(awaited);
      awaited.giveUp();
    }
    this.cancelLooks?.();
    this.cancelLooks = undefined;
  }
}

/** A key for each subject, whatever it is made of, with a hash tag of its own: they lie spread over a Cluster. */
export function limitKeyOf(prefix: string, subject: string): string {
  return `${prefix}:{${createHash('sha256').update(subject).digest('base64url').slice(0, 22)}}`;
}
