/** The end of an application while handlers are at work on frames of its clients. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { PushGateway, PushWsAdapter } from '../../src/index.js';
import { eventually } from '../support/eventually.js';
import { PLATFORMS, PushApp } from '../support/push-app.js';
import type { PushAppOptions } from '../support/push-app.js';
import { SseClient } from '../support/sse-client.js';
import { bearer, signToken } from '../support/tokens.js';

@PushGateway()
class SlowGateway {
  /** What is being worked on, each with what ends it. */
  static readonly working = new Map<unknown, (answer: string) => void>();

  @SubscribeMessage('work')
  work(@MessageBody() what: unknown): Promise<string> {
    return new Promise((resolve) => SlowGateway.working.set(what, resolve));
  }
}

let app: PushApp;

afterEach(async () => {
  SlowGateway.working.clear();
  await app.close();
});

async function start(options: PushAppOptions): Promise<void> {
  app = await PushApp.start({
    ...options,
    metadata: { providers: [SlowGateway] },
    // As docs/deployment.md advises.
    nest: { forceCloseConnections: true },
    configure: (nest) => nest.useWebSocketAdapter(new PushWsAdapter(nest)),
  });
}

const isWorkedOn = (what: unknown) => () => SlowGateway.working.has(what);

describe.each(PLATFORMS)('an application on %s that ends while a handler is at work', (platform) => {
  it('answers the frame before it says goodbye, and takes none behind it', async () => {
    await start({ platform, push: { drainMs: 20_000 } });
    const [client, idle] = [await app.connect('7'), await app.connect('8')];
    client.send('work', 'a', 'first');
    await eventually(isWorkedOn('a'));

    const closed = app.close();
    await eventually(() => idle.closed?.code === 1012);
    expect(client.frames).toEqual([]);
    client.send('work', 'b', 'second');
    SlowGateway.working.get('a')?.('done');
    await closed;

    await eventually(() => client.closed !== undefined);
    expect(client.closed?.code).toBe(1012);
    expect(client.frames).toMatchObject([{ event: 'push:ok', data: 'done', ref: 'first' }, { event: 'push:draining' }]);
    expect(isWorkedOn('b')()).toBe(false);
  });

  it.each([false, true])('answers a frame by POST, of a stream: %p', async (isOfStream) => {
    await start({ platform, push: { drainMs: 20_000 } });
    const headers: Record<string, string> = { ...bearer(signToken({ sub: '7' })), 'content-type': 'application/json' };
    if (isOfStream) {
      const stream = await SseClient.open(`${app.origin}/push/sse`, bearer(signToken({ sub: '7' })));
      const { data } = await stream.next('push:welcome');
      headers['push-connection'] = (data as { readonly connectionId: string }).connectionId;
    }
    const body = JSON.stringify({ event: 'work', data: 'a', ref: 'posted' });
    const answer = fetch(`${app.origin}/push/upstream`, { method: 'POST', headers, body });
    await eventually(isWorkedOn('a'));

    const closed = app.close();
    setTimeout(() => SlowGateway.working.get('a')?.('done'), 100);
    expect(await (await answer).json()).toMatchObject({ event: 'push:ok', data: 'done', ref: 'posted' });
    await closed;
  });

  it('waits for no handler past three quarters of drainMs, and leaves its client time to go', async () => {
    await start({ platform, push: { drainMs: 1_000 } });
    const client = await app.connect('7');
    client.send('work', 'for ever');
    await eventually(isWorkedOn('for ever'));

    await app.close();
    await eventually(() => client.closed?.code === 1012);
    expect(client.frames).toMatchObject([{ event: 'push:draining' }]);
  });
});
