import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, type Page, chromium } from 'playwright-core';

const EXECUTABLE = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * Why a suite that needs Chromium (Debian's, or the one that the variable CHROMIUM names) can't run, for the title of the
 * skipped suite; an empty text where it can. In CI it throws instead: a browser test that never runs proves nothing.
 */
export function chromiumAbsence(): string {
  if (existsSync(EXECUTABLE)) return '';
  if (process.env['CI'] === 'true') throw new Error(`there is no Chromium at ${EXECUTABLE}`);
  return ` [skipped: there is no Chromium at ${EXECUTABLE}]`;
}

/** What a browser is launched with. */
export interface BrowserOptions {
  /** Runs in every page before its own scripts. */
  readonly initScript?: string;
}

/** One Chromium with an empty profile, and everything that its pages complained about. */
export class Browser {
  /** What pages wrote as errors or warnings, threw, or could not load; with the name of the page. */
  readonly complaints: string[] = [];

  private constructor(
    private readonly profile: string,
    private readonly context: BrowserContext,
  ) {}

  static async launch({ initScript }: BrowserOptions = {}): Promise<Browser> {
    const profile = mkdtempSync(join(tmpdir(), 'push-browser-'));
    try {
      const context = await chromium.launchPersistentContext(profile, {
        executablePath: EXECUTABLE,
        args: ARGUMENTS,
        // What visitors have: the way back leads to the page as it was, which has slept meanwhile.
        ignoreDefaultArgs: ['--disable-back-forward-cache'],
        viewport: { width: 1280, height: 900 },
        colorScheme: 'light',
        locale: 'en-GB',
      });
      context.setDefaultTimeout(10_000);
      if (initScript !== undefined) await context.addInitScript({ content: initScript });
      return new Browser(profile, context);
    } catch (error) {
      rmSync(profile, { recursive: true, force: true });
      throw error;
    }
  }

  /** Opens a page; `name` tells its complaints from those of others. */
  async open(name: string, url: string): Promise<Page> {
    const page = await this.context.newPage();
    page.on('console', (message) => {
      const isComplaint = message.type() === 'error' || message.type() === 'warning';
      if (isComplaint) this.complaints.push(`${name}: ${message.text()}`);
    });
    page.on('pageerror', (error) => this.complaints.push(`${name}: ${error.message}`));
    page.on('response', (response) => {
      if (response.status() >= 400) this.complaints.push(`${name}: ${response.status()} ${response.url()}`);
    });
    await page.goto(url);
    return page;
  }

  /** The names of the cookies that this address would be sent. */
  async cookies(url: string): Promise<readonly string[]> {
    return (await this.context.cookies(url)).map(({ name }) => name);
  }

  /** The browser's own switch: all pages lose the network and are told so, or have it again. */
  async setOffline(isOffline: boolean): Promise<void> {
    await this.context.setOffline(isOffline);
  }

  async close(): Promise<void> {
    await this.context.close();
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
