import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { chromiumAbsence } from '../support/browser.js';
import { eventually } from '../support/eventually.js';
import { signToken } from '../support/tokens.js';
import { ConsoleStage, refuseToken, untilLive } from './console-stage.js';

const absence = chromiumAbsence();

(absence === '' ? describe : describe.skip)(`the focus in the admin console, in Chromium${absence}`, () => {
  const stage = new ConsoleStage();

  beforeAll(() => stage.start(), 120_000);
  afterEach(() => stage.closePages());
  afterAll(() => stage.close());

  const visit = (view = '') => stage.visit({ view, prepare: refuseToken });

  const focused = (page: Page) =>
    page.evaluate<string>('`${document.activeElement.tagName} ${document.activeElement.innerText}`');

  async function signIn(page: Page, token: string): Promise<void> {
    await page.getByLabel('Token').fill(token);
    await page.getByRole('button', { name: 'Sign in' }).focus();
    await page.keyboard.press('Enter');
  }

  it('stays where it is when the same token is refused again, and the refusal is said again', async () => {
    const page = await visit();
    await signIn(page, 'nonsense');
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
    expect(await focused(page)).toBe('BUTTON Sign in');
  });

  it('stays where it is when what was typed cannot be a token, which is said in words each time', async () => {
    const page = await visit();
    for (const text of ['tökén 👩', 'tökén 👩']) {
      const before = await page.getByRole('alert').elementHandles();
      await signIn(page, text);
      for (const alert of before) await eventually(async () => !(await alert.evaluate((one) => one.isConnected)));
      await page.getByRole('alert').getByText('This is no token').waitFor();
    }
    expect(await focused(page)).toBe('BUTTON Sign in');
  });

  it('goes to the view once somebody has signed in', async () => {
    const page = await visit();
    await signIn(page, signToken({ sub: 'op', scope: 'push:admin' }));
    await untilLive(page);
    expect(await focused(page)).toBe('H1 Overview');
  });

  it('goes to the first of the older entries of a trace when they are shown', async () => {
    const page = await visit('trace/ada');
    await signIn(page, signToken({ sub: 'op', scope: 'push:admin' }));
    const entries = page.locator('[data-trace] > li');
    const publish = (count: number) =>
      stage.demo.call('POST', '/push/batch', {
        messages: Array.from({ length: count }, (_, at) => ({ target: { users: ['ada'] }, event: 't.m', data: at })),
      });
    await eventually(
      async () => {
        await publish(1);
        return (await entries.count()) > 0;
      },
      { intervalMs: 500 },
    );
    for (let batch = 0; batch < 2; batch++) await publish(20);
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
  });
});
