import { once } from 'node:events';
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';

/** A way to a server that can be cut: bytes pass through until a test pulls the plug. */
export class TcpProxy {
  private readonly sockets = new Set<Socket>();
  private isPassing = true;

  private constructor(
    private readonly server: Server,
    /** Without a slash at the end. */
    readonly url: string,
  ) {}

  /** Stands before the server at `url`, on a free port of loopback. */
  static async before(url: string): Promise<TcpProxy> {
    const { hostname, port } = new URL(url);
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new TcpProxy(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on('connection', (near) => proxy.pass(near, connect(Number(port), hostname)));
    return proxy;
  }

  /** Cuts every connection there is, with a reset; new ones pass. */
  cut(): void {
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  /** Cuts every connection, and every new one at once, until {@link repair}. */
  breakDown(): void {
    this.isPassing = false;
    this.cut();
  }

  repair(): void {
    this.isPassing = true;
  }

  async close(): Promise<void> {
    this.server.close();
    this.cut();
    await once(this.server, 'close');
  }

  private pass(near: Socket, far: Socket): void {
    for (const [socket, other] of [[near, far] as const, [far, near] as const]) {
      this.sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
    if (!this.isPassing) near.resetAndDestroy();
  }
}
