import { platform } from './platform.js';

/** What a page does to its connection. */
export interface PageListener {
  /** The network or the page goes. A page that is put away runs no timers until it wakes. */
  slept(isPutAway: boolean): void;
  /** The page is looked at again, or the network is back. */
  woke(): void;
}

/**
 * Follows the life of the page: its network, its way into the back/forward cache and out of it, its freezing, its being
 * seen. Answers how to stop. Without a page nothing happens.
 */
export function followPage(page: PageListener): () => void {
  const aborter = new AbortController();
  const follow = (listener: () => void, ...types: readonly string[]): void => {
    // Some of these are events of the document: the window sees them all on their way down.
    for (const type of types) platform.addEventListener?.(type, listener, { capture: true, signal: aborter.signal });
  };
  follow(() => page.slept(false), 'offline');
  follow(() => page.slept(true), 'pagehide', 'freeze');
  follow(() => page.woke(), 'online', 'pageshow', 'resume');
  follow(() => {
    if (platform.document?.visibilityState !== 'hidden') page.woke();
  }, 'visibilitychange');
  return () => aborter.abort();
}
