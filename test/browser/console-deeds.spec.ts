import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import axe from 'axe-core';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { chromiumAbsence } from '../support/browser.js';
import { eventually } from '../support/eventually.js';
import { ConsoleStage, focusedText, show, untilLive } from './console-stage.js';

const absence = chromiumAbsence();

(absence === '' ? describe : describe.skip)(`what the admin console does, in Chromium${absence}`, () => {
  const stage = new ConsoleStage();
  let page: Page;

  beforeAll(async () => {
    await stage.start();
    page = await stage.visit();
  }, 120_000);

  afterAll(() => stage.close());

  beforeEach(async () => {
    await page.reload();
    await untilLive(page);
  });

  it('sends to users whose ids have commas or spaces around them, and to nobody else', async () => {
    const [comma, padded, x, plain] = [
      await stage.connect('x,y'),
      await stage.connect(' padded '),
      await stage.connect('x'),
      await stage.connect('padded'),
    ];
    await show(page, 'send');
    await page.getByLabel('Users', { exact: true }).fill('"x,y", " padded "');
    await page.getByRole('button', { name: 'Who would get this?' }).click();
    await page.getByRole('heading', { name: '2 users on 2 connections would get this' }).waitFor();
    const names = await page.locator('[data-preview] tbody th').allTextContents();
    expect(names.toSorted()).toEqual([' padded ', 'x,y']);
    await page.getByLabel('Event', { exact: true }).fill('note');
    await page.getByRole('button', { name: 'Send…' }).click();
    await page.getByRole('dialog').getByText('To users "x,y", " padded ".').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Send' }).click();
    await page.locator('[data-receipts]').getByText('matched 2 users, 2 connections; written to 2').waitFor();
    for (const client of [comma, padded]) expect(await client.next('note')).toMatchObject({ data: {} });
    for (const client of [x, plain]) {
      expect((await client.settled()).map(({ event }) => event)).not.toContain('note');
    }
  });

  it('shows whom it would send to in whole words, however long the ids are and narrow the page', async () => {
    const users = ['0b8f7a52-3c1e-4d0f-9a6b-7e2d5c4f1a90', 'grace.brewster.hopper@navy.example'];
    for (const user of users) await stage.connect(user);
    await show(page, 'send');
    await page.getByLabel('Users', { exact: true }).fill(users.join(', '));
    await page.getByRole('button', { name: 'Who would get this?' }).click();
    await page.getByRole('heading', { name: '2 users on 2 connections would get this' }).waitFor();
    const broken = `[...document.querySelectorAll('[data-preview] :is(th[scope=col], td)')]
      .filter((cell) => {
        const words = document.createRange();
        words.selectNodeContents(cell);
        return new Set([...words.getClientRects()].map(({ top }) => top)).size > 1;
      })
      .map((cell) => cell.textContent)`;
    for (const width of [1280, 1100, 840, 360, 320]) {
      await page.setViewportSize({ width, height: 720 });
      expect([width, await page.evaluate(broken)]).toEqual([width, []]);
    }
    await page.setViewportSize({ width: 1280, height: 720 });
  });

  it('says what is wrong with a name whose quote does not end, and asks nobody', async () => {
    await show(page, 'send');
    await page.getByLabel('Users', { exact: true }).fill('"x,y');
    await page.getByRole('button', { name: 'Who would get this?' }).click();
    await page.getByRole('alert').getByText('A name that begins with a double quote has to end with one').waitFor();
    expect(await page.locator('[data-preview]').count()).toBe(0);
  });

  it('forgets whom it would send to when somebody else is named', async () => {
    await show(page, 'send');
    const preview = page.locator('[data-preview]');
    await page.getByLabel('Users', { exact: true }).fill('nobody');
    await page.getByRole('button', { name: 'Who would get this?' }).click();
    await preview.waitFor();
    await page.getByLabel('Users', { exact: true }).fill('');
    expect(await preview.count()).toBe(0);
    await page.getByRole('button', { name: 'Who would get this?' }).click();
    await page.getByRole('alert').getByText('Name users, groups or connections').waitFor();
    await page.getByLabel('Groups', { exact: true }).fill('staff');
    expect(await page.getByRole('alert').count()).toBe(0);
  });

  it('says what is wrong with a time to live, where its field is folded away, too, and takes parts of a second', async () => {
    await show(page, 'send');
    await page.getByLabel('Users', { exact: true }).fill('nobody');
    await page.getByLabel('Event', { exact: true }).fill('note');
    for (const wrong of ['-5', '0', 'soon']) {
      await page.getByText('How it is kept').click();
      await page.getByLabel('Seconds to live').fill(wrong);
      await page.getByText('How it is kept').click();
      await page.getByRole('button', { name: 'Send…' }).click();
      await page.getByRole('alert').getByText('Seconds to live: a number greater than 0').waitFor();
      await page.getByLabel('Users', { exact: true }).fill(`nobody-${wrong}`);
    }
    await page.getByText('How it is kept').click();
    await page.getByLabel('Seconds to live').fill('0.5');
    await page.getByRole('button', { name: 'Send…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Send' }).click();
    const receipt = page.locator('[data-receipts]').getByText('matched 0 users');
    await receipt.waitFor();
    expect(await receipt.count()).toBe(1);
  });

  it('keeps the focus on a deed that is refused', async () => {
    await show(page, 'send');
    await page.getByLabel('Users', { exact: true }).fill('nobody');
    await page.getByLabel('Event', { exact: true }).fill('note');
    await page.getByText('How it is kept').click();
    await page.getByLabel('Collapse key').fill('x'.repeat(300));
    await page.getByRole('button', { name: 'Send…' }).click();
    const deed = page.getByRole('dialog').getByRole('button', { name: 'Send' });
    await deed.focus();
    // Long enough to be drawn while it waits for the answer.
    await page.evaluate(`(() => {
      const { send } = WebSocket.prototype;
      WebSocket.prototype.send = function (text) {
        WebSocket.prototype.send = send;
        setTimeout(() => send.call(this, text), 200);
      };
    })()`);
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').getByRole('alert').waitFor();
    expect(await focusedText(page)).toBe('Send');
    await page.keyboard.press('Escape');
    await page.getByLabel('Collapse key').fill('');
  });

  /** Holds back the next frame that asks for this, until `release()`. */
  async function hold(
    action: string,
  ): Promise<{ readonly asked: () => Promise<void>; readonly release: () => Promise<void> }> {
    await page.evaluate(`(() => {
      const { send } = WebSocket.prototype;
      WebSocket.prototype.send = function (text) {
        if (!text.includes('"action":"${action}"')) return send.call(this, text);
        WebSocket.prototype.send = send;
        window.releaseHeld = () => send.call(this, text);
      };
    })()`);
    return {
      asked: () => eventually(() => page.evaluate<boolean>(`'releaseHeld' in window`)),
      release: () => page.evaluate('releaseHeld()'),
    };
  }

  it.each([
    ['Users', 'bob'],
    ['Event', 'order.status'],
    ['Data, as JSON', '{ "other": true }'],
  ])(
    'asks nothing about a message whose %s became another while it was looked for whom it reaches',
    async (label, text) => {
      await show(page, 'send');
      await page.getByLabel('Users', { exact: true }).fill('ada');
      await page.getByLabel('Event', { exact: true }).fill('t.e');
      const held = await hold('preview');
      await page.getByRole('button', { name: 'Send…' }).click();
      await held.asked();
      await page.getByLabel(label, { exact: true }).fill(text);
      await held.release();
      // Answers come in the order in which they were asked for.
      await page.evaluate(`document.querySelector('form button[type="button"]').click()`);
      await page.locator('[data-preview]').waitFor();
      expect(await page.locator('dialog').count()).toBe(0);
    },
  );

  it('shows nothing of whom a target reaches that is no more the one in the fields', async () => {
    await stage.connect('ada');
    await show(page, 'send');
    const look = page.getByRole('button', { name: 'Who would get this?' });
    await page.evaluate(`(() => {
      window.previews = [];
      const note = () => window.previews.push(document.querySelector('#preview')?.textContent);
      new MutationObserver(note).observe(document, { subtree: true, childList: true, characterData: true });
    })()`);
    await page.getByLabel('Users', { exact: true }).fill('ada');
    const held = await hold('preview');
    await look.click();
    await held.asked();
    await page.getByLabel('Users', { exact: true }).fill('nobody');
    await held.release();
    // Answers come in the order in which they were asked for.
    await look.click();
    await page.getByRole('heading', { name: '0 users on 0 connections' }).waitFor();
    expect(await page.evaluate('previews')).not.toContain('1 user on 1 connection would get this');
  });

  it('names in the dialog and in the receipt what is sent, whatever has come into the fields since', async () => {
    const ada = await stage.connect('ada');
    await show(page, 'send');
    await page.getByLabel('Users', { exact: true }).fill('ada');
    await page.getByLabel('Event', { exact: true }).fill('t.e');
    await page.getByRole('button', { name: 'Send…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Send t.e?' });
    await dialog.waitFor();
    // As whatever fills in forms does, behind a modal dialog too.
    for (const label of ['Users', 'Event']) {
      await page.getByLabel(label, { exact: true }).evaluate((field) => {
        (field as unknown as { value: string }).value = 'other';
        field.dispatchEvent(new field.ownerDocument.defaultView!.Event('input', { bubbles: true }));
      });
    }
    await dialog.getByText('To users ada.').waitFor();
    await dialog.getByRole('button', { name: 'Send' }).click();
    await page.locator('[data-receipts]').getByText('t.e to users ada').waitFor();
    expect(await ada.next('t.e')).toMatchObject({ data: {} });
  });

  it.each([
    [false, 'groups staff, except users bob, except groups vip'],
    [true, 'everyone, except users bob, except groups vip'],
  ])('says whom it leaves out (of everyone: %s)', async (isAll, words) => {
    await show(page, 'send');
    if (isAll) await page.getByLabel('Everyone').check();
    else await page.getByLabel('Groups', { exact: true }).fill('staff');
    await page.getByText('Except some').click();
    await page.getByLabel('Except users').fill('bob');
    await page.getByLabel('Except groups').fill('vip');
    await page.getByLabel('Event', { exact: true }).fill('t.x');
    await page.getByRole('button', { name: 'Send…' }).click();
    await page.getByRole('dialog').getByText(`To ${words}.`, { exact: true }).waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Send' }).click();
    const receipt = page.locator('[data-receipts] > li');
    await receipt.waitFor();
    expect(await receipt.innerText()).toContain(`t.x to ${words} `);
  });

  it('says how large a message may be where one is too large', async () => {
    await show(page, 'send');
    await page.getByLabel('Users', { exact: true }).fill('nobody');
    await page.getByLabel('Event', { exact: true }).fill('note');
    await page.getByLabel('Data, as JSON').fill(JSON.stringify('x'.repeat(70_000)));
    await page.getByRole('button', { name: 'Send…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Send' }).click();
    const alert = page.getByRole('dialog').getByRole('alert');
    await alert.waitFor();
    expect(await alert.innerText()).toBe(
      'This is too large: the server takes at most 64 KiB at once, data, names and all.',
    );
    await page.getByRole('button', { name: 'Cancel' }).click();
  });

  it('says what was disconnected and leaves the focus there, for the button is gone', async () => {
    const victim = await stage.connect('victim');
    await show(page, 'connections');
    await page.getByLabel('User').fill('victim');
    await page.getByRole('button', { name: 'Disconnect victim' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Disconnect' }).click();
    expect((await victim.end()).code).toBe(4505);
    await page.getByText('0 connections', { exact: true }).waitFor();
    expect(await focusedText(page)).toBe('1 connection of victim disconnected.');
  });

  it.each([
    ['the connection', 'The connection of gone had ended already.'],
    ['all connections of the user', 'gone had no connection any more.'],
  ])('says so where %s it was to end had ended already', async (which, words) => {
    const gone = await stage.connect('gone');
    await show(page, 'connections');
    await page.getByLabel('User').fill('gone');
    await page.getByRole('button', { name: 'Disconnect gone' }).click();
    if (which !== 'the connection') await page.getByLabel('All connections of this user').check();
    gone.socket.terminate();
    await page.getByText('0 connections', { exact: true }).waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Disconnect' }).click();
    await page.locator('dialog').waitFor({ state: 'detached' });
    expect(await focusedText(page)).toBe(words);
  });

  it('says in good grammar that one user is connected', async () => {
    stage.dropClients();
    await show(page, 'overview');
    await eventually(async () => expect(await page.locator('[data-tile="users"]').innerText()).toBe('1'));
    await show(page, 'send');
    await page.getByLabel('Title').fill('Maintenance');
    await page.getByLabel('Text', { exact: true }).fill('At eight.');
    await page.getByRole('button', { name: 'Announce…' }).click();
    const words = await page.getByRole('dialog').locator('p.muted').innerText();
    expect(words).toContain('1 user is connected now.');
    await page.keyboard.press('Escape');
  });

  describe('with more connections than a page of them', () => {
    const PAGE = 50;
    const problem = () => page.locator('.problem');
    const more = () => page.getByRole('button', { name: 'Show more' });

    beforeEach(async () => {
      const open = stage.clients.filter(({ closed }) => closed === undefined).length;
      await Promise.all(Array.from({ length: Math.max(0, PAGE + 5 - open) }, (_, at) => stage.connect(`many-${at}`)));
      await show(page, 'connections');
      // The server refuses what it does not know.
      await page.evaluate(`(() => {
        const { send } = WebSocket.prototype;
        WebSocket.prototype.send = function (text) {
          const isMore = text.includes('"cursor"');
          if (isMore) WebSocket.prototype.send = send;
          return send.call(this, isMore ? text.replace('"action":"search"', '"action":"none"') : text);
        };
      })()`);
      await more().click();
      await problem().waitFor();
    });

    it('takes back that more could not be had once more is shown', async () => {
      await more().click();
      await more().waitFor({ state: 'detached' });
      expect(await problem().count()).toBe(0);
    });

    it('takes back that more could not be had once something else is looked for', async () => {
      await page.getByLabel('User').fill('many-7');
      expect(await problem().count()).toBe(0);
    });

    it('leaves the focus on their count when the last are shown, for the button is gone', async () => {
      await more().focus();
      await page.keyboard.press('Enter');
      await more().waitFor({ state: 'detached' });
      expect(await focusedText(page)).toMatch(/^\d+ connections$/);
    });

    it('shows no more of what was looked for before', async () => {
      const held = await hold('search');
      await more().click();
      await held.asked();
      await page.getByLabel('User').fill('many-7');
      await page.getByText('1 connection', { exact: true }).waitFor();
      await held.release();
      // Answers come in the order in which they were asked for.
      await page.getByRole('button', { name: 'Disconnect many-7' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Disconnect' }).click();
      await page.getByText('1 connection of many-7 disconnected.').waitFor();
      const others = (await page.getByRole('rowheader').allInnerTexts()).filter((user) => user !== 'many-7');
      expect(others).toEqual([]);
    });
  });

  it('calls a node the same in every view', async () => {
    await stage.connect('ada');
    await show(page, 'nodes');
    const name = await page.locator('.node-cards h2').innerText();
    expect(name).toMatch(/ · \d+$/);
    await show(page, 'connections');
    await page.getByLabel('User').fill('ada');
    await page.getByText('1 connection', { exact: true }).waitFor();
    expect(await page.locator('td[data-label="Node"]').innerText()).toBe(name);
    await show(page, 'trace/ada');
    await page.getByRole('heading', { name: 'Live: ada' }).waitFor();
    await eventually(async () => {
      await stage.connect('ada');
      expect(await page.getByText(`node ${name}`).count()).toBeGreaterThan(0);
    });
  });

  it('has its headings in order and its landmarks told apart in every view', async () => {
    await page.evaluate(axe.source);
    for (const view of ['overview', 'connections', 'trace/ada', 'send', 'nodes']) {
      await show(page, view);
      const { violations } = await page.evaluate<AxeResults>(
        `axe.run(document, { runOnly: ['heading-order', 'landmark-unique', 'region'] })`,
      );
      expect([view, violations.map(({ id }) => id)]).toEqual([view, []]);
    }
  });
});
