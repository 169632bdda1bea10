/** Chromium and the client against a server that is full, that drains, and that comes back with an empty memory. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { chromiumAbsence } from '../support/browser.js';
import { WsClient } from '../support/ws-client.js';
import { Stage, tokenOf } from './stage.js';

const absence = chromiumAbsence();
const describeInChromium = absence === '' ? describe : describe.skip;
const START_MS = 300_000;

describeInChromium(`Chromium and the troubles of the server${absence}`, () => {
  let stage: Stage | undefined;

  afterEach(async () => {
    await stage?.close();
    stage = undefined;
  });

  it(
    'brings an EventSource back by itself once a full server has a place again',
    async () => {
      stage = await Stage.start({ PUSH_MAX_CONNECTIONS: '1' });
      const other = await WsClient.connect(`${stage.url.replace('http', 'ws')}/push/ws`, { token: tokenOf('other') });
      const tab = await stage.openTab();
      await stage.signIn(tab, 'waiting');
      await tab.openEventSource('/push/sse');
      await tab.untilHeard('push:draining');
      expect(await tab.heard('push:welcome')).toEqual([]);
      await other.close();
      await tab.untilHeard('push:welcome', 1, 30_000);
      expect(await tab.states()).not.toContain('closed');
    },
    START_MS,
  );

  it.each(['fastify', 'express'])(
    'brings an EventSource back after a restart on %s and tells it that something may be missing',
    async (PLATFORM) => {
      stage = await Stage.start({ PLATFORM });
      const tab = await stage.openTab();
      await stage.signIn(tab, 'restart');
      await tab.openEventSource('/push/sse');
      await tab.untilHeard('push:welcome');
      await stage.sendNumbers('restart', 'tick', 1, 2);
      await tab.untilHeard('tick', 2);
      await stage.stopDemo();
      await tab.untilHeard('push:closing');
      const events = (await tab.heard()).map(({ event }) => event);
      expect(events.slice(0, 5)).toEqual(['push:welcome', 'tick', 'tick', 'push:draining', 'push:closing']);
      expect(await tab.dataOf('push:closing')).toMatchObject([{ code: 1012, reconnect: true }]);

      await stage.startDemoAgain();
      await tab.untilHeard('push:welcome', 2, 30_000);
      await tab.untilHeard('push:gap');
      await stage.sendNumbers('restart', 'tick', 3, 4);
      await tab.untilHeard('tick', 4);
      expect(await tab.dataOf('push:gap')).toEqual([{ reason: 'reset' }]);
      expect(await tab.dataOf('tick')).toEqual([1, 2, 3, 4]);
    },
    START_MS,
  );

  it.each(['ws', 'sse', 'poll'])(
    'brings the client back over %s after a restart, into its room, and tells it once that something may be missing',
    async (transport) => {
      stage = await Stage.start();
      const tab = await stage.openTab();
      await tab.openClient({
        token: tokenOf('restart'),
        events: ['tick', 'chat.message'],
        transports: [transport],
        // What is written meanwhile waits for a process that starts, which may take a while here.
        requestTimeoutMs: START_MS,
      });
      await tab.untilState(`live ${transport}`);
      await tab.askClient('join', 'room:lobby');
      await stage.sendNumbers('restart', 'tick', 1, 2);
      await tab.untilHeard('tick', 2);
      await stage.stopDemo();
      // What is written to a server that is gone has an unknown end; what is written once the page knows waits.
      await tab.untilNotLive();
      await tab.say('room:lobby', 'chat.message', 'written meanwhile');

      await stage.startDemoAgain();
      await tab.untilHeard('chat.message', 1, 45_000);
      await stage.sendNumbers('restart', 'tick', 3, 4);
      await tab.untilHeard('tick', 4);
      expect(await tab.dataOf('push:gap')).toEqual([{ reason: 'reset' }]);
      expect(await tab.dataOf('tick')).toEqual([1, 2, 3, 4]);
      expect(await tab.dataOf('chat.message')).toEqual(['written meanwhile']);
    },
    START_MS,
  );
});
