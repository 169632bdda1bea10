/** The shop's page and its connection: over each transport, offline, and when the server starts again. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { Browser, chromiumAbsence } from '../support/browser.js';
import { type RunningDemo, startDemo } from '../support/demo-process.js';
import { freePort } from '../support/free-port.js';
import { openShop, ordersOn, say, talkOn } from '../support/shop-page.js';
import { TEST_SECRET, bearer, signToken } from '../support/tokens.js';

const absence = chromiumAbsence();
const describeInChromium = absence === '' ? describe : describe.skip;

describeInChromium(`the connection of the demo's page in Chromium${absence}`, () => {
  let demo: RunningDemo;
  let browser: Browser;
  let ada: Page;
  let grace: Page;

  beforeAll(async () => {
    demo = await startDemo();
    browser = await Browser.launch();
    ada = await openShop(browser, demo.url, 'ada');
    grace = await openShop(browser, demo.url, 'grace');
  }, 120_000);

  afterAll(async () => {
    // Either is missing where it could not start; the reason is in the tests that failed.
    await (browser as Browser | undefined)?.close();
    await (demo as RunningDemo | undefined)?.program.stop();
  });

  it.each([
    ['SSE', 'sse'],
    ['Long polling', 'poll'],
    ['WebSocket', 'ws'],
  ])('switches to %s and misses nothing of the room', async (label, transport) => {
    await ada.getByText(label, { exact: true }).click();
    await say(grace, `While ada goes to ${label}`);
    await ada.locator('#state', { hasText: `Live · ${label === 'Long polling' ? 'long polling' : label}` }).waitFor();
    await say(ada, `By ${label}`);
    await grace.getByText(`By ${label}`, { exact: true }).waitFor();
    await ada.getByText(`By ${label}`, { exact: true }).waitFor();
    await ada.locator('.bubble.pending').waitFor({ state: 'detached' });
    expect((await talkOn(ada)).slice(-2)).toEqual([`While ada goes to ${label}`, `By ${label}`]);
    expect(new URL(ada.url()).searchParams.get('transport')).toBe(transport);
  });

  it('keeps the chosen transport over a reload, and forgets it for the automatic one', async () => {
    await ada.goto(`${demo.url}/?transport=sse`);
    await ada.locator('#state', { hasText: 'Live · SSE' }).waitFor();
    expect(await ada.getByRole('radio', { name: 'SSE' }).isChecked()).toBe(true);
    await ada.getByText('Automatic', { exact: true }).click();
    await ada.locator('#state', { hasText: 'Live · WebSocket' }).waitFor();
    expect(new URL(ada.url()).search).toBe('');
  });

  it('says that it is offline, and sends what was written when it is back, once', async () => {
    await browser.setOffline(true);
    await ada.getByText('You are offline.').waitFor();
    await say(ada, 'First');
    await say(ada, 'Second');
    expect(await ada.locator('.bubble.pending').count()).toBe(2);
    await browser.setOffline(false);
    await ada.locator('#state[data-state="live"]').waitFor();
    await grace.getByText('Second', { exact: true }).waitFor();
    await ada.locator('.bubble.pending').first().waitFor({ state: 'detached' });
    // What would come a second time would come before this.
    await say(grace, 'Third');
    for (const page of [ada, grace]) {
      await page.getByText('Third', { exact: true }).waitFor();
      expect((await talkOn(page)).slice(-3)).toEqual(['First', 'Second', 'Third']);
    }
    expect(await ada.locator('#notice').isVisible()).toBe(false);
  });

  it('takes the cookie back at a sign-out', async () => {
    const page = await openShop(browser, demo.url, 'rosa');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page
      .getByRole('button', { name: 'Come in' })
      .or(page.getByRole('button', { name: 'Sign in' }))
      .waitFor();
    expect(await browser.cookies(demo.url)).toEqual([]);
    await page.close();
  });

  it('goes on after a restart with another secret, keeps what it showed, and says plainly what may be missing', async () => {
    const port = String(await freePort());
    const first = await startDemo({ PORT: port });
    const page = await openShop(browser, first.url, 'ada');
    await page.getByRole('button', { name: 'Order Monstera' }).click();
    await page.locator('[data-order="1001"]').waitFor();
    await say(page, 'Before the restart');
    await page.locator('.bubble[data-from="ada"]').waitFor();
    await first.program.stop();
    await page.getByText('The connection is lost.').waitFor();
    await say(page, 'Written meanwhile');
    expect(await page.locator('#notice').isVisible()).toBe(false);

    const second = await startDemo({ PORT: port });
    await page.getByText('Some messages may be missing: the server has started anew.').waitFor({ timeout: 45_000 });
    await page.getByText('Something may be missing here.').waitFor();
    await page.locator('.bubble[data-from="ada"]').nth(1).waitFor();
    expect(await talkOn(page)).toEqual(['Before the restart', 'Written meanwhile']);
    expect(await page.locator('#banner').isVisible()).toBe(false);

    await page.getByRole('button', { name: 'Order Cactus' }).click();
    await page.locator('[data-order="1001"]', { hasText: 'Cactus' }).waitFor();
    expect(await ordersOn(page)).toEqual([
      expect.stringMatching(/^Cactus\s*#1001[^]*placed$/),
      expect.stringMatching(/^Monstera\s*#1001[^]*placed$/),
    ]);
    await page.getByRole('button', { name: 'Got it' }).click();
    expect(await page.locator('#notice').isVisible()).toBe(false);
    await page.close();
    await second.program.stop();
  }, 300_000);

  it('says that messages are missing after too long an absence, and fetches the orders', async () => {
    const small = await startDemo({ PUSH_HISTORY_COUNT: '2', PUSH_JWT_SECRET: TEST_SECRET });
    const page = await openShop(browser, small.url, 'noa');
    await browser.setOffline(true);
    await page.getByText('You are offline.').waitFor();
    for (const orderId of [1, 2, 3, 4]) {
      const { status } = await fetch(`${small.url}/orders/${orderId}/status`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...bearer(signToken({ scope: 'push:send' })) },
        body: JSON.stringify({ userId: 'noa', status: 'packed' }),
      });
      expect(status).toBe(202);
    }
    await browser.setOffline(false);
    await page.getByText('Some messages are missing: you were away for longer than the server keeps them.').waitFor();
    await page.locator('[data-order="1"]').waitFor();
    expect(await ordersOn(page)).toHaveLength(4);
    await page.close();
    await small.program.stop();
  }, 120_000);

  it('says why it stops when its token has ended and nobody signs another', async () => {
    const closed = await startDemo({ DEMO_SIGN_IN: 'off', PUSH_JWT_SECRET: TEST_SECRET });
    const page = await browser.open('guest', closed.url);
    await page.getByText('I have a token').click();
    await page
      .locator('#token-form')
      .getByRole('textbox')
      .fill(signToken({}, { expiresInSeconds: 3 }));
    await page.getByRole('button', { name: 'Use this token' }).click();
    await page.locator('#state[data-state="live"]').waitFor();
    await page.getByText('Sign-in is off on this server. Use a token instead.').waitFor({ timeout: 30_000 });
    // It stays while the page tries again in between.
    expect(await page.waitForSelector('#state[data-state="waiting"]')).toBeDefined();
    await page.close();
    await closed.program.stop();
  }, 120_000);
});
