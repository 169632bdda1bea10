/**
 * The events of an application and their data. Empty here; a host augments it, and the service and the client then
 * check `event` and `data` as pairs:
 *
 * `declare module 'nestjs-push' { interface PushEvents { 'order.status': { orderId: number } } }`
 *
 * A page that has only the client augments `'nestjs-push/client'`. Both names lead to this one interface.
 */
// oxlint-disable-next-line typescript/no-empty-interface
export interface PushEvents {}

/** The name of an event: one of {@link PushEvents} where a host has declared any, else any valid name. */
export type EventName = keyof PushEvents extends never ? string : keyof PushEvents & string;

/** The data of an event. */
export type EventData<Event extends EventName> = Event extends keyof PushEvents ? PushEvents[Event] : unknown;

/** What follows the event of a send. Data may be left out where it is of a type that allows it. */
export type ArgumentsOf<Data, Options> = undefined extends Data
  ? [data?: Data, options?: Options]
  : [data: Data, options?: Options];
