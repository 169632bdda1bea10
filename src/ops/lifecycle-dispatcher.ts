/**
 * Brings lifecycle events to the `@OnPush` methods of the application. Where no method asks for an event, nobody listens
 * for it and it is never made.
 *
 * Handlers are called in a later turn of the event loop, so that none runs in the middle of a fan-out or of the opening
 * of a connection, and in order. How many events may wait or be handled at a time is bounded: a peer that is refused a
 * thousand times a second must not fill the memory because an audit log is slow.
 */
import type { LifecycleListeners, PushLifecycleEventName, PushLifecycleEvents } from '../core/lifecycle-events.js';
import type { PushCounters } from '../core/push-counters.js';
import type { LifecycleHandler } from './lifecycle-handlers.js';

/** What lifecycle events are bounded by. */
export interface LifecycleLimits {
  /**
   * Most lifecycle events that may wait for `@OnPush` handlers or be handled at a time; past it others are dropped and
   * counted.
   * @default 10_000
   */
  readonly maxLifecycleEvents?: number;
}

/** What events are brought with. */
export interface LifecycleDispatcherParts {
  readonly counters: PushCounters;
  readonly options: Required<LifecycleLimits>;
  /** Hears of handlers that failed. */
  readonly onFailure: (cause: unknown) => void;
}

interface Delivery {
  readonly handler: LifecycleHandler;
  readonly event: PushLifecycleEvents[PushLifecycleEventName];
}

/** How long the end of the application waits for handlers. */
const LAST_EVENTS_MS = 1_000;

/** Calls handlers. */
export class LifecycleDispatcher {
  private waiting: Delivery[] = [];
  private underWay = 0;
  private immediate: NodeJS.Immediate | undefined;
  private onSettled: (() => void) | undefined;

  constructor(private readonly parts: LifecycleDispatcherParts) {}

  /** Has these handlers called from now on. */
  listen(listeners: LifecycleListeners, handlers: readonly LifecycleHandler[]): void {
    for (const handler of handlers) {
      addListener(listeners, handler.name, (event) => this.add({ handler, event }));
    }
  }

  /** Resolves when all handlers are done with what has happened so far, or after a second. */
  async settled(): Promise<void> {
    if (this.waiting.length + this.underWay === 0) return;
    await new Promise<void>((resolve) => {
      this.onSettled = resolve;
      setTimeout(resolve, LAST_EVENTS_MS).unref();
    });
  }

  private add(delivery: Delivery): void {
    const { counters, options } = this.parts;
    if (this.waiting.length + this.underWay >= options.maxLifecycleEvents) {
      counters.lifecycleEventsDropped++;
      return;
    }
    this.waiting.push(delivery);
    this.immediate ??= setImmediate(this.run);
  }

  private readonly run = (): void => {
    this.immediate = undefined;
    const deliveries = this.waiting;
    this.waiting = [];
    this.underWay += deliveries.length;
    for (const delivery of deliveries) void this.call(delivery);
  };

  private async call({ handler, event }: Delivery): Promise<void> {
    try {
      await handler.call(event as never);
    } catch (cause) {
      this.parts.onFailure(new Error(`@OnPush('${handler.name}') on ${handler.where} failed`, { cause }));
    }
    this.underWay--;
    if (this.waiting.length + this.underWay === 0) this.onSettled?.();
  }
}

/** Has one more listener hear of the event, after those that do so far. */
export function addListener<Name extends PushLifecycleEventName>(
  listeners: LifecycleListeners,
  name: Name,
  listener: (event: PushLifecycleEvents[Name]) => void,
): void {
  const before = listeners[name];
  const both = (event: PushLifecycleEvents[Name]): void => {
    before?.(event);
    listener(event);
  };
  Object.assign(listeners, { [name]: before ? both : listener });
}
