import type { Type } from '@nestjs/common';
import type { SlowReaderAction } from '../core/slow-reader-policy.js';
import type { StandardSchema } from './events/standard-schema.js';

/**
 * Which way an event goes. `out`: from the server to clients. `in`: from clients to `@SubscribeMessage` handlers. `both`:
 * either, or from client to clients by `push:send`.
 */
export type EventDirection = 'out' | 'in' | 'both';

/** What is to be known of an event: by it messages of its name are judged, described and treated. */
export interface PushEventDeclaration {
  /** The name that messages are sent with. */
  readonly name: string;
  /** An event whose data differs by direction is declared once for each. @default 'out' */
  readonly direction?: EventDirection;
  /** What the data must be: a schema of zod, valibot, arktype or any other library of Standard Schema. */
  readonly schema?: StandardSchema;
  /** What the data must be: a class with decorators of `class-validator`. With `@PushEvent()` it is the class itself. */
  readonly type?: Type;
  /** The data as JSON Schema (draft 7), for the documents. @default what `schema` or `type` say of themselves */
  readonly jsonSchema?: Readonly<Record<string, unknown>>;
  /** One sentence for the documents. */
  readonly description?: string;
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
export function PushEvent(name: string, options: Omit<PushEventDeclaration, 'name' | 'type'> = {}): ClassDecorator {
  return (target) => {
    const type = options.schema === undefined && { type: target as unknown as Type };
    declarations.set(target, { name, ...options, ...type });
  };
}

/** Declares an event with its types as they are: `push.toGroup('room:1', chatMessage, data)` then knows its data. */
export function definePushEvent<const Declaration extends PushEventDeclaration>(declaration: Declaration): Declaration {
  return declaration;
}

/** What the decorator says of a class; undefined where there is none. */
export function declarationOf(type: Type): PushEventDeclaration | undefined {
  return declarations.get(type);
}
