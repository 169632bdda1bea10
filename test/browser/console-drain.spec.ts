import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { chromiumAbsence } from '../support/browser.js';
import { startCluster } from '../support/demo-cluster.js';
import { eventually } from '../support/eventually.js';
import { redisAbsence } from '../support/redis-server.js';
import { ConsoleStage, type ConsoleVisit, focusedText, untilLive } from './console-stage.js';

const absence = chromiumAbsence();
const withoutRedis = redisAbsence();

(absence === '' ? describe : describe.skip)(`a drain by the admin console in Chromium${absence}`, () => {
  const stage = new ConsoleStage();

  beforeAll(() => stage.start(), 120_000);
  afterEach(async () => {
    await stage.closePages();
    await stage.demo.stopDemo();
    await stage.demo.startDemoAgain();
  });
  afterAll(() => stage.close());

  /** The view of the nodes, on a page that is connected. */
  async function openNodes(visit: ConsoleVisit = {}): Promise<Page> {
    const page = await stage.visit({ view: 'nodes', ...visit });
    await untilLive(page);
    return page;
  }

  async function drainFirst(page: Page): Promise<void> {
    await page
      .getByRole('button', { name: /^Drain/ })
      .first()
      .click();
    await page.getByRole('button', { name: 'Drain node' }).click();
    await page.locator('dialog').waitFor({ state: 'detached' });
  }

  const cardsSay = (page: Page) => page.locator('.node-cards .pill').allInnerTexts();

  async function expectDrained(page: Page): Promise<void> {
    expect(await cardsSay(page)).toEqual(['Draining']);
    expect(await page.getByRole('alert').count()).toBe(0);
    const note = page.getByText(/ is draining: its connections are told to come back/);
    expect(await note.innerText()).toContain('This page is back when the process is started again.');
    await eventually(async () => {
      expect(await focusedText(page)).toBe(await note.innerText());
    });
    await page.locator('[data-state="waiting"]').waitFor();
    expect(await cardsSay(page)).toEqual(['Draining']);
  }

  it('is seen on the page that the node itself was connected to', async () => {
    const page = await openNodes();
    await drainFirst(page);
    await expectDrained(page);
  });

  it('is seen over an event stream too', async () => {
    const page = await openNodes({ prepare: (its) => its.addInitScript('delete globalThis.WebSocket') });
    await page.getByText('Live over an event stream').waitFor();
    await drainFirst(page);
    await expectDrained(page);
  });

  it('is seen where the answer is lost, by the goodbye of the node', async () => {
    const loseAnswer = (page: Page) =>
      page.routeWebSocket(/push\/ws/, (socket) => {
        const server = socket.connectToServer();
        let isAsked = false;
        socket.onMessage((message) => {
          isAsked ||= String(message).includes('"drain"');
          server.send(message);
        });
        server.onMessage((message) => {
          if (!isAsked || !String(message).includes('push:ok')) socket.send(message);
        });
      });
    const page = await openNodes({ prepare: loseAnswer });
    await drainFirst(page);
    await expectDrained(page);
  });

  it('is seen on a page that did not ask for it', async () => {
    const [other, page] = [await openNodes(), await openNodes()];
    await drainFirst(page);
    await eventually(async () => expect(await cardsSay(other)).toEqual(['Draining']));
    await other.locator('[data-state="waiting"]').waitFor();
    expect(await cardsSay(other)).toEqual(['Draining']);
  });

  (withoutRedis === '' ? it : it.skip)(
    `leaves the page on another node where there is one${withoutRedis}`,
    async () => {
      const { program, url } = await startCluster();
      try {
        const page = await openNodes({ url });
        await eventually(async () => expect(await cardsSay(page)).toEqual(['Accepting', 'Accepting', 'Accepting']));
        // Two of the three go, so that the page was connected to one of them, or saw both go from the third.
        for (const gone of [1, 2]) {
          await drainFirst(page);
          await untilLive(page);
          await eventually(async () => {
            expect((await cardsSay(page)).filter((text) => text === 'Draining')).toHaveLength(gone);
          });
          expect(await page.getByRole('alert').count()).toBe(0);
        }
      } finally {
        await program.stop(10_000);
      }
    },
    120_000,
  );
});
