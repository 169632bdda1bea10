/** The demo's pages for people who use no mouse, see few colours or have narrow windows, and with content of odd sizes. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
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
});
