import type { Server } from 'node:http';
import type { INestApplication } from '@nestjs/common';

/** How long requests that were accepted may take after the port was closed. */
const REQUEST_GRACE_MS = 5000;
const SWEEP_INTERVAL_MS = 50;

/**
 * Closes the application at the first SIGTERM or SIGINT. Later ones change nothing. The process then ends because
 * nothing is left to do, not because it is told to: a timer or socket that someone forgot would show.
 * @param listening settles when the application is up; it is not closed half-way through its start
 */
export function closeOnSignal(app: INestApplication, listening: Promise<unknown>): void {
  let isClosing = false;
  const begin = (): void => {
    if (isClosing) return;
    isClosing = true;
    close(app, listening).catch((error: unknown) => {
      // Half closed, it would hold on to whatever was not reached.
      console.error(error);
      process.exit(1);
    });
  };
  process.on('SIGTERM', begin);
  process.on('SIGINT', begin);
  process.once('beforeExit', exitPastSignals);
}

/**
 * Nothing is left to do. Node would now take its own pieces apart, signal handlers first, and for some milliseconds one
 * more signal would kill the process with its default action. An explicit exit skips that.
 */
function exitPastSignals(): void {
  process.exit();
}

async function close(app: INestApplication, listening: Promise<unknown>): Promise<void> {
  await Promise.allSettled([listening]);
  const release = letGoOfClients(app.getHttpServer() as Server);
  try {
    await app.close();
  } finally {
    release();
  }
}

/**
 * Once the port is closed, ends connections as they fall idle: a browser keeps its own open for as long as it is let.
 * What still hangs after the grace is cut.
 */
function letGoOfClients(server: Server): () => void {
  let closedAtMs = Number.POSITIVE_INFINITY;
  const sweep = setInterval(() => {
    if (server.listening) return;
    closedAtMs = Math.min(closedAtMs, Date.now());
    if (Date.now() - closedAtMs < REQUEST_GRACE_MS) server.closeIdleConnections();
    else server.closeAllConnections();
  }, SWEEP_INTERVAL_MS);
  return () => clearInterval(sweep);
}
