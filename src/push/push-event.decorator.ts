import type { Type } from '@nestjs/common';
import type { SlowReaderAction } from '../core/slow-reader-policy.js';

/** What is to be known of an event: by it messages of its name are treated. */
export interface PushEventDeclaration {
  /** The name that messages are sent with. */
  readonly name: string;
  /**
   * What is done for a client that reads too slowly for them. `disconnect`: it is cut off with 4002 and comes back with
   * its cursor. `dropOldest`, `dropNewest`: messages of this event are skipped and the client is told (`push:gap`
   * `skipped`). `coalesce`: of those with one target and `collapseKey` only the newest waits, of which nobody need be
   * told.
   * @default 'disconnect'
   */
  readonly slowReader?: SlowReaderAction;
  /**
   * Most bytes of this event that may wait for one connection; never more than `maxQueueBytes`.
   * @default no bound of its own
   */
  readonly maxWaitingBytes?: number;
  /**
   * Longest time that a message of this event may wait for a slow reader, in milliseconds, looked at every second.
   * @default no bound
   */
  readonly maxWaitingMs?: number;
}

const declarations = new WeakMap<object, PushEventDeclaration>();

/** Declares the event that a class describes the data of. The class is named in the `events` option. */
export function PushEvent(name: string, options: Omit<PushEventDeclaration, 'name'> = {}): ClassDecorator {
  return (target) => {
    declarations.set(target, { name, ...options });
  };
}

/** What the decorator says of a class; undefined where there is none. */
export function declarationOf(type: Type): PushEventDeclaration | undefined {
  return declarations.get(type);
}
