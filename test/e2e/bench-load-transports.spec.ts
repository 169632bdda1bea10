import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileLoadGenerator, runLoad, whyNoLoadGenerator } from '../../bench/runner/load-generator.mjs';

const missing = whyNoLoadGenerator();
const describeWhereItCompiles = missing === undefined ? describe : describe.skip;
const title = missing === undefined ? 'load generator' : `load generator (skipped: ${missing})`;
const COMPILE_MS = 60_000;
const MESSAGE = JSON.stringify({ event: 'bench', data: { sentUs: '0'.repeat(16), text: 'ä "quoted" text' } });

async function readBody(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
  return text;
}

const accept = (response: ServerResponse): void => {
  response.writeHead(202, { 'content-length': 0 }).end();
};

/** Streams with a log: `?cursor=<n>` is replayed what came after the n-th message. */
class StreamServer {
  readonly cursors: (string | null)[] = [];
  /** What a stream is written of a text, for servers that cut it into pieces. */
  pieces = (text: string): readonly (string | Buffer)[] => [text];
  /** How often a replayed message is written. */
  replays = 1;
  private readonly log: string[] = [];
  private readonly streams = new Set<ServerResponse>();

  readonly handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method === 'GET') {
      this.open(new URL(request.url ?? '/', 'http://x').searchParams.get('cursor'), response);
      return;
    }
    const text = await readBody(request);
    this.log.push(text);
    for (const stream of this.streams) this.write(stream, text);
    accept(response);
  };

  private open(cursor: string | null, response: ServerResponse): void {
    this.cursors.push(cursor);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    this.streams.add(response);
    response.on('close', () => this.streams.delete(response));
    response.write(`retry: 1000\n\n: a comment\n\n`);
    const resumed = cursor !== null;
    this.write(response, JSON.stringify({ event: 'push:welcome', data: { cursor: `${this.log.length}`, resumed } }));
    const missed = resumed ? this.log.slice(Number(cursor)) : [];
    for (const text of missed) for (let i = 0; i < this.replays; i++) this.write(response, text);
  }

  private write(stream: ServerResponse, text: string): void {
    for (const piece of this.pieces(`id: 1\ndata: ${text}\n\n`)) stream.write(piece);
  }
}

describeWhereItCompiles(title, () => {
  let folder: string;
  let http: Server | undefined;

  async function listen(handle: (request: IncomingMessage, response: ServerResponse) => unknown): Promise<string> {
    // A publisher with nothing to say for 5 s, on a busy machine, is no reason to close its connection.
    http = createServer({ keepAliveTimeout: 0 }, (request, response) => void handle(request, response));
    http.listen(0, '127.0.0.1');
    await new Promise((resolve) => http?.once('listening', resolve));
    return `127.0.0.1:${(http.address() as AddressInfo).port}`;
  }

  const streaming = (authority: string) => ({
    transport: 'sse',
    subscribe: `${authority}/sse`,
    publish: `${authority}/`,
    bodyFile: join(folder, 'body.json'),
    readyText: 'push:welcome',
  });

  beforeAll(() => {
    compileLoadGenerator();
    folder = mkdtempSync(join(tmpdir(), 'bench-load-'));
    writeFileSync(join(folder, 'body.json'), MESSAGE);
  }, COMPILE_MS);

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  afterEach(async () => {
    http?.closeAllConnections();
    await new Promise((resolve) => http?.close(resolve));
  });

  it('counts every event of a stream, and no comment', async () => {
    const server = new StreamServer();
    const report = await runLoad({
      ...streaming(await listen(server.handle)),
      connections: 20,
      publishCount: 30,
      window: 4,
      publishers: 4,
      duration: 30,
      drain: 30,
    });
    expect(report).toMatchObject({ connections: 20, published: 30, messages: 600, lost: 0 });
    expect(report.bytesPerMessage).toBe(Buffer.byteLength(MESSAGE));
  });

  it('counts events that come in chunks of a byte', async () => {
    const server = new StreamServer();
    server.pieces = (text) => Array.from(Buffer.from(text), (byte) => Buffer.from([byte]));
    const report = await runLoad({
      ...streaming(await listen(server.handle)),
      connections: 2,
      publishCount: 10,
      duration: 30,
      drain: 30,
    });
    expect(report).toMatchObject({ messages: 20, lost: 0 });
    expect(report.bytesPerMessage).toBe(Buffer.byteLength(MESSAGE));
  });

  it('fails when an answer is no event stream', async () => {
    const authority = await listen((_request, response) => response.writeHead(200, { 'content-length': 2 }).end('{}'));
    await expect(
      runLoad({ transport: 'sse', subscribe: `${authority}/`, connections: 1, duration: 0 }),
    ).rejects.toThrow('no plain event stream');
  });

  it('always has a poll open, from the cursor of the last answer', async () => {
    const asked: string[] = [];
    const authority = await listen((request, response) => {
      asked.push(request.url ?? '');
      const body = JSON.stringify({ messages: [], cursor: `c${asked.length}`, more: false });
      if (asked.length < 4) response.writeHead(200, { 'content-length': body.length }).end(body);
    });
    const report = await runLoad({
      transport: 'poll',
      subscribe: `${authority}/poll`,
      connections: 1,
      pollWait: 7,
      settle: 0,
      duration: 1,
    });
    expect(asked).toEqual([
      '/poll?wait=0',
      '/poll?wait=7&cursor=c1',
      '/poll?wait=7&cursor=c2',
      '/poll?wait=7&cursor=c3',
    ]);
    expect(report.connections).toBe(1);
  });

  const storm = { storm: true, connections: 5, publishCount: 3, missed: 3, pid: process.pid, drain: 1 };

  it('lets all come back from where they were, and times their catch-up', async () => {
    const server = new StreamServer();
    const report = await runLoad({ ...streaming(await listen(server.handle)), ...storm });
    expect(report).toMatchObject({ connections: 5, incomplete: 0, repeated: 0, resumed: 5, gaps: 0 });
    expect(report.catchUpUs?.count).toBe(5);
    const phases = [null, '0', null, '3', null];
    expect(server.cursors).toEqual(phases.flatMap((cursor) => Array.from({ length: 5 }, () => cursor)));
  });

  it('reports who did not get everything', async () => {
    const server = new StreamServer();
    const report = await runLoad({ ...streaming(await listen(server.handle)), ...storm, missed: 4 });
    expect(report).toMatchObject({ incomplete: 5, repeated: 0 });
  });

  it('reports what came twice', async () => {
    const server = new StreamServer();
    server.replays = 2;
    const report = await runLoad({ ...streaming(await listen(server.handle)), ...storm });
    expect(report).toMatchObject({ incomplete: 0, repeated: 15 });
  });
});
