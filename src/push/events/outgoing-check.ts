/**
 * Holds what the application sends against the declarations of its events. Made only where that is wanted: in production
 * there is none, and a send costs nothing for it.
 *
 * What is judged is the JSON that clients would get, not the value that was handed in. Rules that answer only later are
 * not asked, because a send is in its queues before it returns and the next one must not overtake it.
 */
import { PushError } from '../../core/push-error.js';
import { faultsBelow, textOf } from './data-faults.js';
import type { EventCatalog } from './event-catalog.js';

/** What an {@link OutgoingCheck} works with. */
export interface OutgoingCheckParts {
  readonly catalog: Pick<EventCatalog, 'ofOutgoing'>;
  /** Data that does not fit is sent all the same. */
  readonly onlyWarns: boolean;
  /** Hears of what is not refused. */
  readonly onWarning: (text: string) => void;
}

/** Judges outgoing data. */
export class OutgoingCheck {
  /** Events whose rules answer later; said once each. */
  private readonly unjudged = new Set<string>();

  constructor(private readonly parts: OutgoingCheckParts) {}

  /** Throws a PushError that names the event and lists every fault. What a rule itself throws is thrown. */
  assert(event: string, dataText: string): void {
    const rules = this.parts.catalog.ofOutgoing(event);
    if (!rules || this.unjudged.has(event)) return;
    const faults = rules.judgeNow(JSON.parse(dataText));
    if (!faults) {
      this.unjudged.add(event);
      this.parts.onWarning(`the data of ${event} is not judged when it is sent: its schema answers only later`);
      return;
    }
    if (faults.length === 0) return;
    const errors = faultsBelow('/data', faults);
    const message = `the data of ${event} is not what it is declared to be: ${textOf(errors)}`;
    if (!this.parts.onlyWarns) throw new PushError('PUSH_ERR_INVALID_DATA', message, { errors });
    this.parts.onWarning(message);
  }
}
