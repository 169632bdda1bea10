/** The nodes of the shop: processes of the demo that are started, killed and started again. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const DEMO = fileURLToPath(new URL('../../demo/dist/main.js', import.meta.url));
/** Long enough to see on the page that it is gone. */
const RESTART_AFTER_MS = 2_000;

/** One node by its name, in one process after another. */
class Node {
  port;
  #child;
  #variables;
  #isWanted = true;
  #say;

  constructor(name, variables, say) {
    this.name = name;
    this.#variables = variables;
    this.#say = say;
  }

  get state() {
    const { pid } = this.#child ?? {};
    return { node: this.name, state: this.port === undefined ? 'away' : 'up', ...(pid && { pid }) };
  }

  /** Resolves when it listens; rejects when it ends before. */
  async start() {
    const env = { ...process.env, ...this.#variables, HOST: '127.0.0.1', PORT: '0', DEMO_NODE: this.name };
    const child = spawn(process.execPath, [DEMO], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child = child;
    const ended = once(child, 'exit').then(([code, signal]) => this.#onExit(signal ?? code));
    await Promise.race([this.#untilListening(child), ended]);
    if (this.port === undefined) throw new Error(`node ${this.name} did not start`);
    this.#say(`node ${this.name} is up (process ${child.pid}, port ${this.port})`);
  }

  /** Ends the process by this signal; it is started again by itself. Nothing new goes there from now on. */
  end(signal) {
    this.port = undefined;
    this.#child?.kill(signal);
  }

  /** Ends it for good. */
  async stop() {
    this.#isWanted = false;
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    this.end('SIGTERM');
    await exited;
  }

  async #untilListening(child) {
    for await (const line of createInterface(child.stdout)) {
      const [, port] = /^listening on \S+:(\d+)$/.exec(line) ?? [];
      if (port === undefined) continue;
      this.port = Number(port);
      child.stdout.resume();
      return;
    }
  }

  async #onExit(reason) {
    const hadStarted = this.port !== undefined || this.#child?.killed;
    this.port = undefined;
    this.#child = undefined;
    if (!this.#isWanted || !hadStarted) return;
    this.#say(`node ${this.name} is gone (${reason})`);
    await sleep(RESTART_AFTER_MS);
    if (this.#isWanted) await this.start().catch((error) => this.#say(error.message));
  }
}

/** All nodes, and whose turn it is. */
export class Nodes {
  #nodes;
  #turn = 0;

  constructor(count, variables, say) {
    this.#nodes = Array.from({ length: count }, (_, index) => new Node(String(index + 1), variables, say));
  }

  /** How each of them fares. */
  get states() {
    return this.#nodes.map(({ state }) => state);
  }

  /** The next one that is up. */
  next() {
    for (let tried = 0; tried < this.#nodes.length; tried++) {
      const node = this.#nodes[this.#turn++ % this.#nodes.length];
      if (node.port !== undefined) return node;
    }
    return undefined;
  }

  named(name) {
    return this.#nodes.find((node) => node.name === name);
  }

  async start() {
    await Promise.all(this.#nodes.map((node) => node.start()));
  }

  async stop() {
    await Promise.all(this.#nodes.map((node) => node.stop()));
  }
}
