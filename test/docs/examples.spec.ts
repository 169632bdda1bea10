/** The JSON that PROTOCOL.md shows is what a server really answers. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PushApp } from '../support/push-app.js';
import { bearer, signToken } from '../support/tokens.js';
import { refusalOf } from '../support/ws-client.js';
import { Markdown } from './markdown.js';

const protocol = Markdown.read('PROTOCOL.md');

/** The first block of JSON in a section. */
function exampleIn(section: string): Record<string, unknown> {
  const block = protocol
    .section(section)
    .codeBlocks()
    .find(({ language }) => language === 'json');
  return JSON.parse(block?.text ?? '') as Record<string, unknown>;
}

/** What stands where an example has a text that differs each time, by its shape. */
function shaped(pattern: RegExp): string {
  return expect.stringMatching(pattern) as unknown as string;
}

describe('the examples of PROTOCOL.md', () => {
  let server: PushApp;

  beforeAll(async () => {
    server = await PushApp.start();
  });

  afterAll(() => server.close());

  function post(path: string, body: unknown): Promise<Response> {
    return fetch(`${server.origin}/push/${path}`, {
      method: 'POST',
      headers: { ...bearer(signToken({ scope: 'push:send' })), 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  it('show the envelope', async () => {
    const example = exampleIn('The envelope');
    const client = await server.connect('7');
    await post('users/7', { event: example['event'], data: example['data'] });

    const message = await client.next('order.status');

    const id = /^[0-9a-f]{12}-[0-9a-z]+$/;
    const cursor = /^1\.[\w-]{8}\.[0-9a-z]+$/;
    const ts = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
    expect(message).toEqual({ ...example, id: shaped(id), cursor: shaped(cursor), ts: shaped(ts) });
    expect(example).toMatchObject({ id: shaped(id), cursor: shaped(cursor), ts: shaped(ts) });
    await client.close();
  });

  it('show the body of a refusal', async () => {
    expect((await refusalOf(server.wsUrl, { token: 'not-a-token' })).problem).toEqual(
      exampleIn('The body of a refusal'),
    );
  });

  it('show a receipt', async () => {
    const example = exampleIn('The receipt');
    const clients = [await server.connect('9'), await server.connect('9'), await server.connect('9')];

    const response = await post('users/9', { event: 'order.status' });

    expect([response.status, await response.json()]).toEqual([202, { ...example, id: shaped(/^[0-9a-f]{12}-/) }]);
    for (const client of clients) await client.close();
  });

  it('show a problem', async () => {
    const response = await post('users/7', { colour: 'green' });

    expect([response.status, await response.json()]).toEqual([400, exampleIn('Problems')]);
  });
});
