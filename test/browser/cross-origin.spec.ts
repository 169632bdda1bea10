/** A page of another origin that the server lists, and one of an origin that it does not. */
import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { chromiumAbsence } from '../support/browser.js';
import { eventually } from '../support/eventually.js';
import { Stage, tokenOf } from './stage.js';
import type { Tab } from './tab.js';

const absence = chromiumAbsence();
const describeInChromium = absence === '' ? describe : describe.skip;

/** A site with one empty page. */
class Site {
  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(script: () => string = () => ''): Promise<Site> {
    const server = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html');
      response.end(`<!doctype html><title>another shop</title><script type="module">${script()}</script>`);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Site(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }

  async close(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }
}

describeInChromium(`a page of another origin in Chromium${absence}`, () => {
  let listed: Site;
  let foreign: Site;
  let stage: Stage;
  let tab: Tab;
  /** Of the page of the listed site. */
  let script = '';

  beforeAll(async () => {
    [listed, foreign] = await Promise.all([Site.start(() => script), Site.start()]);
    stage = await Stage.start({ PUSH_ORIGINS: listed.url });
    // The cookie belongs to the host and is sent to it from any of its ports.
    const own = await stage.openTab();
    await stage.signIn(own, 'guest');
    await own.close();
  }, 120_000);

  afterEach(async () => {
    script = '';
    await tab.close();
  });

  afterAll(async () => {
    await (stage as Stage | undefined)?.close();
    await (listed as Site | undefined)?.close();
    await (foreign as Site | undefined)?.close();
  });

  /** Asks in the page, and answers the status and the body, or that the browser kept the answer from the page. */
  function ask(path: string, init: object): Promise<unknown> {
    const args = `${JSON.stringify(stage.url + path)}, ${JSON.stringify(init)}`;
    return tab.page.evaluate(`fetch(${args}).then(
      async (response) => ({ status: response.status, body: await response.json().catch(() => undefined) }),
      () => 'kept from the page')`);
  }

  const withToken = (headers: object = {}): object => ({ authorization: `Bearer ${tokenOf('guest')}`, ...headers });

  it('may poll with a token in a header, which takes a preflight', async () => {
    tab = await stage.openTab(`${listed.url}/`);
    expect(await ask('/push/poll?wait=0', { headers: withToken() })).toMatchObject({
      status: 200,
      body: { messages: [] },
    });
  });

  it('may send a frame by POST', async () => {
    tab = await stage.openTab(`${listed.url}/`);
    const init = {
      method: 'POST',
      headers: withToken({ 'content-type': 'application/json' }),
      body: JSON.stringify({ event: 'push:ping', ref: 'r-1' }),
    };
    expect(await ask('/push/upstream', init)).toMatchObject({ status: 200, body: { event: 'push:pong', ref: 'r-1' } });
  });

  it('sees why it is refused', async () => {
    tab = await stage.openTab(`${listed.url}/`);
    const refused = await ask('/push/handshake', { headers: { authorization: 'Bearer no.good.token' } });
    expect(refused).toMatchObject({ status: 401, body: { code: expect.any(String) } });
  });

  it('may open an EventSource with the cookie', async () => {
    tab = await stage.openTab(`${listed.url}/`);
    await tab.openEventSource(`${stage.url}/push/sse`, { withCredentials: true });
    await tab.untilHeard('push:welcome');
    await stage.sendNumbers('guest', 'tick', 1, 2);
    await tab.untilHeard('tick', 2);
    expect(await tab.dataOf('tick')).toEqual([1, 2]);
  });

  it('may import the client from the demo in a module script of its own, without a bundler', async () => {
    script = `
      import { PushClient } from '${stage.url}/nestjs-push/client/index.js';
      const client = new PushClient({ url: '${stage.url}', token: () => '${tokenOf('script')}' });
      client.on('order.status', ({ orderId, status }) => (document.title = orderId + ' ' + status));`;
    tab = await stage.openTab(`${listed.url}/`);
    await stage.untilConnections('script', 1);
    await stage.call('POST', '/orders/41/status', { userId: 'script', status: 'shipped' });
    await eventually(async () => expect(await tab.page.title()).toBe('41 shipped'));
  });

  it.each(['ws', 'sse', 'poll'])('may use the client over %s', async (transport) => {
    tab = await stage.openTab(`${listed.url}/`);
    const options = { url: stage.url, token: tokenOf('guest'), events: ['tick'], transports: [transport] };
    await tab.openClient(options, `${stage.url}/nestjs-push/client/index.js`);
    await tab.untilState(`live ${transport}`);
    await stage.sendNumbers('guest', 'tick', 1, 2);
    await tab.untilHeard('tick', 2);
    expect(await tab.dataOf('tick')).toEqual([1, 2]);
  });

  it('is kept from everything where its origin is not listed', async () => {
    tab = await stage.openTab(`${foreign.url}/`);
    expect(await ask('/push/poll?wait=0', { headers: withToken() })).toBe('kept from the page');
    expect(await ask('/push/poll?wait=0', { credentials: 'include' })).toBe('kept from the page');
    await tab.openEventSource(`${stage.url}/push/sse`, { withCredentials: true });
    await tab.untilState('closed');
    await tab.openWebSocket(`${stage.url.replace('http', 'ws')}/push/ws`, ['push.v1']);
    await tab.untilState('closed 1006');
    expect(await tab.heard()).toEqual([]);
  });
});
