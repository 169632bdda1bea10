/** A `redis-server` of the benchmark's own, without persistence, and what it costs. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';

const program = process.env.REDIS_SERVER || 'redis-server';

/** Why rows about Redis cannot run here; `undefined` where they can. */
export function whyNoRedis() {
  if (spawnSync(program, ['--version']).status === 0) return undefined;
  return 'there is no redis-server: install it (`apt-get install redis-server`), or name it in `REDIS_SERVER`.';
}

export function redisVersion() {
  const said = spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout ?? '';
  return `Redis ${/v=([\d.]+)/.exec(said)?.[1] ?? 'unknown'}`;
}

export class RedisProcess {
  #child;
  #folder;
  #operator;

  constructor(child, folder, port) {
    this.#child = child;
    this.#folder = folder;
    this.port = port;
    this.url = `redis://127.0.0.1:${port}`;
    this.#operator = new Redis(this.url);
  }

  static async start(settings = []) {
    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), 'push-bench-redis-'));
    const args = ['--port', port, '--bind', '127.0.0.1', '--dir', folder, '--save', '', ...settings];
    const child = spawn(program, args.map(String), { stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const line of createInterface(child.stdout)) {
      if (/Ready to accept connections/.test(line)) break;
    }
    child.stdout.resume();
    return new RedisProcess(child, folder, port);
  }

  /** Says a command as an operator, whose connection is no node's. */
  say(name, ...args) {
    return this.#operator.call(name, ...args);
  }

  /** User and system time until now, microseconds. */
  async cpuUs() {
    const info = await this.say('INFO', 'cpu');
    const seconds = (name) => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)[1]);
    return Math.round((seconds('used_cpu_user') + seconds('used_cpu_sys')) * 1e6);
  }

  async memoryBytes() {
    return Number(/^used_memory:(\d+)/m.exec(await this.say('INFO', 'memory'))[1]);
  }

  /** What it costs, in microseconds, while the work is done; beside the answer of the work. */
  async measured(work) {
    const before = await this.cpuUs();
    const result = await work();
    return { ...result, redisCpuUs: (await this.cpuUs()) - before };
  }

  async stop() {
    this.#operator.disconnect();
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** A port of loopback that nothing listens on now. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}
