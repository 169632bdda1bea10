/** What Prometheus is told, by a running application. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { z } from 'zod';
import { PushMetrics } from '../../src/index.js';
import type { PushModuleOptions } from '../../src/index.js';
import { DrainService } from '../../src/push/drain.service.js';
import { eventually } from '../support/eventually.js';
import { Scrape } from '../support/metrics.js';
import { PLATFORMS, PushApp } from '../support/push-app.js';
import type { Platform } from '../support/push-app.js';
import { RestClient } from '../support/rest-client.js';
import { SseClient } from '../support/sse-client.js';
import { bearer, signToken } from '../support/tokens.js';
import { refusalOf } from '../support/ws-client.js';

let server: PushApp | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function start(
  metrics: NonNullable<PushModuleOptions['metrics']>,
  platform: Platform = 'fastify',
  push: PushModuleOptions = {},
): Promise<PushApp> {
  return (server = await PushApp.start({ platform, push: { ...push, metrics } }));
}

function scrape({ origin }: PushApp, path = '/metrics'): Promise<Scrape> {
  return Scrape.of(origin + path);
}

describe.each(PLATFORMS)('GET /metrics on %s', (platform) => {
  it('is answered in the text format of Prometheus, and not kept', async () => {
    const { origin } = await start({}, platform);
    const response = await fetch(`${origin}/metrics`);
    expect([response.status, response.headers.get('content-type'), response.headers.get('cache-control')]).toEqual([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
      'no-store',
    ]);
  });

  it('counts connections by transport, users and groups of now', async () => {
    const app = await start({}, platform);
    await app.connect('7', { groups: ['a', 'b'] });
    await app.connect('7');
    const stream = await SseClient.open(`${app.origin}/push/sse`, bearer(signToken({ sub: '8' })));
    await stream.next('push:welcome');

    const now = await scrape(app);

    const series = [
      'push_connections{transport="ws"}',
      'push_connections{transport="sse"}',
      'push_users',
      'push_groups',
    ];
    expect(series.map((name) => now.value(name))).toEqual([2, 1, 2, 2]);
    expect([now.value('push_nodes'), now.value('push_backing_up'), now.value('push_draining')]).toEqual([1, 1, 0]);
    stream.close();
  });

  it('gives quantiles in a summary, with the sum and the count of what was measured', async () => {
    const app = await start({}, platform);
    const name = 'push_event_loop_delay_seconds';
    await eventually(async () => (await scrape(app)).value(`${name}_count`) !== 0);

    const now = await scrape(app);

    // Elsewhere the label is an error to promtool.
    expect(Object.fromEntries(now.types())[name]).toBe('summary');
    expect(now.labels(name)).toEqual(['quantile']);
    expect(now.value(`${name}_sum`)).toBeGreaterThanOrEqual(0);
    expect(now.value(`${name}_count`)).toBeGreaterThan(0);
  });

  it('counts messages, connections matched and written, bytes and how long it took', async () => {
    const app = await start({}, platform);
    const clients = [await app.connect('7'), await app.connect('7'), await app.connect('8')];
    const before = await scrape(app);

    await app.push.toUser('7', 'order.status', { status: 'shipped' });
    await app.push.broadcast('news');
    await clients[2]?.next('news');

    await eventually(async () => {
      const after = await scrape(app);
      const grown = (series: string) => (after.value(series) ?? Number.NaN) - (before.value(series) ?? Number.NaN);
      expect(grown('push_messages_total')).toBe(2);
      expect(grown('push_messages_matched_total')).toBe(5);
      expect(grown('push_messages_written_total')).toBe(5);
      expect(grown('push_write_delay_seconds_count')).toBe(5);
      expect(grown('push_write_delay_seconds_bucket{le="+Inf"}')).toBe(5);
      expect(grown('push_written_bytes_total')).toBeGreaterThan(300);
    });
  });

  it('counts what REST has sent before with the same key as duplicates, of a batch each message', async () => {
    const app = await start({}, platform);
    const rest = RestClient.of(app);
    const note = { event: 'note', data: 1 };
    const to = (user: string) => ({ ...note, target: { users: [user] } });
    const send = (path: string, body: unknown, key: string) => rest.post(path, body, { 'Idempotency-Key': key });
    for (let time = 0; time < 2; time++) await send('/push/users/7', note, 'one');
    // The second message is refused, in the first answer and in the one that is given again.
    const batch = { messages: [to('7'), { ...to('8'), event: 'push:no' }, to('9')] };
    for (let time = 0; time < 2; time++) await send('/push/batch', batch, 'many');
    for (let time = 0; time < 2; time++) {
      await rest.post('/push/batch', { messages: [{ ...to('7'), idempotencyKey: 'item' }] });
    }

    const now = await scrape(app);

    const counted = ['accepted', 'duplicate'].map((outcome) => now.value(`push_sends_total{outcome="${outcome}"}`));
    expect(counted).toEqual([4, 4]);
  });

  it('counts handshakes by verdict and ends by code', async () => {
    const app = await start({}, platform);
    await refusalOf(app.wsUrl, { token: 'not-a-token' });
    const client = await app.connect('7');
    await app.push.disconnect({ user: '7' });
    await client.end();
    await (await app.connect('8')).close();

    await eventually(async () => {
      const now = await scrape(app);
      expect(now.value('push_handshakes_total{verdict="unauthorized"}')).toBe(1);
      expect(now.value('push_handshakes_total{verdict="admitted"}')).toBe(2);
      expect(now.value('push_disconnects_total{code="4505"}')).toBe(1);
      expect(now.value('push_disconnects_total{code="left"}')).toBe(1);
    });
  });

  it('counts answers of REST by status, and sends by outcome', async () => {
    const app = await start({}, platform);
    const post = (body: unknown, headers: Record<string, string> = {}) =>
      fetch(`${app.origin}/push/users/7`, {
        method: 'POST',
        headers: { ...bearer(signToken({ scope: 'push:send' })), 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
    await post({ event: 'a' });
    await post({ event: 'a', colour: 'green' });
    await fetch(`${app.origin}/push/users/7`, { method: 'POST' });
    await app.push.toUser('7', 'a', 1, { idempotencyKey: 'k' });
    await app.push.toUser('7', 'a', 1, { idempotencyKey: 'k' });
    await expect(app.push.toUser('7', 'push:mine')).rejects.toThrow();

    const now = await scrape(app);

    expect([202, 400, 401].map((status) => now.value(`push_rest_answers_total{status="${status}"}`))).toEqual([
      1, 1, 1,
    ]);
    const outcomes = ['accepted', 'duplicate', 'refused', 'unavailable', 'unknown'];
    expect(outcomes.map((outcome) => now.value(`push_sends_total{outcome="${outcome}"}`))).toEqual([2, 1, 1, 0, 0]);
  });

  it('counts what clients send as refused where it is wrong, and not where it is not allowed', async () => {
    const schema = z.object({ text: z.string() });
    const app = await start({}, platform, { events: [{ name: 'chat', direction: 'in', schema }] });
    const client = await app.connect('7');
    const codes: unknown[] = [];
    const send = async (data: unknown) => {
      const { data: refusal } = await client.request('push:send', data);
      codes.push((refusal as { readonly code: string }).code);
    };
    const to = { group: 'room:1' };
    await send({ to, event: 'chat', data: {} });
    await send({ to: {}, event: 'chat' });
    await send({ to, event: 'push:mine' });
    await send({ to, event: 'other' });

    expect(codes).toEqual(['invalid_data', 'invalid_data', 'reserved_event', 'forbidden']);
    expect((await scrape(app)).value('push_sends_total{outcome="refused"}')).toBe(3);
  });

  it('counts replays and gaps', async () => {
    const app = await start({}, platform, { historyCount: 2 });
    const first = await app.connect('7');
    await app.push.toUser('7', 'a', 1);
    const { cursor = '' } = await first.next('a');
    await first.close();
    for (const number of [2, 3]) await app.push.toUser('7', 'a', number);
    const second = await app.connect('7', {}, { query: `?cursor=${cursor}` });
    await second.next('a');
    await second.close();
    await app.push.toUser('7', 'a', 4);
    await app.connect('7', {}, { query: `?cursor=${cursor}` });
    await app.connect('7', {}, { query: '?cursor=nonsense' });

    await eventually(async () => {
      const now = await scrape(app);
      expect(now.value('push_replay_messages_count')).toBe(2);
      expect(now.value('push_replay_messages_sum')).toBe(4);
      expect(now.value('push_gaps_total{reason="expired"}')).toBe(1);
      expect(now.value('push_gaps_total{reason="invalid_cursor"}')).toBe(1);
    });
  });
});

describe('metrics', () => {
  it('are nowhere unless they are asked for', async () => {
    server = await PushApp.start();
    expect((await fetch(`${server.origin}/metrics`)).status).toBe(404);
    await expect(server.app.get(PushMetrics).scrape()).rejects.toThrow('metrics are off');
  });

  it('go into a registry of the host, under its prefix, and leave it with the application', async () => {
    const registry = new Registry();
    const app = await start({ registry, prefix: 'shop_push_', path: false });

    expect(await registry.metrics()).toMatch(/^shop_push_connections\{transport="ws"\} 0$/m);
    expect((await fetch(`${app.origin}/metrics`)).status).toBe(404);
    expect(await app.app.get(PushMetrics).scrape()).toContain('\nshop_push_nodes 1\n');

    await app.close();
    server = undefined;
    expect((await registry.metrics()).trim()).toBe('');
  });

  it('can be written in the format of OpenMetrics', async () => {
    const registry = new Registry();
    registry.setContentType('application/openmetrics-text; version=1.0.0; charset=utf-8' as never);
    const app = await start({ registry });

    const { text } = await scrape(app);

    expect(text).toMatch(/^# TYPE push_messages counter$/m);
    expect(text).toMatch(/^push_messages_total 0$/m);
    expect(text.trimEnd()).toMatch(/# EOF$/);
  });

  it('count sends by event for the listed events alone', async () => {
    const app = await start({ events: ['order.status'] });
    await app.push.broadcast('order.status');
    await app.push.broadcast('something.else');

    const now = await scrape(app);

    expect(now.value('push_sends_by_event_total{event="order.status"}')).toBe(1);
    expect(now.value('push_sends_by_event_total{event="other"}')).toBe(1);
    expect(now.text).not.toContain('something.else');
  });

  it('say how much waits for slow readers', async () => {
    const app = await start({});
    const slow = await app.connect('7');
    slow.socket.pause();
    const filler = 'x'.repeat(60_000);
    await eventually(async () => {
      for (let count = 0; count < 20; count++) await app.push.toUser('7', 'filler', filler);
      const now = await scrape(app);
      const waiting = now.value('push_queue_bytes') ?? 0;
      expect(waiting).toBeGreaterThan(60_000);
      expect(now.value('push_queue_bytes_max')).toBe(waiting);
    });
  });

  it('say that the process ends', async () => {
    const app = await start({});
    app.app.get(DrainService).begin();
    expect((await scrape(app)).value('push_draining')).toBe(1);
  });

  it('are not counted by labels that a stranger chooses', async () => {
    const app = await start({ events: [] });
    await refusalOf(app.wsUrl, { token: 'stranger-token' });
    await app.connect('user-name', { groups: ['group-name'] });
    await app.push.toUser('user-name', 'event-name');
    await app.push.disconnect({ user: 'user-name' }, { code: 4777, reason: 'odd' });

    const { text } = await scrape(app);

    expect(text).not.toMatch(/user-name|group-name|event-name|stranger|4777/);
    expect(text).toMatch(/^push_disconnects_total\{code="other"\} 1$/m);
  });
});
