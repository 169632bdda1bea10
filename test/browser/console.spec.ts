import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import axe from 'axe-core';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { chromiumAbsence } from '../support/browser.js';
import { eventually } from '../support/eventually.js';
import { signToken } from '../support/tokens.js';
import { ConsoleStage, type ConsoleVisit, refuseToken, show, untilLive } from './console-stage.js';

const absence = chromiumAbsence();
const describeInChromium = absence === '' ? describe : describe.skip;

const VIEWS = ['overview', 'connections', 'trace/ada', 'send', 'nodes'];
const HOSTILE = '<img src=x onerror="document.title=1">';

/** A connection goes on for so long after the end of its token, for clocks differ, and until it is looked at next. */
const CLOCK_TOLERANCE_MS = 5_000;
const SWEEP_MS = 1_500;

/** Keeps what the policy of the page has forbidden. */
const WATCH_POLICY = `
  window.violations = [];
  addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
    window.violations.push(violatedDirective + ' ' + blockedURI);
  });
`;

describeInChromium(`the admin console in Chromium${absence}`, () => {
  const stage = new ConsoleStage();
  let page: Page;
  const addresses: string[] = [];

  beforeAll(async () => {
    await stage.start(WATCH_POLICY);
    for (const [user, group] of [
      ['ada', 'vip'],
      ['grace', 'staff'],
      [HOSTILE, 'vip'],
    ] as const)
      await stage.connect(user, group);
    page = await stage.visit({
      prepare: (opened) => {
        opened.on('request', (request) => addresses.push(request.url()));
        opened.on('websocket', (socket) => addresses.push(socket.url()));
      },
    });
    await untilLive(page);
  }, 120_000);

  afterAll(() => stage.close());

  const publish = (user: string, event: string) => stage.demo.toUser(user, event, { text: 'a secret' });

  /** What axe finds that keeps people out. */
  async function barriers(): Promise<readonly string[]> {
    if (!(await page.evaluate(`'axe' in window`))) await page.evaluate(axe.source);
    const { violations } = await page.evaluate<AxeResults>('axe.run(document)');
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
  }

  it('opens by itself where the host gives the token, and shows live counters', async () => {
    await eventually(async () => (await page.locator('[data-tile="connections"]').innerText()) === '4');
    await publish('ada', 'first');
    await eventually(async () => Number(await page.locator('[data-tile="written"]').innerText()) > 0);
    expect(await page.locator('[data-tile="sends"]').innerText()).toBe('1');
  });

  it('says in words what a chart shows, and has it as a table', async () => {
    const chart = page.getByRole('img', { name: /Connections by transport .*WebSocket: now 4, at most 4/ });
    await chart.waitFor();
    await page.getByText('As a table: Connections by transport').click();
    const table = page.getByRole('region', { name: 'Connections by transport, as a table' });
    expect(await table.getByRole('columnheader').allInnerTexts()).toEqual([
      'Time',
      'WebSocket',
      'Event stream',
      'Long poll',
    ]);
    expect(await table.getByRole('row').count()).toBeGreaterThan(1);
  });

  it('finds connections, and shows what users are called as text', async () => {
    await show(page, 'connections');
    await page.getByLabel('Group').fill('vip');
    await page.getByText('2 connections', { exact: true }).waitFor();
    await page.getByLabel('User').fill('<IMG');
    await page.getByText('1 connection', { exact: true }).waitFor();
    expect(await page.getByRole('rowheader').allInnerTexts()).toEqual([HOSTILE]);
    await page.getByRole('link', { name: `Trace ${HOSTILE}` }).click();
    await stage.sendUntilTraced(page, HOSTILE);
    expect(await page.getByRole('heading', { level: 2 }).innerText()).toBe(`Live: ${HOSTILE}`);
    expect(await page.locator('#console img').count()).toBe(0);
  });

  it('follows a user, and says of each message what became of it and why', async () => {
    await show(page, 'trace');
    await page.getByLabel('User').fill('ada');
    await page.getByRole('button', { name: 'Follow' }).click();
    await page.getByRole('heading', { name: 'Live: ada' }).waitFor();
    await stage.sendUntilTraced(page, 'ada', 'order.status');
    const card = page.locator('[data-trace] > li').first();
    await card.getByText('Written to 1 connection').waitFor();
    const text = await card.innerText();
    for (const words of [
      'order.status',
      'Accepted: it names the user; kept',
      'Matched by the user id',
      'the transport took it',
    ])
      expect(text).toContain(words);
    expect(text).not.toContain('secret');
    await page.getByLabel('User').fill('away');
    await page.getByRole('button', { name: 'Follow' }).click();
    await page.getByRole('heading', { name: 'Live: away' }).waitFor();
    await eventually(
      async () => {
        await publish('away', 'order.status');
        return (await page.getByText('Nobody connected: kept').count()) > 0;
      },
      { intervalMs: 500 },
    );
  });

  it('shows who would get a message and by what, then sends it to them', async () => {
    await show(page, 'send');
    await page.getByLabel('Groups', { exact: true }).fill('staff');
    await page.getByLabel('Users', { exact: true }).fill('ada');
    await page.getByRole('button', { name: 'Who would get this?' }).click();
    await page.getByRole('heading', { name: '2 users on 2 connections would get this' }).waitFor();
    const rows = page.locator('[data-preview] tbody tr');
    expect((await rows.allInnerTexts()).map((row) => row.split('\t'))).toEqual([
      ['ada', 'named', 'WebSocket'],
      ['grace', 'in staff', 'WebSocket'],
    ]);
    await page.getByLabel('Event', { exact: true }).fill('note');
    await page.getByLabel('Data, as JSON').fill('{ "text": 1 ');
    await page.getByRole('button', { name: 'Send…' }).click();
    await page.getByText('The data is no JSON.').waitFor();
    await page.getByLabel('Data, as JSON').fill('{}');
    for (const [event, problem] of [
      ['order status', 'Event: 1 to 128'],
      ['push:ok', 'belong to the protocol'],
    ] as const) {
      await page.getByLabel('Event', { exact: true }).fill(event);
      await page.getByRole('button', { name: 'Send…' }).click();
      await page.getByRole('alert').getByText(problem).waitFor();
      expect(await page.getByRole('dialog').count()).toBe(0);
    }
    await page.getByLabel('Event', { exact: true }).fill('note');
    await page.getByLabel('Data, as JSON').fill('{ "text": "hello" }');
    await page.getByRole('button', { name: 'Send…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Send' }).click();
    await page.locator('[data-receipts]').getByText('matched 2 users, 2 connections; written to 2').waitFor();
    expect(await stage.clients[1]?.next('note')).toMatchObject({ data: { text: 'hello' } });
  });

  it('announces to everyone after it was asked whether it should', async () => {
    await page.getByLabel('Title').fill('Maintenance');
    await page.getByLabel('Text', { exact: true }).fill('At eight.');
    await page.getByRole('button', { name: 'Announce…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Announce' }).click();
    for (const client of stage.clients) {
      expect(await client.next('announcement')).toMatchObject({ data: { title: 'Maintenance', text: 'At eight.' } });
    }
  });

  it('works by keyboard alone: skip link, views, search, and a dialog that keeps and gives back the focus', async () => {
    const victim = await stage.connect('victim');
    await page.reload();
    await untilLive(page);
    const focused = () => page.evaluate('document.activeElement.innerText || document.activeElement.id');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');

    await page.getByRole('link', { name: 'Connections' }).focus();
    await page.keyboard.press('Enter');
    await eventually(async () => (await page.evaluate('document.activeElement.tagName')) === 'H1');
    expect(await focused()).toBe('Connections');
    expect(await page.title()).toBe('Connections · Push console');
    await page.keyboard.press('Tab');
    await page.keyboard.type('victim');
    await page.getByText('1 connection', { exact: true }).waitFor();
    for (let tabs = 0; tabs < 4; tabs++) await page.keyboard.press('Tab');
    expect(await focused()).toContain('Disconnect');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    expect(await focused()).toBe('Cancel');
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    expect(await focused()).toContain('Disconnect');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Disconnect');
    await page.keyboard.press('Enter');
    expect((await victim.end()).code).toBe(4505);
    await page.getByText('1 connection of victim disconnected').waitFor();
  });

  it.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 320],
    ['dark', 320],
  ] as const)('keeps nobody out, in %s at a width of %i, and nothing is cut off', async (colorScheme, width) => {
    // Colours on their way from one theme to the other are nobody's.
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.setViewportSize({ width, height: 720 });
    for (const view of VIEWS) {
      await show(page, view);
      if (view === 'trace/ada') await stage.sendUntilTraced(page, 'ada', 'order.status');
      expect([view, await barriers()]).toEqual([view, []]);
      expect([view, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([view, width]);
    }
    await page.getByRole('button', { name: /^Drain/ }).click();
    expect(await barriers()).toEqual([]);
    await page.getByRole('button', { name: 'Cancel' }).click();
  });

  it('takes a theme that is chosen, and moves nothing for those who want no motion', async () => {
    await page.setViewportSize({ width: 1280, height: 720 });
    await page.getByLabel('Theme').selectOption('dark');
    const hasGround = (colour: string) =>
      eventually(async () => {
        expect(await page.evaluate('getComputedStyle(document.documentElement).backgroundColor')).toBe(colour);
      });
    await hasGround('rgb(14, 17, 22)');
    await page.getByLabel('Theme').selectOption('light');
    await hasGround('rgb(244, 246, 249)');
    const moving = `[...document.querySelectorAll('*')].filter((e) => getComputedStyle(e).transitionDuration !== '0s').length`;
    expect(await page.evaluate(moving)).toBe(0);
  });

  it('tells the view that is shown from the others, and states from text, where colours are forced', async () => {
    await page.emulateMedia({ forcedColors: 'active' });
    await show(page, 'nodes');
    const frames = (which: string) =>
      page
        .locator(which)
        .evaluateAll((all) => all.map((each) => each.ownerDocument.defaultView?.getComputedStyle(each).borderTopStyle));
    expect(await frames('.views a[aria-current]')).toEqual(['solid']);
    expect(new Set(await frames('.views a:not([aria-current])'))).toEqual(new Set(['none']));
    expect(new Set(await frames('.pill'))).toEqual(new Set(['solid']));
    await page.emulateMedia({ forcedColors: null });
  });

  it('asks for a token once signed out, with the focus there, and says what is wrong with one', async () => {
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Token').waitFor();
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Push console');
    expect(await barriers()).toEqual([]);
    expect(await page.evaluate('sessionStorage.length')).toBe(0);
    const complaints = stage.complaints.length;
    await page.getByLabel('Token').fill(signToken({ sub: 'op', scope: 'push:send' }));
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').getByText('the token has not the scope push:admin').waitFor();
    // The refusal is what was asked for; nothing else may be among the complaints.
    stage.complaints.splice(complaints);
    await page.getByLabel('Token').fill(signToken({ sub: 'op', scope: 'push:admin' }));
    await page.keyboard.press('Enter');
    await untilLive(page);
    await show(page, 'send');
    await page.getByText('it lacks push:send and push:broadcast').waitFor();
    expect(await page.getByRole('button', { name: 'Announce…' }).isDisabled()).toBe(true);
  });

  it('works over an event stream where there is no WebSocket', async () => {
    const other = await stage.visit({
      name: 'stream',
      view: 'connections',
      prepare: (opened) => opened.addInitScript('delete globalThis.WebSocket'),
    });
    await other.getByText('Live over an event stream').waitFor();
    await other.getByLabel('User').fill('grace');
    await other.getByText('1 connection', { exact: true }).waitFor();
    expect(await other.getByRole('rowheader').allInnerTexts()).toEqual(['grace']);
    await other.close();
  });

  it('works over long polling where nothing else gets through', async () => {
    const complaints = stage.complaints.length;
    const other = await stage.visit({
      name: 'poll',
      view: 'connections',
      prepare: async (opened) => {
        await opened.addInitScript('delete globalThis.WebSocket');
        await opened.route('**/push/sse*', (route) => route.fulfill({ status: 404 }));
      },
    });
    await other.getByText('Live over long polling').waitFor();
    await other.getByLabel('User').fill('grace');
    await other.getByText('1 connection', { exact: true }).waitFor();
    await show(other, 'trace/ada');
    await stage.sendUntilTraced(other, 'ada', 'order.status');
    // Each message once, however often the page has looked since.
    expect(await other.locator('[data-trace] > li').first().getByText('the transport took it').count()).toBe(1);
    await show(other, 'send');
    await other.getByLabel('Users', { exact: true }).fill('ada');
    await other.getByRole('button', { name: 'Who would get this?' }).click();
    await other.getByRole('heading', { name: '1 user on 1 connection would get this' }).waitFor();
    await other.close();
    // The stream that was not there is what was asked for.
    stage.complaints.splice(complaints);
  });

  /** A page that begins with a token of its own, good for so many seconds. */
  function visitWithToken(expiresInSeconds: number, { prepare, ...visit }: ConsoleVisit): Promise<Page> {
    const token = signToken({ sub: 'op', scope: 'push:admin' }, { expiresInSeconds });
    return stage.visit({
      ...visit,
      prepare: async (opened) => {
        await opened.addInitScript(`sessionStorage.setItem('nestjs-push.console.token', '${token}')`);
        await prepare?.(opened);
      },
    });
  }

  it('stays open past the end of its token, on the same connection, where the host gives another', async () => {
    const token = signToken({ sub: 'op', scope: 'push:admin' });
    let sockets = 0;
    let renewed: Promise<unknown> | undefined;
    const other = await visitWithToken(1, {
      name: 'renewed',
      prepare: async (opened) => {
        await opened.route('**/auth/token/console', (route) => route.fulfill({ json: { token } }));
        opened.on('websocket', () => sockets++);
        renewed = opened.waitForRequest('**/auth/token/console');
      },
    });
    const endsAt = Date.now() + 1_000 + CLOCK_TOLERANCE_MS;
    await renewed;
    await eventually(() => Date.now() > endsAt + SWEEP_MS);
    const sends = async () => Number(await other.locator('[data-tile="sends"]').innerText());
    const before = await sends();
    await publish('ada', 'after');
    await eventually(async () => (await sends()) > before);
    expect([await other.locator('[data-state]').getAttribute('data-state'), sockets]).toEqual(['live', 1]);
    await other.close();
  });

  it('says that its token cannot be renewed while it holds, and asks for another once it has ended', async () => {
    const complaints = stage.complaints.length;
    const other = await visitWithToken(4, { name: 'ended', prepare: refuseToken });
    await other.getByRole('alert').getByText('cannot be renewed').waitFor();
    expect(await other.locator('[data-state]').getAttribute('data-state')).toBe('live');
    await other.getByRole('alert').getByText('The token has ended. Sign in again.').waitFor({ timeout: 20_000 });
    await other.getByLabel('Token').fill(signToken({ sub: 'op', scope: 'push:admin' }));
    await other.keyboard.press('Enter');
    await untilLive(other);
    await other.close();
    stage.complaints.splice(complaints);
  });

  it('has put no token into an address and broken no policy', async () => {
    expect(addresses.length).toBeGreaterThan(3);
    expect(addresses.filter((address) => address.includes('eyJ'))).toEqual([]);
    expect(await page.evaluate('violations')).toEqual([]);
    expect(stage.complaints).toEqual([]);
  });

  it('drains a node after a warning, and says that it is away', async () => {
    await show(page, 'nodes');
    await page.getByRole('button', { name: /^Drain/ }).click();
    await page.getByText('This is the only node').waitFor();
    await page.getByRole('button', { name: 'Drain node' }).click();
    await page.locator('[data-state="waiting"]').waitFor();
    expect((await stage.clients[0]?.end())?.code).toBe(1012);
  });
});
