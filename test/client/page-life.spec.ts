import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { FakeLocks, install } from './fake-browser.js';
import { ScriptedServer, note, problem } from './scripted-server.js';

let server: ScriptedServer;
let page: EventTarget;
let navigator: { onLine: boolean; locks?: FakeLocks };
let uninstall: () => void;

beforeEach(async () => {
  server = await ScriptedServer.start();
  page = new EventTarget();
  navigator = { onLine: true };
  uninstall = install({
    navigator,
    document: { visibilityState: 'visible' },
    addEventListener: page.addEventListener.bind(page),
  });
});

afterEach(async () => {
  await server.close();
  uninstall();
});

function happens(type: string): void {
  page.dispatchEvent(new Event(type));
}

describe.each([
  ['pagehide', 'pageshow'],
  ['freeze', 'resume'],
])('a client in a page', (sleeps, wakes) => {
  it(`lets go of its line at ${sleeps} and resumes at ${wakes}`, async () => {
    const client = server.client({ transports: ['ws'] });
    (await server.line()).send(note(1));
    await eventually(() => expect(client.ids).toEqual(['m-1']));
    happens(sleeps);
    expect(client.status.state).toBe('offline');
    await eventually(() => !server.lines[0]!.isOpen());
    happens(wakes);
    await server.line(1);
    expect(server.asked.at(-1)?.query.get('cursor')).toBe('c.1');
  });
});

describe('a client in a page', () => {
  it('is offline while the browser is, and back at once with it', async () => {
    const client = server.client({ transports: ['ws'], retryBaseMs: 1e9, retryMaxMs: 1e9 });
    await client.reaches('live');
    navigator.onLine = false;
    happens('offline');
    expect(client.status.state).toBe('offline');
    navigator.onLine = true;
    happens('online');
    await client.reaches('live');
    expect(server.lines).toHaveLength(2);
  });

  it('stays offline while the browser is, though it goes on trying', async () => {
    const client = server.client({ transports: ['sse'] });
    await client.reaches('live');
    navigator.onLine = false;
    server.refuse.sse = (_asked, response) => void response.destroy();
    happens('offline');
    await eventually(() => expect(server.count('sse')).toBeGreaterThan(5));
    const [, , ...states] = client.statuses.map(({ state }) => state);
    expect(new Set(states)).toEqual(new Set(['offline']));
    // The browser may be wrong.
    delete server.refuse.sse;
    await client.reaches('live');
  });

  it('comes back at once when it is looked at again', async () => {
    const client = server.client({ transports: ['ws'], retryBaseMs: 1e9, retryMaxMs: 1e9 });
    (await server.line()).cut();
    await client.reaches('waiting');
    happens('visibilitychange');
    await client.reaches('live');
    expect(server.lines).toHaveLength(2);
  });

  it('does not come back before the server wants it, whoever looks', async () => {
    server.refuse.sse = problem(503, { 'retry-after': '60' });
    const client = server.client({ transports: ['sse'] });
    await client.reaches('waiting');
    happens('visibilitychange');
    happens('pageshow');
    await server.client({ transports: ['poll'] }).reaches('live');
    expect(server.count('sse')).toBe(1);
  });

  it('does not come back before the server wants it, though the network comes and goes', async () => {
    server.refuse.sse = problem(503, { 'retry-after': '60' });
    const client = server.client({ transports: ['sse'] });
    await client.reaches('waiting');
    happens('offline');
    expect(client.status.retryInMs).toBeGreaterThan(55_000);
    happens('online');
    await server.client({ transports: ['poll'] }).reaches('live');
    expect(server.count('sse')).toBe(1);
  });

  it('asks a live line for a sign of life when the page wakes', async () => {
    server.welcome = { heartbeatMs: 1_000 };
    server.isDeaf = true;
    const client = server.client({ transports: ['ws'] });
    await client.reaches('live');
    happens('pageshow');
    await eventually(() => expect(server.lines[0]!.frames).toEqual([{ event: 'push:ping' }]));
    await server.line(1);
  });

  it('follows the page no more once it is closed', async () => {
    const client = server.client({ transports: ['ws'] });
    await client.reaches('live');
    client.close();
    happens('online');
    happens('pagehide');
    expect(client.status.state).toBe('closed');
  });
});

it('takes the lead of its tabs, from its own place, when its page wakes', async () => {
  navigator.locks = new FakeLocks();
  const other = server.client({ shareTabs: true, transports: ['ws'] });
  await other.reaches('live');
  const woken = server.client({ shareTabs: true, transports: ['ws'] });
  await woken.reaches('live');
  // One page for both: the other one leads no more either, and both ask for the lock.
  happens('pagehide');
  happens('pageshow');
  await eventually(() => expect(server.lines.filter((line) => line.isOpen())).toHaveLength(1));
  await server.line(1);
  server.lines.at(-1)!.send(note(1));
  await eventually(() => expect([other.ids, woken.ids]).toEqual([['m-1'], ['m-1']]));
});
