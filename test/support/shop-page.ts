import type { Page } from 'playwright-core';
import type { Browser } from './browser.js';

/** Signs in on the shop's page and waits until it is live and in the lobby. */
export async function openShop(browser: Browser, url: string, user: string, groups = ''): Promise<Page> {
  const page = await browser.open(user, url);
  await page.getByLabel('User').fill(user);
  await page.getByLabel('Groups').fill(groups);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('#state[data-state="live"]').waitFor();
  await page.getByText('You are in room:lobby.').waitFor();
  return page;
}

/** Writes to the room. */
export async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel('Message', { exact: true }).fill(text);
  await page.getByLabel('Message', { exact: true }).press('Enter');
}

/** What was said in the room, oldest first, with what is still on its way. */
export function talkOn(page: Page): Promise<string[]> {
  return page.locator('#chat-log li.bubble p:last-child').allInnerTexts();
}

/** The rows of the orders, latest first. */
export function ordersOn(page: Page): Promise<string[]> {
  return page.locator('#orders li').allInnerTexts();
}
