/**
 * Keeps the event loop of a program busy, 80 of every 100 ms, for `BUSY_MS` from its start: what a host does that computes
 * too much. Loaded before the program with `--import`.
 */
const until = performance.now() + Number(process.env.BUSY_MS ?? 0);
const working = setInterval(() => {
  const pauseAt = performance.now() + 80;
  while (performance.now() < pauseAt);
  if (performance.now() > until) clearInterval(working);
}, 100);
working.unref();
