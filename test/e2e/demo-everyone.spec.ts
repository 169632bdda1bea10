/** The demo's pages for people who use no mouse, see few colours or have narrow windows, and with content of odd sizes. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import axe from 'axe-core';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { Browser, chromiumAbsence } from '../support/browser.js';
import { type RunningDemo, startDemo } from '../support/demo-process.js';
import { openShop } from '../support/shop-page.js';
import { TEST_SECRET, bearer, signToken } from '../support/tokens.js';

const absence = chromiumAbsence();
const describeInChromium = absence === '' ? describe : describe.skip;

describeInChromium(`the demo's pages in Chromium, for everyone${absence}`, () => {
  let demo: RunningDemo;
  let browser: Browser;
  let shop: Page;
  let admin: Page;

  beforeAll(async () => {
    demo = await startDemo({ PUSH_JWT_SECRET: TEST_SECRET });
    browser = await Browser.launch();
    shop = await openShop(browser, demo.url, 'ada');
    admin = await browser.open('admin', `${demo.url}/admin`);
    await admin.getByRole('button', { name: 'Sign in' }).click();
    await admin.locator('[data-user-row="ada"]').waitFor();
  }, 120_000);

  afterAll(async () => {
    // Either is missing where it could not start; the reason is in the tests that failed.
    await (browser as Browser | undefined)?.close();
    await (demo as RunningDemo | undefined)?.program.stop();
  });

  async function post(path: string, body: unknown): Promise<void> {
    const { status } = await fetch(`${demo.url}${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...bearer(signToken({ scope: 'push:send push:broadcast push:admin' })),
      },
      body: JSON.stringify(body),
    });
    expect(status).toBe(202);
  }

  async function setStatus(orderId: string, status: string): Promise<void> {
    await post(`/orders/${orderId}/status`, { userId: 'ada', status });
    await shop.locator(`[data-order="${orderId}"]`, { hasText: status }).waitFor();
  }

  describe('where colours are forced', () => {
    beforeAll(async () => {
      await Promise.all([shop, admin].map((page) => page.emulateMedia({ forcedColors: 'active' })));
    });

    afterAll(async () => {
      await Promise.all([shop, admin].map((page) => page.emulateMedia({ forcedColors: null })));
    });

    /** Computed styles still name the colours that the sheet asks for, so what is seen is compared. */
    async function pictureOf(page: Page, selector: string): Promise<string> {
      await page.mouse.move(0, 0);
      return (await page.locator(selector).screenshot({ animations: 'disabled' })).toString('base64');
    }

    it.each([
      ['which transport is chosen', 'shop', 'Long polling', 'Automatic'],
      ['to whom one is about to send', 'admin', 'A group', 'Everyone'],
    ])('shows %s', async (_what, name, choice, first) => {
      const page = name === 'shop' ? shop : admin;
      const span = `.segments span:text-is("${choice}")`;
      const other = await pictureOf(page, span);
      await page.getByText(choice, { exact: true }).click();
      const chosen = await pictureOf(page, span);
      await page.getByText(first, { exact: true }).click();
      expect(chosen).not.toBe(other);
    });

    it('shows which page is open', async () => {
      const link = 'nav a:text-is("Shop")';
      expect(await pictureOf(shop, link)).not.toBe(await pictureOf(admin, link));
    });

    it('shows how far an order has come', async () => {
      await setStatus('7', 'packed');
      const packed = await pictureOf(shop, '[data-order="7"] .track');
      await setStatus('7', 'shipped');
      expect(await pictureOf(shop, '[data-order="7"] .track')).not.toBe(packed);
    });
  });

  describe('the focus', () => {
    /** What has it, by its words; BODY where nothing has. */
    const focused = (page: Page): Promise<string> =>
      page.evaluate(`(({ tagName, ariaLabel, innerText }) =>
        tagName === 'BODY' ? tagName : ariaLabel || innerText)(document.activeElement)`);

    it('is on the heading of what a sign-in with the keyboard has opened', async () => {
      const guest = await browser.open('guest', demo.url);
      await guest.getByLabel('User').fill('kay');
      await guest.keyboard.press('Enter');
      await guest.locator('#state[data-state="live"]').waitFor();
      expect(await focused(guest)).toBe('Hello, kay');
      await guest.goto(`${demo.url}/admin`);
      await guest.locator('#user').press('Enter');
      await guest.locator('#state[data-state="live"]').waitFor();
      expect(await focused(guest)).toBe('Back office');
      await guest.close();
    });

    it('is left to the browser where a page opens by itself', async () => {
      await shop.reload();
      await shop.getByText('You are in room:lobby.').waitFor();
      expect(await focused(shop)).toBe('BODY');
    });

    it('stays on the button of an order while that waits, which takes one at a time', async () => {
      const orders = shop.locator('#orders li');
      const before = await orders.count();
      await browser.setOffline(true);
      await shop.getByText('You are offline.').waitFor();
      const button = shop.getByRole('button', { name: 'Order Cactus' });
      await button.press('Enter');
      // A button that is disabled loses the focus when the page is drawn next.
      await shop.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))');
      const whileItWaits = await focused(shop);
      await button.press('Enter');
      await browser.setOffline(false);
      await shop.locator('[data-item="Cactus"]:not(:disabled, [aria-disabled="true"])').waitFor();
      expect([whileItWaits, await focused(shop)]).toEqual(['Order Cactus', 'Order Cactus']);
      expect(await orders.count()).toBe(before + 1);
    });

    it('is on the heading of the door after a sign-out', async () => {
      const guest = await openShop(browser, demo.url, 'leaver');
      await guest.getByRole('button', { name: 'Sign out' }).press('Enter');
      await guest.getByLabel('User').waitFor();
      expect(await focused(guest)).toBe('Come in');
      await guest.reload();
      await guest.getByLabel('User').waitFor();
      expect(await focused(guest)).toBe('BODY');
      await guest.close();
    });

    it('is not lost with the banner, or the notice, whose button was pressed', async () => {
      const page = await openShop(browser, demo.url, 'kicked');
      await admin.getByRole('button', { name: 'Disconnect kicked' }).click();
      await page.getByRole('button', { name: 'Try now' }).press('Enter');
      await page.locator('#state[data-state="live"]').waitFor();
      expect(await focused(page)).toBe('Hello, kicked');
      await page.evaluate(`document.querySelector('#notice').hidden = false`);
      await page.getByRole('button', { name: 'Got it' }).press('Enter');
      expect(await focused(page)).toBe('Hello, kicked');
      await page.close();
    });

    it('goes on to the table when the row of a connection goes', async () => {
      const page = await openShop(browser, demo.url, 'rowan');
      await admin.getByRole('button', { name: 'Disconnect rowan' }).press('Enter');
      await admin.locator('[data-user-row="rowan"]').waitFor({ state: 'detached' });
      expect(await focused(admin)).toBe('Connected, as a table');
      await page.close();
    });
  });

  describe('axe', () => {
    /** What it finds that keeps people out. */
    async function barriers(page: Page): Promise<readonly string[]> {
      await page.evaluate(axe.source);
      const { violations } = await page.evaluate<AxeResults>('axe.run(document)');
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
    }

    it('finds nothing in lists that scroll', async () => {
      for (let index = 0; index < 12; index++) {
        await post('/push/broadcast', { event: 'announcement', data: { title: `Number ${index}`, text: 'x' } });
        await admin.getByLabel('Text').fill(`Number ${index}`);
        await admin.getByRole('button', { name: 'Send', exact: true }).click();
        await admin.locator('#sends li').nth(index).waitFor();
      }
      await shop.locator('#notifications li').nth(23).waitFor();
      await admin.setViewportSize({ width: 900, height: 700 });
      await admin.waitForFunction(
        `(({ scrollHeight, clientHeight }) => scrollHeight > clientHeight)(document.querySelector('#sends'))`,
      );
      expect([await barriers(shop), await barriers(admin)]).toEqual([[], []]);
      await admin.setViewportSize({ width: 1280, height: 900 });
    });

    it.each(['light', 'dark'] as const)('finds nothing in what is greyed, where it is %s', async (colorScheme) => {
      await setStatus('8', 'shipped');
      await shop.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await shop.evaluate(`
        document.querySelector('[data-order="8"]').classList.add('past');
        document.querySelector('#chat-log').insertAdjacentHTML('beforeend',
          '<li class="bubble mine pending"><div class="bubble-body"><p>on its way</p></div></li>');
      `);
      expect(await barriers(shop)).toEqual([]);
      await shop.emulateMedia({ colorScheme: 'light', reducedMotion: null });
      await shop.reload();
      await shop.getByText('You are in room:lobby.').waitFor();
    });
  });

  describe.each([320, 768, 1280])('at %i pixels', (width) => {
    beforeAll(async () => {
      await shop.setViewportSize({ width, height: 900 });
    });

    /** The words that stand out of the card that they belong to. */
    const outside = (): Promise<string[]> =>
      shop.evaluate(`[...document.querySelectorAll('.card')].flatMap((card) =>
        [...card.querySelectorAll('*')]
          .filter((node) => node.getBoundingClientRect().right > card.getBoundingClientRect().right)
          .map((node) => node.innerText))`);

    it('keeps the longest order within its card', async () => {
      await setStatus('A'.repeat(64), 'S'.repeat(64));
      expect(await outside()).toEqual([]);
      // The words beside the id are not broken to make room for it.
      expect((await shop.locator('#orders strong').first().boundingBox())?.height).toBeLessThan(30);
      expect(await shop.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    });

    it('keeps the name of the longest room within its card', async () => {
      const room = 'r'.repeat(123);
      await shop.getByLabel('Room', { exact: true }).fill(room);
      await shop.getByRole('button', { name: 'Join' }).click();
      await shop.locator('#room-name', { hasText: room }).waitFor();
      expect(await outside()).toEqual([]);
      expect(await shop.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    });
  });
});
