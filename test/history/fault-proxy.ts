/**
 * A TCP proxy that does to connections what networks do: cuts them at any byte, and so in mid-frame, stalls one
 * direction or both, closes half of them, resets them. Each connection draws its own fate from the proxy's chance.
 */
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { SeededRandom } from './seeded-random.js';

/** What happens to a connection once so many bytes have come back from the server. */
export interface Fault {
  readonly type: 'cut' | 'reset' | 'half-close' | 'stall';
  readonly afterBytes: number;
  /** How long a stall lasts, in milliseconds. */
  readonly stallMs?: number;
  /** Which way nothing goes during a stall. @default 'both' */
  readonly direction?: 'up' | 'down' | 'both';
}

/** Draws the fate of the next connection; undefined lets it pass. */
export type FaultPlan = (random: SeededRandom) => Fault | undefined;

/** Nothing happens. */
export const CALM: FaultPlan = () => undefined;

/** How long a half-closed connection lives on in the other direction, in milliseconds. */
const HALF_CLOSED_MS = 30;

/** Stands between recipients and a server. */
export class FaultProxy {
  /** What happens to connections from now on. */
  plan: FaultPlan = CALM;
  /** How many faults struck, by type. */
  readonly struck: Record<Fault['type'], number> = { cut: 0, reset: 0, 'half-close': 0, stall: 0 };
  private readonly live = new Set<Socket>();
  private readonly timers = new Set<NodeJS.Timeout>();

  private constructor(
    private readonly server: Server,
    private readonly upstreamPort: () => number,
    private readonly random: SeededRandom,
  ) {
    server.on('connection', (client) => this.accept(client));
  }

  /** Listens on a free port of loopback; `upstreamPort` is asked for each connection. */
  static async start(upstreamPort: () => number, random: SeededRandom): Promise<FaultProxy> {
    const server = createServer({ allowHalfOpen: true });
    const proxy = new FaultProxy(server, upstreamPort, random);
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Cuts everything that is open, wherever it stands. */
  cutAll(): void {
    for (const socket of this.live) socket.destroy();
  }

  async close(): Promise<void> {
    for (const timer of this.timers) clearTimeout(timer);
    this.cutAll();
    await new Promise((resolve) => {
      this.server.close(resolve);
    });
  }

  private accept(client: Socket): void {
    const server = connect({ port: this.upstreamPort(), host: '127.0.0.1', allowHalfOpen: true });
    const fault = this.plan(this.random);
    this.join(client, server);
    this.join(server, client);
    client.on('data', (chunk: Buffer) => forward(chunk, client, server));
    let left = fault?.afterBytes ?? Infinity;
    server.on('data', (chunk: Buffer) => {
      const strikes = fault !== undefined && left < chunk.byteLength;
      const through = strikes ? chunk.subarray(0, left) : chunk;
      left -= chunk.byteLength;
      if (!strikes) return forward(through, server, client);
      left = Infinity;
      this.struck[fault.type]++;
      this.strike(fault, { client, server, through, rest: chunk.subarray(through.byteLength) });
    });
  }

  /** The end of one side is the end of the other. */
  private join(socket: Socket, other: Socket): void {
    this.live.add(socket);
    socket.on('error', () => {});
    socket.on('end', () => other.end());
    socket.on('close', () => {
      this.live.delete(socket);
      other.destroy();
    });
  }

  private strike({ type, stallMs = 0, direction = 'both' }: Fault, { client, server, through, rest }: Struck): void {
    switch (type) {
      case 'cut':
        client.write(through, () => client.destroy());
        return;
      case 'reset':
        client.write(through, () => client.resetAndDestroy());
        return;
      case 'half-close':
        client.end(through);
        server.pause();
        this.later(HALF_CLOSED_MS, () => server.destroy());
        return;
      case 'stall':
        client.write(through);
        if (direction === 'up') client.write(rest);
        else server.pause();
        if (direction !== 'down') client.pause();
        this.later(stallMs, () => {
          if (direction !== 'up') client.write(rest);
          server.resume();
          client.resume();
        });
    }
  }

  private later(ms: number, then: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      then();
    }, ms);
    this.timers.add(timer);
  }
}

interface Struck {
  readonly client: Socket;
  readonly server: Socket;
  /** The bytes before the fault and those after it. */
  readonly through: Buffer;
  readonly rest: Buffer;
}

/** Hands on what came, and lets the sender wait while the receiver takes nothing: a slow reader stays visible. */
function forward(chunk: Buffer, from: Socket, to: Socket): void {
  if (to.writableEnded || to.write(chunk)) return;
  from.pause();
  to.once('drain', () => from.resume());
}
