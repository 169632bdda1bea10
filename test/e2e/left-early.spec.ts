import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import type { IncomingHttpHeaders } from 'node:http2';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { ask } from '../support/http-request.js';
import { PLATFORMS, PushApp } from '../support/push-app.js';
import { selfSignedCertificate } from '../support/self-signed-certificate.js';
import { bearer, signToken } from '../support/tokens.js';

const TRANSPORTS = ['sse', 'poll'] as const;

/** Over HTTP/2 it has a stream. */
type HeldRequest = IncomingMessage & { readonly stream?: Duplex };

/** A middleware of the host that takes its time, such as one that looks up a session. */
class Gate {
  readonly held: { readonly request: HeldRequest; readonly pass: () => void }[] = [];
  isOpen = false;

  readonly middleware = (request: HeldRequest, _response: ServerResponse, next: () => void): void => {
    if (this.isOpen) next();
    else this.held.push({ request, pass: next });
  };

  /** Lets all through that were held. */
  open(): void {
    this.isOpen = true;
    for (const { pass } of this.held.splice(0)) pass();
  }
}

describe.each(PLATFORMS)('a client that leaves while the host looks at its request, on %s', (platform) => {
  let app: PushApp;
  let gate: Gate;
  let socket: Socket;

  beforeEach(async () => {
    gate = new Gate();
    app = await PushApp.start({ platform, configure: (host) => host.use(gate.middleware) });
    socket = connect({ port: app.port, host: '127.0.0.1' }).on('error', () => {});
    await once(socket, 'connect');
  });
  afterEach(async () => {
    socket.destroy();
    await app.close();
  });

  function get(path: string): string {
    return `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: ${bearer(signToken()).authorization}\r\n\r\n`;
  }

  /** Writes the requests, leaves when the host has them, and has the host let them through then. */
  async function leaveAfter(...paths: readonly string[]): Promise<void> {
    socket.write(paths.map(get).join(''));
    await eventually(() => gate.held.length === paths.length);
    const [first] = gate.held;
    socket.destroy();
    await eventually(() => first?.request.socket.closed === true);
    gate.open();
    const { status } = await ask(`${app.origin}/push/handshake`, { headers: bearer(signToken()) });
    expect(status).toBe(204);
  }

  it.each(TRANSPORTS)('is not connected over %s', async (transport) => {
    await leaveAfter(`/push/${transport}`);
    expect((await app.push.stats()).connections[transport]).toBe(0);
  });

  it.each(TRANSPORTS)('is not connected over %s behind a request that was not answered', async (transport) => {
    await leaveAfter('/push/handshake', `/push/${transport}`);
    expect((await app.push.stats()).connections[transport]).toBe(0);
  });
});

describe.each(PLATFORMS)('a client that leaves, whatever version of HTTP it names, on %s', (platform) => {
  it.each(
    TRANSPORTS.flatMap((transport) => ['0.9', '1.0', '1.1', '2.0'].map((version) => [transport, version] as const)),
  )('has its %s, which waited behind a poll, ended under HTTP/%s', async (transport, version) => {
    const app = await PushApp.start({ platform, push: { heartbeatMs: 60_000 } });
    try {
      const socket = connect({ port: app.port, host: '127.0.0.1' }).on('error', () => {});
      const { authorization } = bearer(signToken());
      const requests = [
        ['poll', '1.1'],
        [transport, version],
      ];
      for (const [name, its] of requests) {
        socket.write(`GET /push/${name} HTTP/${its}\r\nHost: 127.0.0.1\r\nAuthorization: ${authorization}\r\n\r\n`);
      }
      const counts = async () => {
        const { poll, sse } = (await app.push.stats()).connections;
        return poll + sse;
      };
      await eventually(async () => (await counts()) === 2);
      socket.destroy();
      await eventually(async () => (await counts()) === 0, { what: 'both to be gone' });
    } finally {
      await app.close();
    }
  });
});

describe('a client that leaves while the host looks at its request, over HTTP/2', () => {
  it.each(TRANSPORTS)('is not connected over %s', async (transport) => {
    const gate = new Gate();
    const certificate = selfSignedCertificate();
    const app = await PushApp.start({
      fastify: { http2: true, https: { allowHTTP1: true, ...certificate } },
      configure: (host) => host.use(gate.middleware),
    });
    const session = connectHttp2(app.origin.replace('http:', 'https:'), { ca: certificate.cert });
    try {
      const { authorization } = bearer(signToken());
      const left = session.request({ ':path': `/push/${transport}`, authorization }).on('error', () => {});
      await eventually(() => gate.held.length === 1);
      const [first] = gate.held;
      left.close();
      await eventually(() => first?.request.stream?.destroyed === true);
      gate.open();
      const next = session.request({ ':path': '/push/handshake', authorization });
      const [head] = (await once(next, 'response')) as [IncomingHttpHeaders];
      expect(head[':status']).toBe(204);
      expect((await app.push.stats()).connections[transport]).toBe(0);
    } finally {
      session.destroy();
      await app.close();
    }
  });
});
