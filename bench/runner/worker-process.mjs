/** A program of `peers/` that is called by IPC, `peers/worker.mjs` on its side. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export class WorkerProcess {
  #child;
  #calls = new Map();
  #lastId = 0;

  constructor(child) {
    this.#child = child;
    child.on('message', ({ id, result, error }) => {
      const call = this.#calls.get(id);
      this.#calls.delete(id);
      if (error === undefined) call?.resolve(result);
      else call?.reject(new Error(error));
    });
    child.on('exit', (code, signal) => {
      for (const { reject } of this.#calls.values()) reject(new Error(`a worker ended: ${code ?? signal}`));
    });
  }

  static async start(file) {
    const flags = (process.env.BENCH_NODE_FLAGS ?? '').split(' ').filter(Boolean);
    const path = fileURLToPath(new URL(`../peers/${file}`, import.meta.url));
    const execArgv = ['--expose-gc', ...flags];
    const child = fork(path, { execArgv, env: { ...process.env, NODE_ENV: 'production' }, stdio: 'inherit' });
    await once(child, 'message');
    return new WorkerProcess(child);
  }

  get pid() {
    return this.#child.pid;
  }

  /** Resolves to what the door of that name answers. */
  call(door, order = {}) {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject });
      this.#child.send({ id, door, order });
    });
  }

  async stop() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGTERM');
    await once(this.#child, 'exit');
  }
}
