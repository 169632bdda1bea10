import type { TransportName } from '../protocol/frames.js';
import type { WebSocketConstructor } from './platform.js';

/** Where the server listens, below `url`. The same as its option `paths`. */
export interface ClientPaths {
  /** @default '/push/ws' */
  readonly ws: string;
  /** @default '/push/sse' */
  readonly sse: string;
  /** @default '/push/poll' */
  readonly poll: string;
  /** @default '/push/upstream' */
  readonly upstream: string;
  /** @default '/push/handshake' */
  readonly handshake: string;
}

/** What a PushClient is made with. Only `token` is required. */
export interface PushClientOptions {
  /** The application's address, such as `https://shop.example`. Relative to the page. @default the page's origin */
  readonly url?: string;
  /**
   * Gives a token, a fresh one each time. Called at the start, when the server refuses the last token, and shortly before
   * its end. Asked again later where it throws, takes longer than `openTimeoutMs` or gives what no header can carry.
   */
  readonly token: () => string | Promise<string>;
  /**
   * Which transports, the best first. `ws` is left out where there is no WebSocket.
   * @default ['ws', 'sse', 'poll']
   */
  readonly transports?: readonly TransportName[];
  readonly paths?: Partial<ClientPaths>;
  /** A WebSocket class, for Node 20: that of the package `ws`. @default the global one */
  readonly WebSocket?: WebSocketConstructor;
  /** Go on from here, for a page that has kept `client.cursor`. @default from now */
  readonly cursor?: string;
  /**
   * One connection for all tabs of this origin that have the same `url`. A text keeps apart what must not be shared,
   * such as the tabs of two users. Without Web Locks and BroadcastChannel each tab has its own connection.
   * @default false
   */
  readonly shareTabs?: boolean | string;
  /** How long a request waits for its answer, the time in the queue included. @default 10_000 */
  readonly requestTimeoutMs?: number;
  /** Most requests that wait for a connection. Past it they are rejected. @default 100 */
  readonly maxQueuedRequests?: number;
  /** The wait before the first retry is drawn from 0 to this; the range doubles with each retry. @default 1_000 */
  readonly retryBaseMs?: number;
  /** The range grows no further than this. @default 30_000 */
  readonly retryMaxMs?: number;
  /** How long `token` may take, and then a transport to get going. @default 10_000 */
  readonly openTimeoutMs?: number;
  /**
   * After about so long on a lower transport a higher one is tried, then after twice as long, and so on up to sixteen
   * times.
   * @default 60_000
   */
  readonly climbAfterMs?: number;
}

/** Options with their defaults. */
export type ClientSettings = Required<
  Omit<PushClientOptions, 'url' | 'token' | 'paths' | 'WebSocket' | 'cursor' | 'shareTabs'>
>;
