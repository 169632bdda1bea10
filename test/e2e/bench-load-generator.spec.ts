import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocketServer } from 'ws';
import { compileLoadGenerator, runLoad, whyNoLoadGenerator } from '../../bench/runner/load-generator.mjs';

const missing = whyNoLoadGenerator();
const describeWhereItCompiles = missing === undefined ? describe : describe.skip;
const title = missing === undefined ? 'load generator' : `load generator (skipped: ${missing})`;
const COMPILE_MS = 60_000;

/** A bare server that counts what it sends: the numbers that the generator must agree with. */
class CountingServer {
  written = 0;
  readonly tokens = new Set<string>();
  /** Leaves out every n-th message to each client; 0 leaves none out. */
  dropsEvery = 0;
  readonly #http = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => (text += String(chunk)));
    request.on('end', () => {
      this.#broadcast(text);
      response.writeHead(202, { 'content-length': 0 }).end();
    });
  });
  readonly #sockets = new WebSocketServer({ server: this.#http, path: '/ws' });

  async listen(): Promise<string> {
    this.#sockets.on('connection', (client, request) => {
      this.tokens.add(request.headers.authorization ?? '');
      client.on('error', () => client.terminate());
      client.on('message', () => client.send('{"event":"push:pong"}'));
      client.send('{"event":"push:welcome"}');
    });
    await new Promise<void>((resolve) => this.#http.listen(0, '127.0.0.1', resolve));
    return `127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  #broadcast(text: string): void {
    for (const client of this.#sockets.clients) {
      this.written += 1;
      if (this.dropsEvery === 0 || this.written % this.dropsEvery !== 0) client.send(text);
    }
  }

  async close(): Promise<void> {
    for (const client of this.#sockets.clients) client.terminate();
    this.#sockets.close();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }
}

describeWhereItCompiles(title, () => {
  const message = JSON.stringify({ event: 'bench', data: { sentUs: '0'.repeat(16), text: 'ä "quoted" text' } });
  let folder: string;
  let server: CountingServer;
  let target: { subscribe: string; publish: string; bodyFile: string };

  beforeAll(() => {
    compileLoadGenerator();
    folder = mkdtempSync(join(tmpdir(), 'bench-load-'));
    writeFileSync(join(folder, 'body.json'), message);
    writeFileSync(join(folder, 'tokens'), 'first\nsecond\nthird');
  }, COMPILE_MS);

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  beforeEach(async () => {
    server = new CountingServer();
    const authority = await server.listen();
    target = { subscribe: `${authority}/ws`, publish: `${authority}/`, bodyFile: join(folder, 'body.json') };
  });

  afterEach(() => server.close());

  it('counts every message to every client, and no other frame', async () => {
    const report = await runLoad({
      ...target,
      connections: 50,
      publishCount: 40,
      window: 4,
      publishers: 4,
      duration: 30,
    });
    expect(report).toMatchObject({ connections: 50, published: 40, publishErrors: 0, messages: 2000, lost: 0 });
    expect(server.written).toBe(2000);
  });

  it('measures the length of a message and a latency for each', async () => {
    const report = await runLoad({ ...target, connections: 3, publishCount: 5, duration: 30 });
    expect(report.bytesPerMessage).toBe(Buffer.byteLength(message));
    expect(report.latencyUs?.count).toBe(15);
    expect(report.answerUs?.count).toBe(5);
  });

  it('publishes as many messages as the rate of an open loop asks for', async () => {
    const report = await runLoad({ ...target, connections: 2, publishRate: 200, publishers: 8, duration: 1 });
    // On a busy machine it may fall behind; it never runs ahead.
    expect(report.published).toBeGreaterThan(100);
    expect(report.published).toBeLessThanOrEqual(201);
    expect(report.messages).toBe(report.published * 2);
  });

  it('reports the messages that a server never sent', async () => {
    server.dropsEvery = 10;
    const report = await runLoad({
      ...target,
      connections: 10,
      publishCount: 20,
      window: 20,
      duration: 30,
      drain: 0.5,
    });
    expect(report).toMatchObject({ published: 20, messages: 180, lost: 20 });
  });

  it('gives each connection its own token and waits for the welcome', async () => {
    await runLoad({
      subscribe: target.subscribe,
      connections: 3,
      tokenFile: join(folder, 'tokens'),
      readyText: 'push:welcome',
      duration: 0,
    });
    expect([...server.tokens].toSorted()).toEqual(['Bearer first', 'Bearer second', 'Bearer third']);
  });

  it('does not wait for slow readers', async () => {
    const report = await runLoad({ ...target, connections: 10, slowReaders: 2, publishCount: 5, duration: 30 });
    expect(report).toMatchObject({ connections: 10, messages: 40, lost: 0, slowCutOff: 0 });
  });

  it('times the answers to a bystander while a broadcast is under way', async () => {
    const report = await runLoad({
      ...target,
      connections: 20,
      pingText: '{"event":"push:ping"}',
      pongText: 'push:pong',
      pingGap: 0.001,
      duration: 0.5,
    });
    expect(report.pingUs?.count).toBeGreaterThan(0);
    expect(report.lost).toBe(0);
  });

  it('fails when a connection is refused', async () => {
    const elsewhere = { ...target, subscribe: target.subscribe.replace('/ws', '/elsewhere') };
    await expect(runLoad({ ...elsewhere, connections: 1, duration: 0 })).rejects.toThrow('refused: HTTP/1.1 400');
  });

  it('refuses a target that is not on this machine', async () => {
    await expect(runLoad({ subscribe: '192.0.2.1:80/ws', duration: 0 })).rejects.toThrow('not a loopback address');
  });
});
