import type { Envelope } from '../protocol/frames.js';
import type { ListenableEvent, Listener } from './client-events.js';

type AnyListener = (data: never, envelope: Envelope) => void;

/** Listeners by event. One that throws stops no other: its error surfaces as an uncaught one. */
export class Emitter {
  readonly #listeners = new Map<string, Set<AnyListener>>();

  /** Calls the listener with each of these events. Answers how to stop. */
  on<Event extends ListenableEvent>(event: Event, listener: Listener<Event>): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return () => this.off(event, listener);
  }

  /** Calls the listener with the next of these events. Answers how to stop. */
  once<Event extends ListenableEvent>(event: Event, listener: Listener<Event>): () => void {
    const off = this.on<Event>(event, (data, envelope) => {
      off();
      listener(data, envelope);
    });
    return off;
  }

  /** Takes away a listener of {@link on}. */
  off<Event extends ListenableEvent>(event: Event, listener: Listener<Event>): void {
    this.#listeners.get(event)?.delete(listener);
  }

  protected emit(envelope: Envelope): void {
    // A copy: a listener may add and take away listeners.
    for (const listener of [...(this.#listeners.get(envelope.event) ?? [])]) {
      try {
        listener(envelope.data as never, envelope);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
