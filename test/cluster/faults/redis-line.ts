/**
 * The way from a node to its Redis. It can stand still, in one direction or in both, while both ends believe that they
 * are connected: what a firewall that has forgotten a connection does, or a machine whose power is gone. It can be cut, be
 * slow, and lead to a server that nobody publishes on any more.
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Which way nothing goes: `up` is from the node to Redis. */
export type StalledWay = 'up' | 'down' | 'both';

/** One connection of the node, and what it leads to. */
interface Pair {
  readonly near: Socket;
  far: Socket;
  /** What the node has subscribed to, as it said so. */
  readonly subscriptions: Buffer[];
}

/** A TCP proxy before a port of loopback. */
export class RedisLine {
  private readonly pairs = new Set<Pair>();
  private stalled: StalledWay | undefined;
  private delay: (() => number) | undefined;

  private constructor(
    private readonly server: Server,
    private readonly upstreamPort: number,
  ) {
    server.on('connection', (near) => this.join(near));
  }

  static async start(upstreamPort: number): Promise<RedisLine> {
    const server = createServer();
    const line = new RedisLine(server, upstreamPort);
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    return line;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** From now on nothing goes this way, on new connections neither. Nobody is told. */
  stall(way: StalledWay): void {
    this.stalled = way;
    this.apply();
  }

  /** Everything goes again, what was held back first. */
  heal(): void {
    this.stalled = undefined;
    this.apply();
  }

  /** Ends all connections; new ones are taken. */
  cut(): void {
    for (const { near, far } of this.pairs) for (const socket of [near, far]) socket.resetAndDestroy();
  }

  /** What passes from now on takes so long, in milliseconds, in each direction; undefined for no time. */
  slowDown(delay: (() => number) | undefined): void {
    this.delay = delay;
  }

  /**
   * Every subscriber of now is moved to the server on that port, subscribed as it was, and is not told: pings are
   * answered there, and nothing is published. Commands and new connections go where they went. Resolves when the node
   * has given up all of them.
   */
  async strandSubscribers(port: number): Promise<void> {
    const moved = [...this.pairs].filter(({ subscriptions }) => subscriptions.length > 0);
    const given = Promise.all(moved.map(({ near }) => once(near, 'close')));
    for (const pair of moved) {
      const stranded = connect(port, '127.0.0.1');
      pair.far.removeAllListeners('data').removeAllListeners('close').destroy();
      pair.far = stranded;
      for (const chunk of pair.subscriptions) stranded.write(chunk);
      // The answers to what it never asked are not for the node.
      stranded.resume();
      await sleep(100);
      this.listen(pair);
    }
    await given;
  }

  async close(): Promise<void> {
    for (const { near, far } of this.pairs) for (const socket of [near, far]) socket.destroy();
    await new Promise((resolve) => {
      this.server.close(resolve);
    });
  }

  private join(near: Socket): void {
    const pair: Pair = { near, far: connect(this.upstreamPort, '127.0.0.1'), subscriptions: [] };
    this.pairs.add(pair);
    let lastUp: Promise<void> | undefined;
    near.on('data', (chunk: Buffer) => {
      if (chunk.includes('ubscribe') || chunk.includes('UBSCRIBE')) pair.subscriptions.push(chunk);
      lastUp = this.pass(lastUp, () => pair.far.write(chunk));
    });
    near.on('error', () => pair.far.destroy());
    near.on('close', () => {
      this.pairs.delete(pair);
      pair.far.destroy();
    });
    this.listen(pair);
    this.apply();
  }

  private listen({ near, far }: Pair): void {
    let lastDown: Promise<void> | undefined;
    far.on('data', (chunk: Buffer) => {
      lastDown = this.pass(lastDown, () => near.write(chunk));
    });
    far.on('error', () => near.destroy());
    far.on('close', () => near.destroy());
  }

  /** In order, however long each part takes: what comes after a slow part waits for it, also when nothing is slow any more. */
  private pass(last: Promise<void> | undefined, write: () => void): Promise<void> | undefined {
    const { delay } = this;
    if (delay) {
      const due = sleep(delay());
      return (last ?? due).then(() => due).then(write);
    }
    if (last) return last.then(write);
    write();
    return undefined;
  }

  private apply(): void {
    const { stalled } = this;
    for (const { near, far } of this.pairs) {
      setFlow(near, stalled === undefined || stalled === 'down');
      setFlow(far, stalled === undefined || stalled === 'up');
    }
  }
}

function setFlow(socket: Socket, flows: boolean): void {
  if (flows) socket.resume();
  else socket.pause();
}
