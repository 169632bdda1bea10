import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { Browser, chromiumAbsence } from '../support/browser.js';
import { startCluster } from '../support/demo-cluster.js';
import { startDemo } from '../support/demo-process.js';
import { eventually } from '../support/eventually.js';
import { redisAbsence } from '../support/redis-server.js';

const absence = chromiumAbsence();
const withoutRedis = redisAbsence();

(absence === '' ? describe : describe.skip)(`a drain by the admin console in Chromium${absence}`, () => {
  let browser: Browser;
  let stop: (() => Promise<unknown>) | undefined;

  beforeAll(async () => {
    browser = await Browser.launch();
  });
  afterEach(async () => {
    await stop?.();
    stop = undefined;
  });
  afterAll(async () => {
    await browser.close();
  });

  async function demo(): Promise<string> {
    const { program, url } = await startDemo();
    stop = () => program.stop();
    return url;
  }

  /** The view of the nodes, on a page that is connected. `prepare` comes before anything is loaded. */
  async function openNodes(url: string, prepare?: (page: Page) => Promise<unknown>): Promise<Page> {
    const page = await browser.open('console', 'about:blank');
    await prepare?.(page);
    await page.goto(`${url}/console#nodes`);
    await page.locator('[data-state="live"]').waitFor();
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
      expect(await page.evaluate('document.activeElement.innerText')).toBe(await note.innerText());
    });
    await page.locator('[data-state="waiting"]').waitFor();
    expect(await cardsSay(page)).toEqual(['Draining']);
  }

  it('is seen on the page that the node itself was connected to', async () => {
    const page = await openNodes(await demo());
    await drainFirst(page);
    await expectDrained(page);
  });

  it('is seen over an event stream too', async () => {
    const page = await openNodes(await demo(), (its) => its.addInitScript('delete globalThis.WebSocket'));
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
    const page = await openNodes(await demo(), loseAnswer);
    await drainFirst(page);
    await expectDrained(page);
  });

  it('is seen on a page that did not ask for it', async () => {
    const url = await demo();
    const [other, page] = [await openNodes(url), await openNodes(url)];
    await drainFirst(page);
    await eventually(async () => expect(await cardsSay(other)).toEqual(['Draining']));
    await other.locator('[data-state="waiting"]').waitFor();
    expect(await cardsSay(other)).toEqual(['Draining']);
  });

  (withoutRedis === '' ? it : it.skip)(
    `leaves the page on another node where there is one${withoutRedis}`,
    async () => {
      const { program, url } = await startCluster();
      stop = () => program.stop(10_000);
      const page = await openNodes(url);
      await eventually(async () => expect(await cardsSay(page)).toEqual(['Accepting', 'Accepting', 'Accepting']));
      // Two of the three go, so that the page was connected to one of them, or saw both go from the third.
      for (const gone of [1, 2]) {
        await drainFirst(page);
        await page.locator('[data-state="live"]').waitFor();
        await eventually(async () => {
          expect((await cardsSay(page)).filter((text) => text === 'Draining')).toHaveLength(gone);
        });
        expect(await page.getByRole('alert').count()).toBe(0);
      }
    },
    120_000,
  );
});
