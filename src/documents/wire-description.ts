import type { EventCatalog } from '../push/events/event-catalog.js';

/** What the documents describe: the declared events, and where and how the wire is served. */
export class WireDescription {
  constructor(
    readonly catalog: EventCatalog,
    readonly paths: Readonly<Record<'ws' | 'sse' | 'poll' | 'upstream' | 'handshake' | 'ticket', string>>,
    readonly tokens: {
      readonly cookie?: string | undefined;
      readonly accessTokenQuery?: boolean | undefined;
      readonly ticketSeconds: number;
    },
    /** The events that `@SubscribeMessage` handlers of push gateways take, once the application is made. */
    readonly handledEvents: () => readonly string[],
  ) {}
}
