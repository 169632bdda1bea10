import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { ask } from '../../support/http-request.js';

/** A node as a balancer knows it. */
export interface BalancedNode {
  readonly port: number;
}

const PROBE_MS = 50;

/**
 * What stands before the nodes in production: asks each whether it is ready, and gives new connections to those that are,
 * in turn. Connections that are open stay where they are.
 */
export class ReadyBalancer {
  private ready: readonly BalancedNode[] = [];
  private turn = 0;
  private readonly sockets = new Set<Socket>();
  private probing: Promise<void> = Promise.resolve();
  private isOpen = true;

  private constructor(
    private readonly server: Server,
    private readonly nodes: readonly BalancedNode[],
  ) {}

  static async before(nodes: readonly BalancedNode[]): Promise<ReadyBalancer> {
    const server = createServer({ noDelay: true });
    const balancer = new ReadyBalancer(server, nodes);
    server.on('connection', (socket) => balancer.pass(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    await balancer.probe();
    balancer.probing = balancer.keepProbing();
    return balancer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Nodes that get new connections now. */
  get readyNodes(): readonly BalancedNode[] {
    return this.ready;
  }

  async close(): Promise<void> {
    this.isOpen = false;
    await this.probing;
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await once(this.server, 'close');
  }

  private async keepProbing(): Promise<void> {
    while (this.isOpen) {
      await new Promise((resolve) => setTimeout(resolve, PROBE_MS));
      await this.probe();
    }
  }

  private async probe(): Promise<void> {
    const answers = await Promise.all(
      this.nodes.map(({ port }) =>
        ask(`http://127.0.0.1:${port}/health/ready`, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined),
      ),
    );
    this.ready = this.nodes.filter((_, index) => answers[index]?.status === 200);
  }

  private pass(near: Socket): void {
    const node = this.ready[this.turn++ % Math.max(1, this.ready.length)];
    if (!node) {
      near.destroy();
      return;
    }
    const far = connect({ port: node.port, host: '127.0.0.1', noDelay: true });
    for (const [socket, other] of [[near, far] as const, [far, near] as const]) {
      this.sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  }
}
