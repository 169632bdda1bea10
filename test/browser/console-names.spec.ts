import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import { chromiumAbsence } from '../support/browser.js';
import { ConsoleStage, show, untilLive } from './console-stage.js';

const absence = chromiumAbsence();

/** What turns the direction of text, closed or not, and what closes an isolate that it is in. */
const TURNING = ['a\u202Erev', 'b\u2067rev', 'c\u2069\u202Erev'];
/** Looks like `zerowidth`. */
const WIDTHLESS = 'zero\u200Bwidth';
const SPACED = [' padded', 'padded ', 'pad  ded'];

(absence === '' ? describe : describe.skip)(`names from outside in the admin console, in Chromium${absence}`, () => {
  const stage = new ConsoleStage();
  let page: Page;

  beforeAll(async () => {
    await stage.start();
    page = await stage.visit();
    for (const user of [...TURNING, ...SPACED, WIDTHLESS, 'zerowidth', 'padded', 'pad ded']) await stage.connect(user);
  }, 120_000);

  afterAll(() => stage.close());

  /** The row of the user whose id is exactly this. */
  async function rowOf(user: string): Promise<Locator> {
    await page.locator('tbody tr').first().waitFor();
    const ids = await page.locator('tbody th').allTextContents();
    return page.locator('tbody tr').nth(ids.indexOf(user));
  }

  /**
   * The words around names, character by character from left to right as they are seen, line by line: without the names,
   * where they stand apart.
   */
  async function seen(where: Locator): Promise<string> {
    return where.evaluate((element) => {
      const document = element.ownerDocument;
      const walker = document.createTreeWalker(element, 4);
      const characters: { text: string; line: number; left: number }[] = [];
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        if (node.parentElement?.closest('bdi')) continue;
        for (const [at, text] of [...(node.textContent ?? '')].entries()) {
          const range = document.createRange();
          range.setStart(node, at);
          range.setEnd(node, at + 1);
          const { top, left } = range.getBoundingClientRect();
          if (text.trim() !== '') characters.push({ text, line: Math.round(top / 8), left });
        }
      }
      characters.sort((one, other) => one.line - other.line || one.left - other.left);
      return characters.map(({ text }) => text).join('');
    });
  }

  beforeEach(async () => {
    await page.reload();
    await untilLive(page);
  });

  it.each(TURNING)('scramble no words around them where a connection ends: %j', async (user) => {
    await show(page, 'connections');
    await page.getByLabel('User').fill(user);
    await page.getByText('1 connection', { exact: true }).waitFor();
    await page.getByRole('button', { name: /^Disconnect/ }).click();
    const dialog = page.getByRole('dialog');
    expect(await seen(dialog.locator('p').first())).toMatch(/^Theconnectionoffrom[\d.:a-f]+ends\.$/);
    await dialog.getByLabel(/client may come back/).check();
    await dialog.getByRole('button', { name: 'Disconnect' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(await seen(page.locator('.notice'))).toBe('1connectionofdisconnected.');
    await stage.connect(user);
  });

  it.each(TURNING)('scramble no words around them where a message is sent and traced: %j', async (user) => {
    await show(page, 'send');
    await page.getByLabel('Users', { exact: true }).fill(`${user}, ada`);
    await page.getByLabel('Event', { exact: true }).fill('note');
    await page.getByRole('button', { name: 'Send…' }).click();
    const dialog = page.getByRole('dialog');
    expect(await seen(dialog.locator('p.muted'))).toBe('Tousers,.');
    await dialog.getByRole('button', { name: 'Send' }).click();
    const receipt = page.locator('[data-receipts] > li');
    await receipt.waitFor();
    expect(await seen(receipt)).toMatch(/^notetousers,\d\d:\d\d:\d\dmatched1user,1connection;writtento1/);
    await show(page, `trace/${encodeURIComponent(user)}`);
    expect(await seen(page.locator('#traced'))).toBe('Live:');
  });

  it('show the white space in them', async () => {
    await show(page, 'connections');
    await page.getByLabel('User').fill('pad');
    await page.getByText('5 connections', { exact: true }).waitFor();
    const width = async (user: string): Promise<number> =>
      (await rowOf(user)).locator('th').evaluate((cell) => {
        const range = cell.ownerDocument.createRange();
        range.selectNodeContents(cell);
        return range.getBoundingClientRect().width;
      });
    const plain = await width('padded');
    for (const spaced of SPACED) expect([spaced, (await width(spaced)) > plain]).toEqual([spaced, true]);
    expect(await width('pad  ded')).toBeGreaterThan(await width('pad ded'));
  });

  it('have a frame where they hold what has no width, and look like no other', async () => {
    await show(page, 'connections');
    await page.getByLabel('User').fill('zero');
    await page.getByText('2 connections', { exact: true }).waitFor();
    const frameOf = async (user: string) =>
      (await rowOf(user))
        .locator('th bdi')
        .evaluate((name) => name.ownerDocument.defaultView?.getComputedStyle(name).outlineStyle);
    expect([await frameOf(WIDTHLESS), await frameOf('zerowidth')]).toEqual(['dotted', 'none']);
  });
});
