import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { eventually } from './eventually.js';
import { freePort, onFreePorts } from './free-port.js';

/** Where the program is: `REDIS_SERVER`, or on the path; undefined where there is none. */
export function findRedisServer(): string | undefined {
  const named = process.env['REDIS_SERVER'];
  if (named) return named;
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, 'redis-server')).find((path) => existsSync(path));
}

/**
 * Why a suite that needs Redis cannot run, for the title of the skipped suite; an empty text where it can. In CI it throws
 * instead: a test that never runs proves nothing.
 */
export function redisAbsence(): string {
  if (findRedisServer() !== undefined) return '';
  const reason = 'there is no redis-server: install it (apt-get install redis-server), or name it in REDIS_SERVER';
  if (process.env['CI'] === 'true') throw new Error(reason);
  return ` [skipped: ${reason}]`;
}

/** A Redis of a test's own, on a free port of loopback, with its files in a folder that goes with it. */
export class RedisServer {
  private child: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly folder: string,
    private readonly settings: readonly string[],
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  /** Starts one. `settings` are arguments of the program, such as `--appendonly yes`; `env` is set beside ours. */
  static async start(
    settings: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Promise<RedisServer> {
    const folder = await mkdtemp(join(tmpdir(), 'push-redis-'));
    return onFreePorts(async () => {
      const server = new RedisServer(await freePort(), folder, ['--dir', folder, '--save', '', ...settings], env);
      await server.run();
      return server;
    });
  }

  /** Starts a Sentinel, which keeps what it learns in a file of its own, with these lines in it at first. */
  static async startSentinel(lines: readonly string[]): Promise<RedisServer> {
    const folder = await mkdtemp(join(tmpdir(), 'push-sentinel-'));
    const file = join(folder, 'sentinel.conf');
    return onFreePorts(async () => {
      await writeFile(file, `${lines.join('\n')}\n`);
      const server = new RedisServer(await freePort(), folder, [file, '--sentinel'], {});
      await server.run();
      return server;
    });
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts the program again after {@link kill}, on the same port and files. */
  async run(): Promise<void> {
    const program = findRedisServer();
    if (!program) throw new Error('no redis-server: install it, or name it in REDIS_SERVER');
    // The name of a file comes first, if there is one; what settings say of addresses comes last, and holds.
    const named = this.settings.findIndex((setting) => setting.startsWith('--'));
    const where = ['--port', `${this.port}`, '--bind', '127.0.0.1'];
    const args = [...this.settings.slice(0, named), ...where, ...this.settings.slice(named)];
    const child = spawn(program, args, { stdio: 'ignore', env: { ...process.env, ...this.env } });
    this.child = child;
    const killWithUs = () => child.kill('SIGKILL');
    process.on('exit', killWithUs);
    child.once('exit', () => process.off('exit', killWithUs));
    const hasEnded = () => child.exitCode !== null;
    await eventually(() => hasEnded() || this.answers(), { timeoutMs: 10_000, what: 'redis-server to answer' });
    if (hasEnded()) throw new Error(`redis-server ended with ${child.exitCode}; a port of it may have been taken`);
  }

  /** Ends the program as the signal does, and waits until it is gone. */
  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  }

  /** The program stands still, with all its connections open. */
  freeze(): void {
    this.child?.kill('SIGSTOP');
  }

  /** And goes on. */
  thaw(): void {
    this.child?.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  private answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = createConnection(this.port, '127.0.0.1');
      const finish = (isUp: boolean) => {
        socket.destroy();
        resolve(isUp);
      };
      socket.once('error', () => finish(false));
      socket.once('data', (data) => finish(data.toString().startsWith('+PONG')));
      socket.write('PING\r\n');
    });
  }
}
