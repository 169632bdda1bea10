/** A Redis for the time of the demo, on a free port, with its files in a folder that goes with it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Resolves to its `url` and how to `stop` it; rejects with what to do where there is no redis-server. */
export async function startRedis() {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'push-demo-redis-'));
  const args = ['--port', port, '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'yes'];
  const program = process.env.REDIS_SERVER || 'redis-server';
  // In a group of its own: Ctrl+C in the terminal is for us, and the nodes still need it while they end.
  const child = spawn(program, args.map(String), { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  const stop = async () => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      child.kill();
      await once(child, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await once(child, 'spawn');
    await untilReady(child);
  } catch (cause) {
    await stop();
    throw new Error(
      'there is no Redis: install redis-server, name it in REDIS_SERVER, or set PUSH_REDIS_URL to one that runs',
      { cause },
    );
  }
  return { url: `redis://127.0.0.1:${port}`, stop };
}

async function untilReady(child) {
  for await (const line of createInterface(child.stdout)) {
    if (!/Ready to accept connections/.test(line)) continue;
    child.stdout.resume();
    return;
  }
  throw new Error('redis-server ended');
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}
