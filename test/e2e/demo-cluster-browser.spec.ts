import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { Browser, chromiumAbsence } from '../support/browser.js';
import { CLUSTER_START_MS, killNode, startCluster } from '../support/demo-cluster.js';
import type { RunningCluster } from '../support/demo-cluster.js';
import { eventuallyDefined } from '../support/eventually.js';
import { redisAbsence } from '../support/redis-server.js';
import { openShop, ordersOn, say, talkOn } from '../support/shop-page.js';

const absence = chromiumAbsence() || redisAbsence();

(absence === '' ? describe : describe.skip)(`the page of a demo on three nodes${absence}`, () => {
  let cluster: RunningCluster;
  let browser: Browser;

  beforeAll(async () => {
    cluster = await startCluster();
    browser = await Browser.launch();
  }, CLUSTER_START_MS);

  afterAll(async () => {
    // Either is missing where it could not start; the reason is in the tests that failed.
    await (browser as Browser | undefined)?.close();
    await (cluster as RunningCluster | undefined)?.program.stop(10_000);
  });

  function nodeOf(page: Page): Promise<string> {
    return eventuallyDefined(async () => /node (\d)/.exec(await page.locator('#wire').innerText())?.[1]);
  }

  /**
   * A page on another node: who is on the one that is killed may lose what he was just saying, and is told so. The front
   * takes the nodes in turn, so that each try makes one more request than the one before.
   */
  async function openShopBeside(node: string, user: string): Promise<Page> {
    for (let requests = 0; requests < 10; requests++) {
      for (let made = 0; made < requests; made++) await fetch(`${cluster.url}/health/live`);
      const page = await openShop(browser, cluster.url, user);
      if ((await nodeOf(page)) !== node) return page;
      await page.close();
    }
    throw new Error(`every page came to node ${node}`);
  }

  it('counts everyone whom an announcement reaches, on whichever node they are', async () => {
    const ada = await openShop(browser, cluster.url, 'ada');
    const grace = await openShopBeside(await nodeOf(ada), 'grace');
    const admin = await browser.open('admin', `${cluster.url}/admin`);
    await admin.getByRole('button', { name: 'Sign in' }).click();
    await admin.locator('#send-form [name=title]').fill('Summer sale');
    await admin.locator('#send-form [name=text]').fill('All pots.');
    await admin.locator('#send-form [name=title]').press('Enter');
    const receipt = admin.locator('#sends').getByText('matched 2 users, 2 connections; written to');
    await receipt.waitFor();
    expect(await receipt.innerText()).toContain('written to 2');
    for (const page of [ada, grace, admin]) await page.close();
  }, 60_000);

  it('says which node it is on, and loses nothing when that one is killed', async () => {
    const ada = await openShop(browser, cluster.url, 'ada');
    const nodeOfAda = await nodeOf(ada);
    const grace = await openShopBeside(nodeOfAda, 'grace');
    await ada.getByRole('button', { name: 'Order Monstera' }).click();
    await ada.locator('#orders li').first().waitFor();
    await say(grace, 'before');
    await ada.locator('#chat-log').getByText('before').waitFor();

    expect(await killNode(cluster, nodeOfAda)).toBe(202);
    await say(grace, 'while it is gone');
    await ada.locator('#wire').getByText('1 reconnect').waitFor();
    await say(grace, 'after');
    await ada.locator('#chat-log').getByText('after').waitFor();

    expect(await talkOn(ada)).toEqual(['before', 'while it is gone', 'after']);
    expect(await ordersOn(ada)).toHaveLength(1);
    expect(await ada.locator('#notice').isHidden()).toBe(true);
  }, 60_000);
});
