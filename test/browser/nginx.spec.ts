/** A real nginx in front, configured as docs/deployment.md has it, with its default buffering. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Markdown } from '../docs/markdown.js';
import { chromiumAbsence } from '../support/browser.js';
import { Nginx, nginxAbsence } from '../support/nginx.js';
import { Stage, tokenOf } from './stage.js';
import type { Tab } from './tab.js';

const absence = chromiumAbsence() || nginxAbsence();
const describeBehindNginx = absence === '' ? describe : describe.skip;

/** What the document says, pointed at the server under test. */
function documented(upstream: string): string {
  const [block] = Markdown.read('docs/deployment.md').section('Behind a proxy').codeBlocks();
  if (!block) throw new Error('docs/deployment.md has no configuration of nginx');
  return block.text.replaceAll('http://127.0.0.1:3000', upstream);
}

describeBehindNginx(`behind nginx with its default buffering${absence}`, () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.start();
  }, 120_000);

  afterAll(async () => {
    await (stage as Stage | undefined)?.close();
  });

  it('gets messages to a client even where it lets no upgrade through and holds streams back', async () => {
    const stubborn = await Nginx.start(`
      location / {
        proxy_pass ${stage.url};
        proxy_set_header Host $http_host;
        proxy_ignore_headers X-Accel-Buffering;
      }`);
    try {
      const tab = await stage.openTab(stubborn.url);
      await tab.openClient({ token: tokenOf('held'), events: ['tick'], openTimeoutMs: 1_000 });
      await tab.untilState('live poll');
      await stage.sendNumbers('held', 'tick', 1, 2);
      await tab.untilHeard('tick', 2);
      expect(await tab.states()).toEqual(['connecting ws', 'connecting sse', 'connecting poll', 'live poll']);
      await tab.close();
    } finally {
      await stubborn.stop();
    }
  });

  describe.each(['1.0', '1.1'])('that speaks HTTP/%s to the server', (version) => {
    let nginx: Nginx;
    let tab: Tab | undefined;

    beforeAll(async () => {
      nginx = await Nginx.start(`proxy_http_version ${version};\n${documented(stage.url)}`);
    });

    afterEach(async () => {
      await tab?.close();
      tab = undefined;
    });

    afterAll(async () => {
      await (nginx as Nginx | undefined)?.stop();
    });

    it('brings each event to an EventSource at once: the next is sent only when it is there', async () => {
      const user = `sse-${version}`;
      tab = await stage.openTab(nginx.url);
      await stage.signIn(tab, user);
      await tab.openEventSource('/push/sse');
      await tab.untilHeard('push:welcome');
      for (const number of [1, 2, 3]) {
        await stage.toUser(user, 'tick', number);
        await tab.untilHeard('tick', number);
      }
      expect(await tab.dataOf('tick')).toEqual([1, 2, 3]);
    });

    it('answers an open poll at once', async () => {
      const user = `poll-${version}`;
      tab = await stage.openTab(nginx.url);
      await tab.startPolling(`${nginx.url}/push/poll`, tokenOf(user));
      await stage.untilConnections(user, 1);
      for (const number of [1, 2, 3]) {
        await stage.toUser(user, 'tick', number);
        await tab.untilHeard('tick', number);
      }
      expect(await tab.dataOf('tick')).toEqual([1, 2, 3]);
    });

    it.each(['ws', 'sse', 'poll'])('carries the client both ways over %s', async (transport) => {
      const user = `${transport}-${version}`;
      tab = await stage.openTab(nginx.url);
      await tab.openClient({ token: tokenOf(user), events: ['tick', 'chat.message'], transports: [transport] });
      await tab.untilState(`live ${transport}`);
      await tab.askClient('join', 'room:nginx');
      await tab.askClient('send', { group: 'room:nginx' }, 'chat.message', 'through');
      await tab.untilHeard('chat.message');
      await stage.toUser(user, 'tick', 1);
      await tab.untilHeard('tick');
      expect(await tab.dataOf('chat.message')).toEqual(['through']);
    });

    it.each(['sse', 'poll'])('lets go of the %s of a page that is closed', async (transport) => {
      const user = `gone-${transport}-${version}`;
      tab = await stage.openTab(nginx.url);
      await tab.openClient({ token: tokenOf(user), events: [], transports: [transport] });
      await stage.untilConnections(user, 1);
      await tab.close();
      tab = undefined;
      expect(await stage.untilConnections(user, 0)).toEqual([]);
    });
  });
});
