import { useEffect, useState } from 'preact/hooks';

/** Something that changes, and tells. */
export class Observable {
  readonly #listeners = new Set<() => void>();

  /** Calls back after each change. Answers how to stop. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  protected changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** Renders again whenever it changes. */
export function useObservable<Value extends Observable>(value: Value): Value {
  const [, render] = useState(0);
  useEffect(() => value.subscribe(() => render((count) => count + 1)), [value]);
  return value;
}
