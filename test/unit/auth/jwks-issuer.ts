import type { KeyObject } from 'node:crypto';
import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A real issuer on loopback whose behaviour a test changes while it runs. */
export class JwksIssuer {
  /** Requests that arrived. */
  fetches = 0;
  /** How a request is answered. */
  answer: (response: ServerResponse) => void = (response) => this.serve(response);
  private keys: object[] = [];
  private readonly server: Server = createServer((_, response) => {
    this.fetches++;
    this.answer(response);
  });

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/jwks`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Publishes these keys in place of the former ones. */
  publish(...keys: { readonly key: KeyObject; readonly kid?: string | undefined; readonly alg?: string }[]): void {
    this.keys = keys.map(({ key, ...members }) => ({ ...key.export({ format: 'jwk' }), use: 'sig', ...members }));
  }

  serve(response: ServerResponse): void {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: this.keys }));
  }
}
