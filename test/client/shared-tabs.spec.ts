import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { platform } from '../../src/client/platform.js';
import { eventually } from '../support/eventually.js';
import { FakeLocks, install } from './fake-browser.js';
import { ScriptedServer, note } from './scripted-server.js';
import type { RecordingClient } from './scripted-server.js';

/** Gives the lock to a thief when it is told to. */
class SlowlyStolenLocks extends FakeLocks {
  steal: () => void = () => {};

  override request(...[name, options, whenHeld]: Parameters<FakeLocks['request']>): Promise<unknown> {
    if (!options.steal) return new Promise(() => {});
    return new Promise((resolve) => (this.steal = () => resolve(super.request(name, options, whenHeld))));
  }
}

const NodeChannel = BroadcastChannel;

/** The channel of a page in the back/forward cache: what is said meanwhile never comes. */
class DeafChannel {
  static isDeaf = false;
  onmessage: ((event: unknown) => void) | null = null;
  private readonly channel: InstanceType<typeof NodeChannel>;

  constructor(readonly name: string) {
    this.channel = new NodeChannel(name);
    this.channel.onmessage = (event: unknown) => {
      if (!DeafChannel.isDeaf) this.onmessage?.(event);
    };
  }

  postMessage(message: unknown): void {
    // A BroadcastChannel has no target.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    this.channel.postMessage(message);
  }

  close(): void {
    this.channel.close();
  }
}

let server: ScriptedServer;
let uninstall: () => void;
/** Node has Web Locks from 24.5 on. */
const hasWebLocks = platform.navigator?.locks !== undefined;

beforeEach(async () => {
  server = await ScriptedServer.start();
  uninstall = install({ navigator: { locks: new FakeLocks() } });
});

afterEach(async () => {
  await server.close();
  uninstall();
});

async function openTab(): Promise<RecordingClient> {
  const tab = server.client({ shareTabs: true, transports: ['ws'] });
  await tab.reaches('live');
  return tab;
}

