/** docs/metrics.md lists exactly what the code has, and what a running server tells. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DROP_REASONS, SEND_OUTCOMES } from '../../src/core/push-counters.js';
import { METRICS } from '../../src/ops/metric-catalog.js';
import { Scrape } from '../support/metrics.js';
import { PushApp } from '../support/push-app.js';
import { Markdown, plain } from './markdown.js';
import { MetricsController } from './snippets/metrics.controller.js';

const document = Markdown.read('docs/metrics.md');
const rows = document.rows('metric', 'type', 'labels', 'meaning').map((row) => ({
  name: plain(row['metric']),
  type: row['type'] ?? '',
  labels: plain(row['labels'])
    .split(', ')
    .filter((label) => label !== ''),
}));

describe('docs/metrics.md', () => {
  it('lists every metric with its type and labels, once, and no other', () => {
    expect(rows).toEqual(METRICS.map(({ name, type, labels }) => ({ name, type, labels })));
  });

  it('explains every outcome of a send and every reason of a drop', () => {
    const words = (column: string, other: string) => document.rows(column, other).map((row) => plain(row[column]));
    expect(words('`outcome`', 'the send').toSorted()).toEqual([...SEND_OUTCOMES].toSorted());
    expect(words('`reason`', 'a connection did not get a message because').toSorted()).toEqual(DROP_REASONS.toSorted());
  });
});

describe('a running server', () => {
  let server: PushApp;
  let scrape: Scrape;

  beforeAll(async () => {
    server = await PushApp.start({
      push: { metrics: { events: ['order.status'] } },
      metadata: { controllers: [MetricsController] },
    });
    await server.connect('7');
    await server.push.toUser('7', 'order.status');
    scrape = await Scrape.of(`${server.origin}/metrics`);
  });

  afterAll(() => server.close());

  it('tells of all that the document lists, and of nothing else', () => {
    expect(scrape.types()).toEqual(rows.map(({ name, type }) => [`push_${name}`, type]));
  });

  it('has the labels that the document lists', () => {
    expect(rows.map(({ name }) => [name, scrape.labels(`push_${name}`)])).toEqual(
      rows.map(({ name, labels }) => [name, labels]),
    );
  });

  it('serves them from a controller of the host behind its guard', async () => {
    const url = `${server.origin}/internal/metrics`;
    const answer = await fetch(url, { headers: { authorization: 'Bearer scraper-password' } });
    expect((await fetch(url)).status).toBe(403);
    expect([answer.status, (await answer.text()).includes('\npush_connections{transport="ws"} 1\n')]).toEqual([
      200,
      true,
    ]);
  });
});
