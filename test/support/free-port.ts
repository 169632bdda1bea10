import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

/**
 * A TCP port of the loopback interface that nothing listens on now, for a program that cannot be told to take port 0
 * and say which one it got. Whatever can do that should: another process may take this port first.
 */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const TRIES = 3;

/** Starts a program on ports that it finds for each try anew, for a port may be taken before the program has it. */
export async function onFreePorts<Program>(start: () => Promise<Program>): Promise<Program> {
  for (let tried = 1; ; tried++) {
    try {
      return await start();
    } catch (cause) {
      if (tried === TRIES) throw cause;
    }
  }
}
