/** What a browser does by itself, without the client and without code of ours: WebSocket, EventSource, fetch. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { chromiumAbsence } from '../support/browser.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { Stage, tokenOf } from './stage.js';
import type { Tab } from './tab.js';

const absence = chromiumAbsence();
const describeInChromium = absence === '' ? describe : describe.skip;
const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, at) => from + at);

describeInChromium(`what Chromium does by itself${absence}`, () => {
  let stage: Stage;
  let proxy: TcpProxy;
  let tab: Tab | undefined;

  beforeAll(async () => {
    stage = await Stage.start();
    proxy = await TcpProxy.before(stage.url);
  }, 120_000);

  afterEach(async () => {
    await tab?.close();
    tab = undefined;
    proxy.repair();
  });

  afterAll(async () => {
    await (stage as Stage | undefined)?.close();
    await (proxy as TcpProxy | undefined)?.close();
  });

  it('speaks over a WebSocket with the token among the subprotocols', async () => {
    tab = await stage.openTab();
    await tab.openWebSocket(`${stage.url.replace('http', 'ws')}/push/ws`, ['push.v1', `bearer.${tokenOf('ws')}`]);
    await tab.untilHeard('push:welcome');
    await stage.sendNumbers('ws', 'tick', 1, 3);
    await tab.untilHeard('tick', 3);
    expect(await tab.dataOf('tick')).toEqual([1, 2, 3]);
    expect(await tab.states()).toEqual(['open push.v1']);
  });

  it('is known to an EventSource by the cookie of the sign-in', async () => {
    tab = await stage.openTab();
    await stage.signIn(tab, 'sse');
    await tab.openEventSource('/push/sse');
    await tab.untilHeard('push:welcome');
    await stage.sendNumbers('sse', 'tick', 1, 3);
    await tab.untilHeard('tick', 3);
    expect(await tab.dataOf('tick')).toEqual([1, 2, 3]);
    expect(await tab.dataOf('push:welcome')).toMatchObject([{ userId: 'sse', transport: 'sse', resumed: false }]);
  });

  it('hears named events with their bare data', async () => {
    tab = await stage.openTab();
    await stage.signIn(tab, 'named');
    await tab.openEventSource('/push/sse?named=1', { names: ['push:welcome', 'order.status'] });
    await tab.untilHeard('push:welcome');
    await stage.call('POST', '/orders/41/status', { userId: 'named', status: 'shipped' });
    await tab.untilHeard('order.status');
    expect(await tab.heard('order.status')).toEqual([
      { event: 'order.status', data: { orderId: 41, status: 'shipped' } },
    ]);
  });

  it('resumes an EventSource after a cut by itself, without a loss and without a repeat', async () => {
    tab = await stage.openTab(proxy.url);
    await stage.signIn(tab, 'cut');
    await tab.openEventSource('/push/sse');
    await tab.untilHeard('push:welcome');
    await stage.sendNumbers('cut', 'tick', 1, 5);
    await tab.untilHeard('tick', 5);

    proxy.breakDown();
    await stage.untilConnections('cut', 0);
    await stage.sendNumbers('cut', 'tick', 6, 10);
    proxy.repair();

    await tab.untilHeard('push:welcome', 2, 30_000);
    await stage.sendNumbers('cut', 'tick', 11, 12);
    await tab.untilHeard('tick', 12);
    expect(await tab.dataOf('tick')).toEqual(numbers(1, 12));
    expect(await tab.dataOf('push:welcome')).toMatchObject([{ resumed: false }, { resumed: true }]);
    expect(await tab.heard('push:gap')).toEqual([]);
  }, 60_000);

  it('goes on with a fresh ticket from the cursor where an EventSource has no cookie', async () => {
    tab = await stage.openTab();
    await tab.openEventSource(`/push/sse?ticket=${await ticketFor('ticket')}`);
    await tab.untilHeard('push:welcome');
    await stage.sendNumbers('ticket', 'tick', 1, 3);
    await tab.untilHeard('tick', 3);
    await tab.page.evaluate('probe.source.close()');
    await stage.untilConnections('ticket', 0);
    await stage.sendNumbers('ticket', 'tick', 4, 6);

    const cursor = (await tab.heard('tick')).at(-1)?.cursor ?? '';
    await tab.openEventSource(`/push/sse?ticket=${await ticketFor('ticket')}&cursor=${encodeURIComponent(cursor)}`);
    await tab.untilHeard('tick', 6);
    expect(await tab.dataOf('tick')).toEqual(numbers(1, 6));
  });

  it('gives up an EventSource whose ticket was spent already', async () => {
    const ticket = await ticketFor('spent');
    tab = await stage.openTab();
    await tab.openEventSource(`/push/sse?ticket=${ticket}`);
    await tab.untilState('open');
    await tab.openEventSource(`/push/sse?ticket=${ticket}`);
    await tab.untilState('closed');
    expect(await tab.heard('push:welcome')).toHaveLength(1);
  });

  it('has a complete client in a loop of fetch over long polls', async () => {
    tab = await stage.openTab(proxy.url);
    await tab.startPolling(`${proxy.url}/push/poll?wait=1`, tokenOf('poll'));
    await tab.untilState('200');
    await stage.sendNumbers('poll', 'tick', 1, 5);
    await tab.untilHeard('tick', 5);
    proxy.breakDown();
    await stage.untilConnections('poll', 0);
    await stage.sendNumbers('poll', 'tick', 6, 10);
    proxy.repair();
    await tab.untilHeard('tick', 10);
    expect(await tab.dataOf('tick')).toEqual(numbers(1, 10));
  });

  async function ticketFor(user: string): Promise<string> {
    const response = await fetch(`${stage.url}/push/ticket`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tokenOf(user)}` },
    });
    return ((await response.json()) as { ticket: string }).ticket;
  }
});
