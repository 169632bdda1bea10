import type { PushLifecycleEventName, PushLifecycleEvents } from '../core/lifecycle-events.js';

const ON_PUSH = Symbol('nestjs-push:on');

type Handler<Name extends PushLifecycleEventName> = (event: PushLifecycleEvents[Name]) => unknown;

/**
 * Has the method of a provider or controller called with each event of this name: what became of connections, sends and
 * refusals on this node. Several may stand on one method. It is called after the fact, in order, and may be async; what
 * it throws is logged and breaks nothing. An event that is none, or a provider that is request-scoped, stops the start.
 */
export function OnPush<Name extends PushLifecycleEventName>(name: Name) {
  return <Method extends Handler<Name>>(
    _target: object,
    _key: string | symbol,
    { value }: TypedPropertyDescriptor<Method>,
  ): void => {
    if (value) Reflect.defineMetadata(ON_PUSH, [...lifecycleEventsOf(value), name], value);
  };
}

/** The events that the method is decorated with. */
export function lifecycleEventsOf(method: object): readonly PushLifecycleEventName[] {
  return (Reflect.getMetadata(ON_PUSH, method) as readonly PushLifecycleEventName[] | undefined) ?? [];
}
