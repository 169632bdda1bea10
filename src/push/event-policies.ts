import type { Target } from '../core/delivery-target.js';
import { identityOfTarget } from '../core/target-identity.js';
import type { Shedding, SlowReaderPolicy } from '../core/slow-reader-policy.js';
import { eventOf } from '../protocol/frame-encoder.js';
import type { PushEventDeclaration } from './push-event.decorator.js';

/** How the messages of each event wait for slow readers. */
export class EventPolicies {
  private readonly byEvent: ReadonlyMap<string, SlowReaderPolicy>;

  constructor(declarations: readonly PushEventDeclaration[]) {
    this.byEvent = new Map(declarations.filter(hasPolicy).map((declared) => [declared.name, policyOf(declared)]));
  }

  /** How the message may be skipped; undefined where it may not. `ofKey` is the same for messages of one collapse key. */
  sheddingOf(text: string, target: Target, ofKey: string | undefined): Shedding | undefined {
    if (this.byEvent.size === 0) return undefined;
    const event = eventOf(text);
    const policy = this.byEvent.get(event);
    if (!policy) return undefined;
    const isCoalesced = policy.action === 'coalesce' && ofKey !== undefined;
    return { policy, collapseId: isCoalesced ? JSON.stringify([event, ofKey, identityOfTarget(target)]) : undefined };
  }
}

function hasPolicy({ slowReader = 'disconnect', maxWaitingBytes, maxWaitingMs }: PushEventDeclaration): boolean {
  return slowReader !== 'disconnect' || maxWaitingBytes !== undefined || maxWaitingMs !== undefined;
}

function policyOf(declared: PushEventDeclaration): SlowReaderPolicy {
  const { slowReader = 'disconnect', maxWaitingBytes = Infinity, maxWaitingMs = Infinity } = declared;
  return { action: slowReader, maxWaitingBytes, maxWaitingMs };
}
