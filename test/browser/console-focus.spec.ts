import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { Browser, chromiumAbsence } from '../support/browser.js';
import { type RunningDemo, startDemo } from '../support/demo-process.js';
import { eventually } from '../support/eventually.js';
import { TEST_SECRET, bearer, signToken } from '../support/tokens.js';

const absence = chromiumAbsence();

(absence === '' ? describe : describe.skip)(`the focus in the admin console, in Chromium${absence}`, () => {
  let demo: RunningDemo;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    demo = await startDemo({ PUSH_JWT_SECRET: TEST_SECRET });
    browser = await Browser.launch();
  }, 120_000);

  afterAll(async () => {
    // Either is missing where it could not start; the reason is in the tests that failed.
    await (browser as Browser | undefined)?.close();
    await (demo as RunningDemo | undefined)?.program.stop();
  });

  /** A page without a token, which nobody gives one to. */
  beforeEach(async () => {
    page = await browser.open('console', 'about:blank');
    await page.route('**/auth/token/console', (route) =>
      route.fulfill({ status: 401, json: { message: 'signed out' } }),
    );
  });

  const focused = () =>
    page.evaluate<string>('`${document.activeElement.tagName} ${document.activeElement.innerText}`');

  async function signIn(token: string): Promise<void> {
    await page.getByLabel('Token').fill(token);
    await page.getByRole('button', { name: 'Sign in' }).focus();
    await page.keyboard.press('Enter');
  }

  it('stays where it is when the same token is refused again, and the refusal is said again', async () => {
    await page.goto(`${demo.url}/console`);
    await signIn('nonsense');
    const refusal = page.getByRole('alert').getByText('token');
    await refusal.waitFor();
    const first = await page.getByRole('alert').elementHandle();
    // Long enough to be drawn while it waits for the answer.
    await page.route('**/console/session', async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      await route.continue();
    });
    await page.getByRole('button', { name: 'Sign in' }).focus();
    await page.keyboard.press('Enter');
    await eventually(async () => (await first?.evaluate((alert) => alert.isConnected)) === false);
    await refusal.waitFor();
    expect(await focused()).toBe('BUTTON Sign in');
    await page.close();
  });

  it('stays where it is when what was typed cannot be a token, which is said in words each time', async () => {
    await page.goto(`${demo.url}/console`);
    for (const text of ['tökén 👩', 'tökén 👩']) {
      const before = await page.getByRole('alert').elementHandles();
      await signIn(text);
      for (const alert of before) await eventually(async () => !(await alert.evaluate((one) => one.isConnected)));
      await page.getByRole('alert').getByText('This is no token').waitFor();
    }
    expect(await focused()).toBe('BUTTON Sign in');
    await page.close();
  });

  it('goes to the view once somebody has signed in', async () => {
    await page.goto(`${demo.url}/console`);
    await signIn(signToken({ sub: 'op', scope: 'push:admin' }));
    await page.locator('[data-state="live"]').waitFor();
    expect(await focused()).toBe('H1 Overview');
    await page.close();
  });

  it('goes to the first of the older entries of a trace when they are shown', async () => {
    await page.goto(`${demo.url}/console#trace/ada`);
    await signIn(signToken({ sub: 'op', scope: 'push:admin' }));
    const entries = page.locator('[data-trace] > li');
    const publish = (count: number) =>
      fetch(`${demo.url}/push/batch`, {
        method: 'POST',
        headers: { ...bearer(signToken({ scope: 'push:send' })), 'content-type': 'application/json' },
        body: JSON.stringify({
          messages: Array.from({ length: count }, (_, at) => ({ target: { users: ['ada'] }, event: 't.m', data: at })),
        }),
      });
    await eventually(
      async () => {
        await publish(1);
        return (await entries.count()) > 0;
      },
      { intervalMs: 500 },
    );
    for (let batch = 0; batch < 2; batch++) expect((await publish(20)).status).toBeLessThan(300);
    const older = page.getByRole('button', { name: /^Show \d+ older$/ });
    await eventually(async () => expect(await older.innerText()).toMatch(/Show 1\d older/));
    await older.focus();
    await page.keyboard.press('Enter');
    await older.waitFor({ state: 'detached' });
    expect(await entries.evaluateAll((all) => all.findIndex((one) => one === one.ownerDocument.activeElement))).toBe(
      30,
    );
    await publish(1);
    await eventually(async () => expect(await entries.count()).toBeGreaterThan(41));
    expect(await older.count()).toBe(0);
    await page.close();
  });
});
