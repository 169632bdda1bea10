import type { Page } from 'playwright-core';
import { eventually } from '../support/eventually.js';
import { signToken } from '../support/tokens.js';
import { WsClient } from '../support/ws-client.js';
import { Stage } from './stage.js';

/** How the console is opened. */
export interface ConsoleVisit {
  /** Tells the complaints of this page from those of others. */
  readonly name?: string;
  /** As it stands behind the `#`. */
  readonly view?: string;
  /** Where the console is served from, where that is not the demo. */
  readonly url?: string;
  /** Comes before anything is loaded. */
  readonly prepare?: (page: Page) => unknown;
}

/** The demo with its admin console, a Chromium before it, and clients for the console to see. */
export class ConsoleStage {
  /** In the order in which they came, with those that have gone. */
  readonly clients: WsClient[] = [];
  private readonly pages: Page[] = [];
  private stage: Stage | undefined;

  async start(initScript = ''): Promise<void> {
    this.stage = await Stage.start({}, initScript);
  }

  /** The demo and its back end; throws before it has started. */
  get demo(): Stage {
    if (!this.stage) throw new Error('the stage has not started');
    return this.stage;
  }

  /** What pages complained about. */
  get complaints(): string[] {
    return this.demo.browser.complaints;
  }

  /** Connects a client with a token of this user. */
  async connect(user: string, ...groups: string[]): Promise<WsClient> {
    const url = `${this.demo.url.replace('http', 'ws')}/push/ws`;
    const client = await WsClient.connect(url, { token: signToken({ sub: user, groups }) });
    this.clients.push(client);
    await client.next('push:welcome');
    return client;
  }

  /** Opens the console in a page of its own, without waiting for it to be connected: see {@link untilLive}. */
  async visit({ name = 'console', view = '', url = this.demo.url, prepare }: ConsoleVisit = {}): Promise<Page> {
    const page = await this.demo.browser.open(name, 'about:blank');
    this.pages.push(page);
    await prepare?.(page);
    await page.goto(`${url}/console${view && `#${view}`}`);
    return page;
  }

  /** Sends to the user until the page shows what became of it: what is sent before the trace has begun is not in it. */
  async sendUntilTraced(page: Page, user: string, event = 'note'): Promise<void> {
    const written = page.locator('[data-trace]').getByText('Written to 1 connection');
    await eventually(
      async () => {
        await this.demo.toUser(user, event, { text: 'a secret' });
        return (await written.count()) > 0;
      },
      { intervalMs: 500 },
    );
  }

  dropClients(): void {
    for (const client of this.clients) client.socket.terminate();
  }

  async closePages(): Promise<void> {
    for (const page of this.pages.splice(0)) await page.close();
  }

  /** Ends whatever has started. */
  async close(): Promise<void> {
    this.dropClients();
    await this.stage?.close();
  }
}

/** The host gives this page no token. */
export async function refuseToken(page: Page): Promise<void> {
  await page.route('**/auth/token/console', (route) => route.fulfill({ status: 401, json: { message: 'signed out' } }));
}

/** Waits until the console is connected. */
export function untilLive(page: Page): Promise<void> {
  return page.locator('[data-state="live"]').waitFor();
}

/** Goes to a view of the console and waits for its heading. */
export async function show(page: Page, view: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(`#${view}`)}`);
  await page.getByRole('heading', { level: 1, name: new RegExp(view.split('/')[0] ?? '', 'i') }).waitFor();
}

/** The text of what has the focus. */
export function focusedText(page: Page): Promise<string> {
  return page.evaluate<string>('document.activeElement.innerText');
}
