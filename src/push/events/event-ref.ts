/** What a send may name its event by, and what is known of its data then. */
import type { Type } from '@nestjs/common';
import type { EventData, EventName } from '../../protocol/push-events.js';
import { declarationOf } from '../push-event.decorator.js';
import type { PushEventDeclaration } from '../push-event.decorator.js';
import type { SchemaInput, StandardSchema } from './standard-schema.js';

/** An event: its name, the class with `@PushEvent()` that describes its data, or its declaration. */
export type EventRef = EventName | Type | PushEventDeclaration;

/** The data that goes with it. */
export type EventRefData<Ref extends EventRef> = Ref extends EventName ? EventData<Ref> : DeclaredData<Ref>;

/** Kept apart from names: those come from {@link PushEvents}, which may itself be made of this. */
type DeclaredData<Ref> = Ref extends { readonly schema: infer Schema extends StandardSchema }
  ? SchemaInput<Schema>
  : Ref extends { readonly type: Type<infer Data> }
    ? Data
    : Ref extends Type<infer Data>
      ? Data
      : unknown;

/** Name and data of declared events, as the members of an interface that {@link PushEvents} may extend. */
export type PushEventsOf<Declarations extends readonly PushEventDeclaration[]> = {
  [Declared in Declarations[number] as Declared['name']]: DeclaredData<Declared>;
};

/** The name that messages are sent with. Of a class without the decorator it is none that can be sent. */
export function eventNameOf(ref: EventRef): string {
  if (typeof ref === 'string') return ref;
  if (typeof ref === 'function') return declarationOf(ref)?.name ?? `class ${ref.name} without @PushEvent()`;
  // A caller without types may hand in nothing, which is refused like any other name that is none.
  return (ref as PushEventDeclaration | null | undefined)?.name ?? '';
}
