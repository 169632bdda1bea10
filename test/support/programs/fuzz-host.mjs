/**
 * A host to be attacked, from the built package, on the platform that `PLATFORM` names. Sends user `bystander` a tick
 * every 25 ms. `GET /state` on its second port says how it fares, after a garbage collection. Nothing in it may end up
 * unhandled: what does is in the state. Ends at SIGTERM as a host does.
 *
 * It runs what was built last; `npm test` builds first.
 */
import { PushService } from 'nestjs-push';
import { failureLogger } from './failure-logger.mjs';
import { countHandles, startRoomsHost } from './rooms-host.mjs';

const TICK_MS = 25;
const faults = [];
process.on('uncaughtException', (error) => faults.push(`uncaught: ${error?.stack ?? error}`));
process.on('unhandledRejection', (reason) => faults.push(`unhandled: ${reason?.stack ?? reason}`));

let ticks = 0;
const app = await startRoomsHost({
  auth: { accessTokenQuery: true },
  push: {
    origins: ['https://shop.example', 'https://*.shop.example'],
    drainMs: 1000,
    // As much as comes while a busy machine keeps the bystander from polling.
    historyCount: 10_000,
    // Nor is it to be turned away because the machine has no time for this process.
    maxEventLoopDelayMs: 0,
  },
  logger: failureLogger((text) => faults.push(`logged: ${text}`)),
  answerControl: (_url, host) => stateOf(host.get(PushService)),
  onEnd: () => clearInterval(ticking),
});
const push = app.get(PushService);
const ticking = setInterval(() => void push.toUser('bystander', 'tick', ++ticks), TICK_MS);

async function stateOf(service) {
  globalThis.gc();
  const { connections } = await service.stats();
  const { heapUsed, external } = process.memoryUsage();
  return { ticks, connections, resources: countHandles(), usedBytes: heapUsed + external, faults };
}