describe('tabs that share', () => {
  it('have one connection, and all hear each message once', async () => {
    const tabs = [await openTab(), await openTab(), await openTab()];
    server.lines[0]!.send(note(1));
    server.lines[0]!.send({ event: 'push:gap', data: { reason: 'reset' }, cursor: 'c.9' });
    await eventually(() => expect(tabs.map(({ heard }) => heard.length)).toEqual([2, 2, 2]));
    expect(tabs.map(({ ids }) => ids[0])).toEqual(['m-1', 'm-1', 'm-1']);
    expect(tabs.map(({ cursor }) => cursor)).toEqual(['c.9', 'c.9', 'c.9']);
    expect(server.lines).toHaveLength(1);
  });

  it('send through the one that leads, and get their own replies', async () => {
    const [leader, other] = [await openTab(), await openTab()];
    await expect(Promise.all([leader.request('a', 1), other.request('b', 2)])).resolves.toEqual([
      { echo: 1 },
      { echo: 2 },
    ]);
    const data = { code: 'forbidden', status: 403, detail: 'no' };
    server.reply = ({ ref = '' }) => ({ event: 'push:error', data, ref });
    await expect(other.request('c')).rejects.toMatchObject({ code: 'forbidden', status: 403, message: 'no' });
    expect(server.lines).toHaveLength(1);
  });

  it('go on from the last place, in all groups, when the leading one is closed', async () => {
    const [leader, second, third] = [await openTab(), await openTab(), await openTab()];
    await third.join('room:3');
    server.lines[0]!.send(note(1));
    await eventually(() => expect(third.ids).toEqual(['m-1']));
    leader.close();
    const line = await server.line(1);
    expect(server.asked.at(-1)?.query.get('cursor')).toBe('c.1');
    expect(server.asked.at(-1)?.query.get('groups')).toBe('room:3');
    line.send(note(1));
    line.send(note(2));
    await eventually(() =>
      expect([second.ids, third.ids]).toEqual([
        ['m-1', 'm-2'],
        ['m-1', 'm-2'],
      ]),
    );
    expect(server.lines[0]!.isOpen()).toBe(false);
    expect(server.lines).toHaveLength(2);
  });

  it('do not go on as another user when the next one leads', async () => {
    const [leader, second, third] = [await openTab(), await openTab(), await openTab()];
    server.welcome = { userId: '8' };
    leader.close();
    for (const tab of [second, third]) {
      expect((await tab.reaches('closed')).error?.message).toBe('refused 4503 token of another user');
    }
  });

  it('leave a group with the last of them that wants it', async () => {
    const [leader, other] = [await openTab(), await openTab()];
    await leader.join('room:1');
    await other.join('room:1');
    await leader.leave('room:1');
    await leader.request('settled');
    const frames = server.lines[0]!.frames;
    expect(frames.filter(({ event }) => event === 'push:leave')).toEqual([]);
    other.close();
    await eventually(() => expect(frames.at(-1)).toMatchObject({ event: 'push:leave', data: { group: 'room:1' } }));
  });

  it('do not say again what the former leader may have said', async () => {
    const [leader, other] = [await openTab(), await openTab()];
    server.reply = () => undefined;
    const outcome = other.request('pay').catch((error: unknown) => error);
    await eventually(() => expect(server.lines[0]?.frames).toHaveLength(1));
    leader.close();
    expect(await outcome).toMatchObject({ code: 'unknown_outcome' });
    expect((await server.line(1)).frames).toEqual([]);
  });

  it('keep what waits in a tab for the next leader', async () => {
    const [leader, other] = [await openTab(), await openTab()];
    server.refuse.ws = (_asked, response) => response.writeHead(502);
    server.refuse.handshake = (_asked, response) => void response.writeHead(502).end();
    server.lines[0]!.cut();
    await other.reaches('waiting');
    const reply = other.request('a', 1);
    leader.close();
    delete server.refuse.ws;
    await expect(reply).resolves.toEqual({ echo: 1 });
  });

  it('are all told when the server does not want them', async () => {
    const tabs = [await openTab(), await openTab()];
    server.lines[0]!.close(4501, 'token revoked');
    for (const tab of tabs) expect((await tab.reaches('closed')).error).toMatchObject({ code: 'refused' });
    await expect(tabs[1]!.request('a')).rejects.toMatchObject({ code: 'closed' });
  });

  it('are done with it then: a tab that is opened later has a connection of its own', async () => {
    await openTab();
    server.lines[0]!.close(4505, 'disconnected by an administrator');
    await eventually(() => expect(server.clients[0]?.status.state).toBe('closed'));
    await openTab();
    expect(server.lines).toHaveLength(2);
    expect(server.clients[0]?.status.state).toBe('closed');
  });

  it('carry out what they are asked themselves, not what another one that leads is asked', async () => {
    const [, other] = [await openTab(), await openTab()];
    const channel = new BroadcastChannel(`${server.url}/push/handshake true`);
    const frame = { event: 'pay', ref: 'c-1' };
    // A BroadcastChannel has no target.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    channel.postMessage(JSON.stringify({ type: 'ask', to: 'another', tab: 'asking', frame, timeoutMs: 1_000 }));
    await sleep(20);
    await other.request('settled');
    channel.close();
    expect(server.lines[0]!.frames.map(({ event }) => event)).toEqual(['settled']);
  });

  it('hear nothing between their waking and their own line, which brings all that they missed', async () => {
    const page = new EventTarget();
    const leader = await openTab();
    const locks = new SlowlyStolenLocks();
    const uninstallPage = install({
      navigator: { locks },
      BroadcastChannel: DeafChannel,
      addEventListener: page.addEventListener.bind(page),
    });
    const sleeper = server.client({ shareTabs: true, transports: ['ws'] });
    await sleeper.reaches('live');
    page.dispatchEvent(new Event('pagehide'));
    DeafChannel.isDeaf = true;
    server.lines[0]!.send(note(1));
    await eventually(() => expect(leader.ids).toEqual(['m-1']));
    await sleep(20);
    DeafChannel.isDeaf = false;
    page.dispatchEvent(new Event('pageshow'));
    server.lines[0]!.send(note(2));
    await eventually(() => expect(leader.ids).toEqual(['m-1', 'm-2']));
    await sleep(20);
    locks.steal();
    await server.line(1);
    expect(server.asked.at(-1)?.query.get('cursor')).toBe('start');
    server.lines[1]!.send(note(1));
    server.lines[1]!.send(note(2));
    await eventually(() => expect(sleeper.ids).toEqual(['m-1', 'm-2']));
    uninstallPage();
  });

  it('keep apart what a name keeps apart', async () => {
    await openTab();
    await server.client({ shareTabs: 'user 8', transports: ['ws'] }).reaches('connecting');
    expect(server.lines).toHaveLength(1);
  });
});

it('has a connection of its own where tabs cannot share', async () => {
  uninstall();
  uninstall = install({ navigator: {} });
  await server.client({ shareTabs: true, transports: ['sse'] }).reaches('live');
  await server.client({ shareTabs: true, transports: ['sse'] }).reaches('live');
  expect(server.lines).toHaveLength(2);
});

(hasWebLocks ? it : it.skip)('has one connection with the Web Locks of Node', async () => {
  uninstall();
  const tabs = [await openTab(), await openTab()];
  tabs[0]!.close();
  (await server.line(1)).send(note(1));
  await eventually(() => expect(tabs[1]!.ids).toEqual(['m-1']));
  expect(server.lines).toHaveLength(2);
});
