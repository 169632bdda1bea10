/**
 * The way from a node to its Redis. It can stand still, in one direction or in both, while both ends believe that they
 * are connected: what a firewall that has forgotten a connection does, or a machine whose power is gone.
 */
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** Which way nothing goes: `up` is from the node to Redis. */
export type StalledWay = 'up' | 'down' | 'both';

/** A TCP proxy before a port of loopback. */
export class RedisLine {
  private readonly pairs = new Set<{ readonly near: Socket; readonly far: Socket }>();
  private stalled: StalledWay | undefined;

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

  async close(): Promise<void> {
    for (const { near, far } of this.pairs) for (const socket of [near, far]) socket.destroy();
    await new Promise((resolve) => {
      this.server.close(resolve);
    });
  }

  private join(near: Socket): void {
    const pair = { near, far: connect(this.upstreamPort, '127.0.0.1') };
    this.pairs.add(pair);
    for (const [socket, other] of [[near, pair.far] as const, [pair.far, near] as const]) {
      socket.on('data', (chunk: Buffer) => other.write(chunk));
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.pairs.delete(pair);
        other.destroy();
      });
    }
    this.apply();
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
