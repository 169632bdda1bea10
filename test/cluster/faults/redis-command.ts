import { Redis } from 'ioredis';
import type { RedisServer } from '../../support/redis-server.js';

/** Says a command. */
export type Say = (name: string, ...args: readonly string[]) => Promise<unknown>;

/** Opens a connection to a Redis as an operator does, who keeps it while all others lose theirs. */
export async function withOperator(
  { port }: Pick<RedisServer, 'port'>,
  act: (say: Say) => Promise<void>,
): Promise<void> {
  const client = new Redis({ port, host: '127.0.0.1', lazyConnect: true, retryStrategy: () => null });
  client.on('error', () => {});
  try {
    await client.connect();
    await act((name, ...args) => client.call(name, ...args));
  } finally {
    client.disconnect();
  }
}
