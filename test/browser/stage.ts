import { Browser } from '../support/browser.js';
import { type DemoVariables, type RunningDemo, startDemo } from '../support/demo-process.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { TEST_SECRET, bearer, signToken } from '../support/tokens.js';
import { PROBE, Tab } from './tab.js';

const SERVER = bearer(signToken({ sub: 'server', scope: 'push:admin push:send push:broadcast' }));

/** What `GET /push/connections` tells of one. */
interface ListedConnection {
  readonly connectionId: string;
  readonly userId: string;
  readonly transport: string;
  readonly groups: readonly string[];
}

/** The demo on a port that it keeps over a restart, a Chromium before it, and the shop that speaks through its REST API. */
export class Stage {
  private constructor(
    private demo: RunningDemo,
    private readonly variables: DemoVariables,
    readonly browser: Browser,
  ) {}

  static async start(variables: DemoVariables = {}, initScript = PROBE): Promise<Stage> {
    const all = { PORT: String(await freePort()), PUSH_JWT_SECRET: TEST_SECRET, ...variables };
    const demo = await startDemo(all);
    try {
      return new Stage(demo, all, await Browser.launch({ initScript }));
    } catch (error) {
      await demo.program.stop();
      throw error;
    }
  }

  /** Of the demo, without a slash at the end. */
  get url(): string {
    return this.demo.url;
  }

  /** A tab on a page of the demo that loads nothing of its own, or on any other page. */
  async openTab(url = this.url): Promise<Tab> {
    return new Tab(await this.browser.open('tab', url.includes('/', 'https://'.length) ? url : `${url}/health/live`));
  }

  /** Gives the browser the cookie that a sign-in as this user leaves. */
  async signIn(tab: Tab, user: string): Promise<void> {
    const body = JSON.stringify(JSON.stringify({ user }));
    const status = await tab.page.evaluate(
      `fetch('/auth/token', { method: 'POST', headers: { 'content-type': 'application/json' }, body: ${body} })
        .then(({ status }) => status)`,
    );
    if (status !== 200) throw new Error(`the sign-in was answered with ${String(status)}`);
  }

  /** Sends an event to a user; rejects unless it was accepted. */
  async toUser(user: string, event: string, data: unknown): Promise<void> {
    await this.call('POST', `/push/users/${encodeURIComponent(user)}`, { event, data });
  }

  /** Sends numbered events one after the other. */
  async sendNumbers(user: string, event: string, from: number, to: number): Promise<void> {
    for (let number = from; number <= to; number++) await this.toUser(user, event, number);
  }

  async connectionsOf(user: string): Promise<readonly ListedConnection[]> {
    const answer = await this.call('GET', `/push/connections?user=${encodeURIComponent(user)}`);
    return (answer as { items: ListedConnection[] }).items;
  }

  /** Waits until the user has so many connections, and answers them. */
  async untilConnections(user: string, count: number): Promise<readonly ListedConnection[]> {
    let found: readonly ListedConnection[] = [];
    await eventually(async () => (found = await this.connectionsOf(user)).length === count, {
      what: `${user} has ${count} connections`,
      timeoutMs: 15_000,
      intervalMs: 25,
    });
    return found;
  }

  /** Calls the demo as its own back end; rejects when the answer is no success. */
  async call(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(this.url + path, {
      method,
      headers: { ...SERVER, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} was answered with ${response.status}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  async stopDemo(): Promise<void> {
    await this.demo.program.stop();
  }

  /** Starts it again on the same port, with an empty memory. */
  async startDemoAgain(): Promise<void> {
    this.demo = await startDemo(this.variables);
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.demo.program.stop();
  }
}

/** A token of this user, as the shop signs them. */
export function tokenOf(user: string, groups: readonly string[] = []): string {
  return signToken({ sub: user, groups });
}
