import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PLATFORMS, PushApp } from '../support/push-app.js';
import { SseClient } from '../support/sse-client.js';
import { bearer, signToken } from '../support/tokens.js';

let app: PushApp;
const clients: SseClient[] = [];

async function open(query = '', headers: Readonly<Record<string, string>> = bearer(signToken())): Promise<SseClient> {
  const client = await SseClient.open(`${app.origin}/push/sse${query}`, headers);
  clients.push(client);
  return client;
}

describe.each(PLATFORMS)('an event stream on %s', (platform) => {
  beforeEach(async () => {
    app = await PushApp.start({ platform, push: { origins: ['https://shop.example'] } });
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await app.close();
  });

  it('begins with how long to wait before coming back, then the welcome', async () => {
    const client = await open();

    expect(client.status).toBe(200);
    expect(client.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
      'transfer-encoding': 'chunked',
    });
    const { retry } = await client.nextBlock();
    expect(Number(retry)).toBeGreaterThanOrEqual(1_000);
    expect(Number(retry)).toBeLessThanOrEqual(3_000);
    const { id, data, event } = await client.nextBlock();
    expect(event).toBeUndefined();
    const welcome = JSON.parse(data ?? '') as { event: string; data: { cursor: string } };
    expect(welcome).toMatchObject({ event: 'push:welcome', data: { transport: 'sse', userId: '7', resumed: false } });
    expect(id).toBe(welcome.data.cursor);
  });

  it('carries messages as whole envelopes whose id is their cursor', async () => {
    const client = await open();
    await client.next('push:welcome');

    const receipt = await app.push.toUser('7', 'order.status', { note: 'täglich 🚚' });

    expect(receipt).toMatchObject({ matched: { connections: 1 }, written: 1 });
    const { id, data } = await client.nextBlock();
    const envelope = JSON.parse(data ?? '') as { cursor: string };
    expect(envelope).toMatchObject({ id: receipt.id, event: 'order.status', data: { note: 'täglich 🚚' } });
    expect(id).toBe(envelope.cursor);
  });

  it('is resumed by Last-Event-ID', async () => {
    const first = await open();
    await first.next('push:welcome');
    await app.push.toUser('7', 'one', 1);
    const { id = '' } = await first.nextBlock();
    first.close();
    await app.push.toUser('7', 'two', 2);

    const second = await open('', { ...bearer(signToken()), 'last-event-id': id });

    expect(await second.next()).toMatchObject({ event: 'push:welcome', data: { resumed: true } });
    expect(await second.next()).toMatchObject({ event: 'two', data: 2 });
  });
});
