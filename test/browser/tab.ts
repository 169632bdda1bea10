import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { eventually } from '../support/eventually.js';

/** The script that a {@link Tab} works with, for `Browser.launch`. */
export const PROBE = readFileSync(new URL('page/probe.mjs', import.meta.url), 'utf8');

/** What a page heard. */
export interface Heard {
  readonly event: string;
  readonly data: unknown;
  readonly id?: string;
  readonly cursor?: string;
  readonly from?: string;
}

/** What a client in a page is made with, beside the events that the test wants to see. */
export interface TabClientOptions {
  readonly token: string;
  readonly events: readonly string[];
  readonly transports?: readonly string[];
  readonly shareTabs?: boolean | string;
  readonly retryBaseMs?: number;
  readonly retryMaxMs?: number;
  readonly openTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
  readonly url?: string;
}

/** A page with the probe in it: what it opens and what it heard since. */
export class Tab {
  constructor(readonly page: Page) {}

  async openEventSource(
    url: string,
    options: { readonly names?: readonly string[]; readonly withCredentials?: boolean } = {},
  ): Promise<void> {
    await this.run('probe.eventSource', url, options);
  }

  async openWebSocket(url: string, protocols: readonly string[]): Promise<void> {
    await this.run('probe.webSocket', url, protocols);
  }

  /** Begins to poll and goes on until the page is closed. */
  async startPolling(url: string, token: string): Promise<void> {
    await this.page.evaluate(`void probe.pollLoop(${JSON.stringify(url)}, ${JSON.stringify(token)})`);
  }

  /** Imports the client, from the demo that the page comes from unless told otherwise, and opens one. */
  async openClient(options: TabClientOptions, from = '/nestjs-push/client/index.js'): Promise<void> {
    await this.run('probe.openClient', options, from);
  }

  /** Calls a method of the page's client and answers what it resolves with. */
  async askClient(
    method: 'join' | 'leave' | 'send' | 'request' | 'close',
    ...args: readonly unknown[]
  ): Promise<unknown> {
    return this.run(`probe.client.${method}`, ...args);
  }

  /** Sends through the client without waiting for the reply; {@link outcomes} tells how it ended. */
  async say(group: string, event: string, data: unknown): Promise<void> {
    await this.run('probe.say', group, event, data);
  }

  async outcomes(): Promise<readonly string[]> {
    return this.page.evaluate<string[]>('probe.outcomes');
  }

  async states(): Promise<readonly string[]> {
    return this.page.evaluate<string[]>('probe.states');
  }

  /** All that was heard, or that of one event. */
  async heard(event?: string): Promise<readonly Heard[]> {
    const all = await this.page.evaluate<Heard[]>('probe.heard');
    return event === undefined ? all : all.filter((one) => one.event === event);
  }

  /** The data of one event, in the order in which it came. */
  async dataOf(event: string): Promise<readonly unknown[]> {
    return (await this.heard(event)).map(({ data }) => data);
  }

  /** Waits until so many of the event have come. */
  async untilHeard(event: string, count = 1, timeoutMs = 15_000): Promise<void> {
    await eventually(async () => (await this.heard(event)).length >= count, {
      what: `${count} of ${event} came`,
      timeoutMs,
      intervalMs: 25,
    });
  }

  /** Waits until the connection was in this state so often. */
  async untilState(state: string, count = 1, timeoutMs = 15_000): Promise<void> {
    await eventually(
      async () => {
        const states = await this.states();
        const seen = states.filter((one) => one === state).length;
        if (seen < count) throw new Error(`seen were ${states.join(', ')}`);
      },
      { what: `the state ${state} ${count} times`, timeoutMs, intervalMs: 25 },
    );
  }

  /** Waits until the client knows that its line is gone. */
  async untilNotLive(): Promise<void> {
    await eventually(async () => !(await this.states()).at(-1)?.startsWith('live'), { what: 'the line is gone' });
  }

  async close(): Promise<void> {
    await this.page.close();
  }

  /** What cannot be copied out of the page, such as a WebSocket, is left there. */
  private run(callee: string, ...args: readonly unknown[]): Promise<unknown> {
    return this.page.evaluate(`${callee}(${args.map((arg) => JSON.stringify(arg) ?? 'undefined').join(', ')})`);
  }
}
