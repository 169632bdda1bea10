/**
 * Users whose held memberships are to be read: those who came while they could not be, those of whom another node says
 * that something has changed, and everyone after a break. Reads a few at a time; what fails stays due and is tried
 * again soon.
 */
import type { UserMemberships } from '../backing/memberships.interface.js';
import type { Clock } from '../core/clock.js';
import type { NowOrLater } from '../core/now-or-later.js';

/** What a refresh works with. */
export interface MembershipRefreshParts {
  readonly read: (userId: string) => NowOrLater<UserMemberships>;
  /** Takes what was read. Not called where the user became due again during the read. */
  readonly take: (userId: string, memberships: UserMemberships) => void;
  /** Whether the user still has a connection here, or a handshake under way. */
  readonly isHere: (userId: string) => boolean;
  readonly clock: Pick<Clock, 'after'>;
}

/** What fails is tried again after so long: whoever waits for it gets nothing until then. */
const RETRY_MS = 200;
/** So many reads are under way at a time, so that a crowd does not drown the backing. */
const CONCURRENT_READS = 64;

/** Reads the memberships of users who are due. */
export class MembershipRefresh {
  private readonly due = new Set<string>();
  private readonly reading = new Set<string>();
  private waiting: (() => void)[] = [];
  private isRunning = false;

  constructor(private readonly parts: MembershipRefreshParts) {}

  /** The user's memberships are to be read. */
  add(userId: string): void {
    this.due.add(userId);
  }

  /** Something has changed: a read that is under way may not show it, and is made again. */
  changed(userId: string): void {
    if (this.reading.has(userId)) this.due.add(userId);
  }

  /** Reads whoever is due. Never throws. */
  run(): void {
    if (this.isRunning || this.due.size === 0) return;
    this.isRunning = true;
    void this.readAll();
  }

  /** Reads whoever is due, and resolves when nobody is left, however many runs that takes. */
  async settled(): Promise<void> {
    if (this.due.size === 0 && !this.isRunning) return;
    const settled = new Promise<void>((resolve) => this.waiting.push(resolve));
    this.run();
    await settled;
  }

  private async readAll(): Promise<void> {
    for (const userId of this.due) if (!this.parts.isHere(userId)) this.due.delete(userId);
    const verdicts = await Promise.all(Array.from({ length: CONCURRENT_READS }, () => this.readNext()));
    this.isRunning = false;
    if (this.due.size === 0) this.settle();
    // Someone became due when the last reader had looked; those who failed wait for a while.
    else if (verdicts.every(Boolean)) this.run();
    else this.parts.clock.after(RETRY_MS, () => this.run());
  }

  /** Reads one user after another until nobody is due. False where a read failed. */
  private async readNext(): Promise<boolean> {
    for (const userId of this.due) {
      // Another reader has it, and will see that it is due again.
      if (this.reading.has(userId)) continue;
      if (!(await this.readOne(userId))) return false;
    }
    return true;
  }

  private async readOne(userId: string): Promise<boolean> {
    this.reading.add(userId);
    try {
      do {
        this.due.delete(userId);
        if (!this.parts.isHere(userId)) return true;
        const memberships = await this.parts.read(userId);
        if (!this.due.has(userId)) this.parts.take(userId, memberships);
      } while (this.due.has(userId));
      return true;
    } catch {
      this.due.add(userId);
      return false;
    } finally {
      this.reading.delete(userId);
    }
  }

  private settle(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }
}
