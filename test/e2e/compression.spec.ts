import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import fastifyCompress from '@fastify/compress';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import compression from 'compression';
import { eventually } from '../support/eventually.js';
import { PLATFORMS, PushApp } from '../support/push-app.js';
import type { Platform } from '../support/push-app.js';
import { SseClient } from '../support/sse-client.js';
import { bearer, signToken } from '../support/tokens.js';

@Controller('host')
class HostController {
  @Get()
  report(): { readonly text: string } {
    return { text: 'x'.repeat(2_000) };
  }
}

/** Of whatever length, so that no answer gets by because it is short. */
const EVERYTHING = { threshold: 0 };

const compressAnswers: Record<Platform, (host: INestApplication) => Promise<void>> = {
  express: async (host) => void (host as NestExpressApplication).use(compression(EVERYTHING)),
  fastify: async (host) => void (await (host as NestFastifyApplication).register(fastifyCompress, EVERYTHING)),
};

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** As the client of a request that allows gzip reads it. */
  readonly text: string;
}

let app: PushApp;
const streams: SseClient[] = [];
const gzipHeaders = (token = signToken()) => ({ ...bearer(token), 'accept-encoding': 'gzip' });

async function askFor(path: string, headers = gzipHeaders(), frame?: unknown): Promise<Answer> {
  const isFrame = frame !== undefined;
  const request = httpRequest(app.origin + path, {
    method: isFrame ? 'POST' : 'GET',
    headers: isFrame ? { ...headers, 'content-type': 'application/json' } : headers,
    agent: false,
  });
  request.end(isFrame ? JSON.stringify(frame) : undefined);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const body = await buffer(response);
  const isZipped = response.headers['content-encoding'] === 'gzip';
  const text = (isZipped ? gunzipSync(body) : body).toString();
  return { status: response.statusCode ?? 0, headers: response.headers, text };
}

async function open(query = '', headers = gzipHeaders()): Promise<SseClient> {
  const stream = await SseClient.open(`${app.origin}/push/sse${query}`, headers);
  streams.push(stream);
  return stream;
}

describe.each(PLATFORMS)('behind the compression of a host on %s', (platform) => {
  beforeEach(async () => {
    app = await PushApp.start({
      platform,
      push: { maxPerUser: 2 },
      metadata: { controllers: [HostController] },
      configure: compressAnswers[platform],
    });
  });
  afterEach(async () => {
    for (const stream of streams.splice(0)) stream.close();
    await app.close();
  });

  it('other answers are compressed', async () => {
    const { headers, text } = await askFor('/host');
    expect(headers['content-encoding']).toBe('gzip');
    expect(JSON.parse(text)).toEqual({ text: 'x'.repeat(2_000) });
  });

  it('events of a stream arrive at once, as they are', async () => {
    const stream = await open();
    expect(stream.headers['content-encoding']).toBeUndefined();
    await stream.next('push:welcome');
    for (const data of ['a', 'b'.repeat(5_000), 'ü']) {
      await app.push.toUser('7', 'news', data);
      expect(await stream.next('news')).toMatchObject({ data });
    }
    await app.push.disconnect({ user: '7' });
    await stream.next('push:closing');
    await stream.end();
  });

  it('named events do too', async () => {
    const stream = await open('?named=1');
    await eventually(() => stream.blocks.some(({ event }) => event === 'push:welcome'));
    await app.push.toUser('7', 'news', { a: 1 });
    await eventually(() => stream.blocks.some(({ event, data }) => event === 'news' && data === '{"a":1}'));
  });

  it('a stream ends whole with the application', async () => {
    const stream = await open();
    await stream.next('push:welcome');
    await app.close();
    await stream.end();
    expect(stream.response.complete).toBe(true);
    expect(stream.blocks.at(-1)?.data).toContain('push:closing');
  });

  it('polls are readable, those that wait too', async () => {
    const empty = await askFor('/push/poll?wait=0');
    expect([empty.status, empty.headers['cache-control']]).toEqual([200, 'no-store']);
    const { cursor } = JSON.parse(empty.text) as { readonly cursor: string };

    const waiting = askFor(`/push/poll?cursor=${cursor}`);
    await eventually(async () => (await app.push.stats()).connections.poll === 1);
    await app.push.toUser('7', 'news', 'ü'.repeat(5_000));

    const { status, text } = await waiting;
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({ messages: [{ event: 'news', data: 'ü'.repeat(5_000) }], more: false });
  });

  it('problems are readable', async () => {
    const { status, headers, text } = await askFor('/push/poll', gzipHeaders('no.good.token'));
    expect([status, headers['content-type']]).toEqual([401, 'application/problem+json; charset=utf-8']);
    expect(JSON.parse(text)).toMatchObject({ status: 401, code: 'unauthorized' });
  });

  it('an event source that is refused for a while can read so', async () => {
    for (let count = 0; count < 2; count++) await (await open()).next('push:welcome');
    const { ticket } = JSON.parse((await askFor('/push/ticket', gzipHeaders(), {})).text) as {
      readonly ticket: string;
    };
    const stream = await SseClient.open(`${app.origin}/push/sse?ticket=${ticket}`, { 'accept-encoding': 'gzip' });
    expect([stream.status, stream.headers['content-encoding']]).toEqual([200, undefined]);
    await stream.next('push:draining');
    await stream.end();
  });

  it('frames by request are answered', async () => {
    const pong = await askFor('/push/upstream', gzipHeaders(), { event: 'push:ping', ref: 'p' });
    expect([pong.status, JSON.parse(pong.text)]).toEqual([200, { event: 'push:pong', ref: 'p' }]);
    const refused = await askFor('/push/upstream', gzipHeaders(), { event: 'nobody', ref: 'n' });
    expect([refused.status, JSON.parse(refused.text)]).toMatchObject([404, { event: 'push:error', ref: 'n' }]);
  });
});
