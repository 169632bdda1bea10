/**
 * What the programs of the rows about Redis have in common: a runner that calls them by IPC, figures of CPU, and work that
 * is done with so much of it under way at a time.
 */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

/** Answers `{ id, door, order }` of the runner with what the door of that name resolves to. */
export function serve(doors) {
  process.on('message', ({ id, door, order }) => {
    Promise.resolve()
      .then(() => doors[door](order))
      .then(
        (result) => process.send({ id, result }),
        (error) => process.send({ id, error: String(error?.stack ?? error) }),
      );
  });
  process.on('disconnect', () => process.exit(0));
  process.send({ isReady: true });
}

/** User and system time of this process while the work is done, and how long it took. */
export async function measured(work) {
  globalThis.gc?.();
  const before = process.cpuUsage();
  const startedAt = performance.now();
  await work();
  const { user, system } = process.cpuUsage(before);
  return { cpuUs: user + system, seconds: (performance.now() - startedAt) / 1000 };
}

/** Does the work `count` times, `depth` of them under way at any time. */
export async function inFlight(count, depth, act) {
  let next = 0;
  const lane = async () => {
    while (next < count) await act(next++);
  };
  await Promise.all(Array.from({ length: depth }, lane));
}

/**
 * Does the work at a steady pace: `perSecond` of it, in handfuls every few milliseconds, and waits for all of it. Rejects
 * where any of it fails: a machine that is too slow for the pace has nothing to say about costs.
 */
export async function atPace({ perSecond, seconds }, act) {
  const startedAt = performance.now();
  const total = perSecond * seconds;
  const underWay = [];
  for (let done = 0; done < total;) {
    const due = Math.min(total, ((performance.now() - startedAt) / 1000) * perSecond);
    for (; done < due; done++) underWay.push(act(done));
    await sleep(4);
  }
  await Promise.all(underWay);
}

/** Waits for a condition that others make true. */
export async function until(isTrue, timeoutMs = 30_000) {
  const deadline = performance.now() + timeoutMs;
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error(`did not happen: ${isTrue}`);
    await sleep(2);
  }
  await nextTurn();
}
