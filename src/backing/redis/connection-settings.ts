/**
 * How the connections of the module behave.
 *
 * The driver's defaults acknowledge messages that reach nobody, and hang for ever on a line that is half open. So here
 * nothing waits in a queue while the server is away, a command ends within a second, a line on which nothing comes is
 * cut, and the next attempt follows within a second for as long as it takes. What listens is subscribed anew by its
 * owner, who then asks what it missed.
 */
import type { RedisOptions } from 'ioredis';

/** A command that is not answered by then has failed, though it may be carried out yet. */
export const COMMAND_TIMEOUT_MS = 1_000;
/** A connection that listens and does not answer for so long is cut. */
export const PING_TIMEOUT_MS = 2_500;
/** How often every connection is asked whether it is there. */
export const PING_INTERVAL_MS = 1_000;

const FIRST_RETRY_MS = 50;
const MAX_RETRY_MS = 1_000;

/** How long until the next attempt to connect: sooner at first, and no two nodes at once. */
export function retryDelayMs(attempt: number): number {
  return Math.ceil(Math.random() * Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** attempt));
}

/** What all connections have in common. */
export const CONNECTION_SETTINGS = {
  lazyConnect: true,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  connectTimeout: 2_000,
  socketTimeout: 3_000,
  // Of a socket that is gone already the driver never hears the end: this long it would keep the process.
  disconnectTimeout: 200,
  retryStrategy: retryDelayMs,
  // A server that has become a replica, or is loading: the next connection leads to the one that takes writes.
  reconnectOnError: ({ message }: Error) => message.startsWith('READONLY'),
} satisfies RedisOptions & { readonly disconnectTimeout: number };
