import type { Cancel, Clock } from '../../core/clock.js';
import { isLater } from '../../core/now-or-later.js';
import type { NowOrLater } from '../../core/now-or-later.js';
import { faultsBelow, textOf } from './data-faults.js';
import type { EventCatalog } from './event-catalog.js';
import type { EventRules, Faults } from './event-rules.interface.js';

/** Holds what clients send against the declarations of its events, before anyone else sees it. */
export class IncomingCheck {
  constructor(
    private readonly catalog: Pick<EventCatalog, 'ofIncoming' | 'ofRelayed'>,
    private readonly clock: Pick<Clock, 'after'>,
    private readonly limits: { readonly validationTimeoutMs: number },
  ) {}

  /** What is wrong with a frame for a handler, as one text; undefined where nothing is. Throws what a rule throws. */
  ofFrame(event: string, data: unknown): NowOrLater<string | undefined> {
    return this.judge(this.catalog.ofIncoming(event), data);
  }

  /** The same of what is to be sent to others, who get `null` where there is no data. */
  ofRelayed(event: string, data: unknown): NowOrLater<string | undefined> {
    return this.judge(this.catalog.ofRelayed(event), data ?? null);
  }

  private judge(rules: EventRules | undefined, data: unknown): NowOrLater<string | undefined> {
    if (!rules) return undefined;
    const answer = rules.judge(data);
    return isLater(answer) ? this.inTime(answer) : complaintOf(answer);
  }

  /** A rule that never answers must not hold up the frames behind it for ever. */
  private async inTime(answer: PromiseLike<Faults>): Promise<string | undefined> {
    const { validationTimeoutMs } = this.limits;
    let cancel: Cancel = () => {};
    const late = new Promise<never>((_, reject) => {
      const giveUp = () => reject(new Error(`the rules of an event took more than ${validationTimeoutMs} ms`));
      cancel = this.clock.after(validationTimeoutMs, giveUp);
    });
    try {
      return complaintOf(await Promise.race([answer, late]));
    } finally {
      cancel();
    }
  }
}

function complaintOf(faults: Faults): string | undefined {
  return faults.length === 0 ? undefined : textOf(faultsBelow('/data', faults));
}
