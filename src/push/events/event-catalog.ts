import type { EventDirection, PushEventDeclaration } from '../push-event.decorator.js';
import { rulesOf } from './event-rules.js';
import type { EventRules } from './event-rules.interface.js';

/** The declared events with their rules, by name and direction. The one source of what is judged and what is described. */
export class EventCatalog {
  private readonly outgoing = new Map<string, EventRules>();
  private readonly incoming = new Map<string, EventRules>();

  /** Throws a PushError where the rules of a class cannot be used. */
  constructor(readonly declarations: readonly PushEventDeclaration[]) {
    for (const declared of declarations) {
      const rules = rulesOf(declared);
      if (!rules) continue;
      if (goes(declared, 'out')) this.outgoing.set(declared.name, rules);
      if (goes(declared, 'in')) this.incoming.set(declared.name, rules);
    }
  }

  /** Whether data that goes to clients can be held against anything. */
  get judgesOutgoing(): boolean {
    return this.outgoing.size > 0;
  }

  /** The rules of what goes to clients under this name. */
  ofOutgoing(event: string): EventRules | undefined {
    return this.outgoing.get(event);
  }

  /** The rules of what handlers get under this name. */
  ofIncoming(event: string): EventRules | undefined {
    return this.incoming.get(event);
  }

  /** The rules of what a client sends to others: what those are promised, else what clients may say. */
  ofRelayed(event: string): EventRules | undefined {
    return this.outgoing.get(event) ?? this.incoming.get(event);
  }
}

/** Whether the event goes this way. */
export function goes({ direction = 'out' }: PushEventDeclaration, way: Exclude<EventDirection, 'both'>): boolean {
  return direction === way || direction === 'both';
}
