/** The client in a real page: on each transport, through the browser's own switch, and in several tabs. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { chromiumAbsence } from '../support/browser.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { Stage, tokenOf } from './stage.js';
import type { Tab, TabClientOptions } from './tab.js';

const absence = chromiumAbsence();
const describeInChromium = absence === '' ? describe : describe.skip;
const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, at) => from + at);

/** Short waits between retries: the tests are about what comes, not about when. */
const EAGER = { retryBaseMs: 50, retryMaxMs: 200, events: ['tick', 'order.status', 'chat.message'] };

describeInChromium(`the client in Chromium${absence}`, () => {
  let stage: Stage;
  let proxy: TcpProxy;
  let tabs: Tab[] = [];

  beforeAll(async () => {
    stage = await Stage.start();
    proxy = await TcpProxy.before(stage.url);
  }, 120_000);

  afterEach(async () => {
    await stage.browser.setOffline(false);
    proxy.repair();
    await Promise.all(tabs.map((tab) => tab.close()));
    tabs = [];
  });

  afterAll(async () => {
    await (stage as Stage | undefined)?.close();
    await (proxy as TcpProxy | undefined)?.close();
  });

  /** A tab with a live client of this user. */
  async function openLive(user: string, options: Partial<TabClientOptions> = {}, url = stage.url): Promise<Tab> {
    const tab = await stage.openTab(url);
    tabs.push(tab);
    await tab.openClient({ ...EAGER, token: tokenOf(user), ...options });
    await tab.untilState(`live ${options.transports?.[0] ?? 'ws'}`);
    return tab;
  }

  describe.each(['ws', 'sse', 'poll'])('over %s', (transport) => {
    it('hears what the shop says, joins a room, writes there and asks the handlers of the host', async () => {
      const [reader, writer] = [`reader-${transport}`, `writer-${transport}`];
      const room = `room:${transport}`;
      const [one, other] = await Promise.all(
        [reader, writer].map((user) => openLive(user, { transports: [transport] })),
      );
      if (!one || !other) throw new Error('a tab is missing');
      await stage.call('POST', '/orders/7/status', { userId: reader, status: 'shipped' });
      await one.untilHeard('order.status');
      expect(await one.dataOf('order.status')).toEqual([{ orderId: 7, status: 'shipped' }]);

      await one.askClient('join', room);
      await other.askClient('join', room);
      expect(await other.askClient('send', { group: room }, 'chat.message', { room, text: 'hello' })).toEqual({
        id: expect.any(String),
      });
      for (const tab of [one, other]) {
        await tab.untilHeard('chat.message');
        expect(await tab.heard('chat.message')).toMatchObject([{ from: writer, data: { room, text: 'hello' } }]);
      }
      expect(await one.askClient('request', 'order.place', { item: 'Fern' })).toMatchObject({
        item: 'Fern',
        status: 'placed',
      });
      await expect(one.askClient('join', 'staff')).rejects.toThrow('PushReplyError');
    });

    it('goes on after a cut without a loss and without a repeat', async () => {
      const user = `cut-${transport}`;
      const tab = await openLive(user, { transports: [transport] }, proxy.url);
      await stage.sendNumbers(user, 'tick', 1, 5);
      await tab.untilHeard('tick', 5);
      proxy.breakDown();
      await stage.untilConnections(user, 0);
      await stage.sendNumbers(user, 'tick', 6, 10);
      proxy.repair();
      await stage.sendNumbers(user, 'tick', 11, 15);
      await tab.untilHeard('tick', 15);
      expect(await tab.dataOf('tick')).toEqual(numbers(1, 15));
      expect(await tab.heard('push:gap')).toEqual([]);
    });

    it("follows the browser's own switch: what is written and what is sent meanwhile arrives once, in order", async () => {
      const user = `switch-${transport}`;
      const room = `room:switch-${transport}`;
      const tab = await openLive(user, { transports: [transport] });
      await tab.askClient('join', room);
      await stage.browser.setOffline(true);
      await tab.untilState('offline');
      await stage.untilConnections(user, 0);
      for (const number of numbers(1, 5)) await tab.say(room, 'chat.message', number);
      await stage.sendNumbers(user, 'tick', 1, 5);
      expect(await tab.heard('chat.message')).toEqual([]);

      await stage.browser.setOffline(false);
      await tab.untilHeard('chat.message', 5);
      await stage.sendNumbers(user, 'tick', 6, 6);
      await tab.untilHeard('tick', 6);
      expect(await tab.dataOf('tick')).toEqual(numbers(1, 6));
      expect(await tab.dataOf('chat.message')).toEqual(numbers(1, 5));
      expect(await tab.outcomes()).toEqual(Array.from({ length: 5 }, () => 'sent'));
      expect(await tab.heard('push:gap')).toEqual([]);
    });
  });

  it('falls to long polling where streams are reset on their way', async () => {
    const tab = await stage.openTab(stage.url);
    tabs.push(tab);
    await tab.page.route('**/push/sse*', (route) => route.abort('connectionreset'));
    await tab.openClient({ ...EAGER, token: tokenOf('reset'), transports: ['sse', 'poll'] });
    await tab.untilState('live poll');
    await stage.sendNumbers('reset', 'tick', 1, 2);
    await tab.untilHeard('tick', 2);
    expect(await tab.dataOf('tick')).toEqual([1, 2]);
  });

  it.each(['ws', 'sse', 'poll'])(
    'sleeps over %s while the visitor is on another page, and wakes on the way back',
    async (transport) => {
      const user = `asleep-${transport}`;
      // Chromium keeps no page that says `no-store`; that of the shop does not.
      const tab = await openLive(user, { transports: [transport] }, `${stage.url}/`);
      await tab.page.goto(`${stage.url}/docs-json`);
      await stage.untilConnections(user, 0);
      await stage.sendNumbers(user, 'tick', 1, 5);
      await tab.page.goBack({ waitUntil: 'commit' });
      // What was heard before is still there: it is the same page, not loaded anew.
      await tab.untilState(`live ${transport}`, 2);
      await tab.untilHeard('tick', 5);
      expect(await tab.dataOf('tick')).toEqual(numbers(1, 5));
      expect(await tab.heard('push:gap')).toEqual([]);
    },
  );

  describe('in several tabs that share', () => {
    it('has one connection, from which every tab hears everything', async () => {
      const shared = { shareTabs: 'one' };
      const first = await openLive('tabs', shared);
      const second = await openLive('tabs', shared);
      await stage.sendNumbers('tabs', 'tick', 1, 3);
      for (const tab of [first, second]) {
        await tab.untilHeard('tick', 3);
        expect(await tab.dataOf('tick')).toEqual([1, 2, 3]);
      }
      expect(await stage.connectionsOf('tabs')).toHaveLength(1);
    });

    it('lets every tab write and join, each hearing its room', async () => {
      const shared = { shareTabs: 'rooms' };
      const first = await openLive('roommates', shared);
      const second = await openLive('roommates', shared);
      await second.askClient('join', 'room:kitchen');
      await second.askClient('send', { group: 'room:kitchen' }, 'chat.message', 'tea?');
      await second.untilHeard('chat.message');
      expect(await second.dataOf('chat.message')).toEqual(['tea?']);
      expect(await first.askClient('request', 'orders.list')).toEqual({ items: [] });
    });

    it('loses nothing when the tab that holds the connection is closed', async () => {
      const shared = { shareTabs: 'heirs' };
      const leader = await openLive('heirs', shared);
      const heirs = [await openLive('heirs', shared), await openLive('heirs', shared)];
      for (const heir of heirs) await heir.askClient('join', 'room:heirs');
      const [before] = await stage.untilConnections('heirs', 1);
      await stage.sendNumbers('heirs', 'tick', 1, 5);

      const meanwhile = stage.sendNumbers('heirs', 'tick', 6, 30);
      tabs = heirs;
      await leader.close();
      await meanwhile;
      for (const heir of heirs) {
        await heir.untilHeard('tick', 30);
        expect(await heir.dataOf('tick')).toEqual(numbers(1, 30));
        expect(await heir.heard('push:gap')).toEqual([]);
      }
      const [after] = await stage.untilConnections('heirs', 1);
      expect(after?.connectionId).not.toBe(before?.connectionId);
      expect(after?.groups).toContain('room:heirs');
    });

    it('keeps a page asleep while the others hear, and brings it what it missed', async () => {
      const shared = { shareTabs: 'sleepers' };
      const others = await openLive('sleepers', shared);
      const sleeper = await openLive('sleepers', shared, `${stage.url}/`);
      await stage.sendNumbers('sleepers', 'tick', 1, 5);
      await sleeper.untilHeard('tick', 5);
      await sleeper.page.goto(`${stage.url}/docs-json`);
      await stage.sendNumbers('sleepers', 'tick', 6, 10);
      await others.untilHeard('tick', 10);
      await sleeper.page.goBack({ waitUntil: 'commit' });
      // What was heard before is still there: a page that is loaded anew has no client.
      await sleeper.untilHeard('tick', 10);
      await stage.sendNumbers('sleepers', 'tick', 11, 15);
      for (const tab of [others, sleeper]) {
        await tab.untilHeard('tick', 15);
        expect(await tab.dataOf('tick')).toEqual(numbers(1, 15));
      }
      await stage.untilConnections('sleepers', 1);
    });

    it('keeps apart the tabs of two users', async () => {
      await openLive('ann', { shareTabs: 'ann' });
      await openLive('ben', { shareTabs: 'ben' });
      expect(await stage.connectionsOf('ann')).toHaveLength(1);
      expect(await stage.connectionsOf('ben')).toHaveLength(1);
    });
  });
});
