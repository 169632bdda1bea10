/** Starts a server of the benchmark in a process of its own, pinned to a core of its own where `taskset` is there. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { SECRET } from './inputs.mjs';

const START_MS = 30_000;
const canPin = availableParallelism() > 1 && spawnSync('taskset', ['-c', '0', 'true']).status === 0;

/** Server and load on different cores: on one they would take turns, and the order of the turns would be measured. */
export const serverPrefix = canPin ? ['taskset', '-c', '0'] : [];
export const loadPrefix = canPin ? ['taskset', '-c', '1'] : [];

/** `{ contestant, pid, authority, stop() }` once the server listens; throws with its error output when it does not. */
export async function startServer(contestant, settings) {
  return contestant.launch ? contestant.launch(contestant, serverPrefix) : startPeer(contestant, settings);
}

async function startPeer(contestant, settings) {
  const peer = fileURLToPath(new URL(`../peers/${contestant.file}`, import.meta.url));
  const flags = (process.env.BENCH_NODE_FLAGS ?? '').split(' ').filter(Boolean);
  const [command, ...rest] = [...serverPrefix, process.execPath, '--expose-gc', ...flags, peer];
  const child = spawn(command, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      NODE_ENV: 'production',
      BENCH_PEER: JSON.stringify({ secret: SECRET, ...settings, ...contestant.settings }),
    },
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (errors += text));
  const port = await portOf(child, () => errors);
  return {
    contestant,
    pid: child.pid,
    authority: `127.0.0.1:${port}`,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) {
        throw new Error(`${contestant.title} ended by itself: ${errors}`);
      }
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

async function portOf(child, errors) {
  const lines = createInterface(child.stdout);
  const started = (async () => {
    for await (const line of lines) {
      if (line.startsWith('{"port":')) return JSON.parse(line).port;
    }
    throw new Error(`A server of the benchmark did not start: ${errors()}`);
  })();
  const timer = setTimeout(() => child.kill('SIGKILL'), START_MS);
  try {
    return await started;
  } finally {
    clearTimeout(timer);
    child.stdout.resume();
  }
}
