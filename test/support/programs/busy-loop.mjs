/**
 * Keeps the event loop of a program busy, 80 of every 100 ms, for `BUSY_MS` from the time when a crowd comes: what a host
 * does that computes too much. Loaded before the program with `--import`.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';

/** Whoever starts the program may connect a few times before. */
const CROWD = 100;

let sockets = 0;
subscribe('net.server.socket', count);

function count() {
  if (++sockets < CROWD) return;
  unsubscribe('net.server.socket', count);
  work();
}

function work() {
  const until = performance.now() + Number(process.env.BUSY_MS ?? 0);
  const working = setInterval(() => {
    const pauseAt = performance.now() + 80;
    while (performance.now() < pauseAt);
    if (performance.now() > until) clearInterval(working);
  }, 100);
  working.unref();
}
