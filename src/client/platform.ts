/**
 * What the client uses of its surroundings, as shapes of its own: the same file compiles with the types of browsers and
 * with those of Node, and a host in Node needs no DOM types to read the declarations.
 */

/** A WebSocket as browsers, Node 22 and the package `ws` have it. */
export interface WebSocketLike {
  onopen: ((event: never) => unknown) | null;
  onmessage: ((event: never) => unknown) | null;
  onclose: ((event: never) => unknown) | null;
  onerror: ((event: never) => unknown) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

/** The class of {@link WebSocketLike}. */
export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;

/** A BroadcastChannel (HTML standard). */
export interface BroadcastChannelLike {
  onmessage: ((event: never) => unknown) | null;
  postMessage(message: unknown): void;
  close(): void;
}

/** The LockManager of the Web Locks API. */
export interface LockManagerLike {
  request(
    name: string,
    options: { readonly signal: AbortSignal } | { readonly steal: boolean },
    whenHeld: () => Promise<unknown>,
  ): Promise<unknown>;
}

/** The globals that are not everywhere. */
export interface Platform {
  readonly WebSocket?: WebSocketConstructor;
  readonly BroadcastChannel?: new (name: string) => BroadcastChannelLike;
  readonly navigator?: { readonly onLine?: boolean; readonly locks?: LockManagerLike };
  readonly location?: { readonly href: string };
  readonly document?: { readonly visibilityState: string };
  readonly addEventListener?: (
    type: string,
    listener: () => void,
    options: { readonly capture: boolean; readonly signal: AbortSignal },
  ) => void;
}

/** The globals of this page, worker or process. */
export const platform = globalThis as unknown as Platform;
