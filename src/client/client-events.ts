import type { DrainingData, Envelope, GapData, TransportName, WelcomeData } from '../protocol/frames.js';
import type { EventData, EventName } from '../protocol/push-events.js';
import type { PushClientError } from './client-errors.js';

/**
 * - `connecting`: a transport is being opened
 * - `live`: messages come
 * - `waiting`: the next attempt comes after `retryInMs`
 * - `offline`: the browser says that there is no network, though attempts go on; or the page sleeps
 * - `closed`: for good: by `close()`, or the server does not want this client (`error`)
 */
export type PushState = 'connecting' | 'live' | 'waiting' | 'offline' | 'closed';

/** How the client stands. */
export interface PushStatus {
  readonly state: PushState;
  /** While `connecting` or `live`. */
  readonly transport?: TransportName;
  /** While `waiting`. */
  readonly retryInMs?: number;
  /** What ended the last connection or attempt. */
  readonly error?: PushClientError;
}

/** The client's own events. No application event can have such a name. */
export interface PushClientEvents {
  /** The state has changed. */
  readonly 'push:status': PushStatus;
  /** Messages are missing: fetch the present state from the application, then go on. */
  readonly 'push:gap': GapData;
  /** A group that was refused, a token that could not be had: what belongs to no promise. */
  readonly 'push:error': PushClientError;
  /** A connection over ws or sse was greeted. */
  readonly 'push:welcome': WelcomeData;
  /** The server is about to end the connection, to which the client comes back by itself: what is left to say is said now. */
  readonly 'push:draining': DrainingData;
}

/** What `on` takes: an application event or one of {@link PushClientEvents}. */
export type ListenableEvent = EventName | keyof PushClientEvents;

/** The data that a listener of this event gets. */
export type ListenerData<Event extends ListenableEvent> = Event extends keyof PushClientEvents
  ? PushClientEvents[Event]
  : Event extends EventName
    ? EventData<Event>
    : never;

/** The envelope comes with application events: `id`, `cursor`, `ts`, `from`. */
export type Listener<Event extends ListenableEvent> = (data: ListenerData<Event>, envelope: Envelope) => void;

/** Takes whatever comes out of a connection. */
export type Deliver = (envelope: Envelope) => void;
