import { afterEach, describe, expect, it } from '@jest/globals';
import { PushApp } from '../support/push-app.js';
import { SharedBacking } from '../support/shared-backing.js';
import { signToken } from '../support/tokens.js';
import { describeConsole } from './console.suite.js';

describeConsole('a bus', () => {
  const shared = new SharedBacking();
  return { factory: () => shared.factory(), close: () => undefined };
});

/** What has not the shape of anything that a page asks for. */
const NO_REQUESTS = [
  null,
  'view',
  [],
  {},
  { action: '__proto__' },
  { action: 'constructor' },
  { action: ['view'] },
  // No text can be made of it.
  { action: { toString: 7, valueOf: 7 } },
  { action: 'view', search: 7 },
  { action: 'view', search: { user: 7 } },
  { action: 'view', trace: '' },
  { action: 'view', trace: 'a\u0000' },
  { action: 'look', trace: '' },
  { action: 'look', seen: 7 },
  { action: 'look', seen: { node: 'x' } },
  { action: 'search', search: { user: 'x'.repeat(256) } },
  { action: 'preview', target: {} },
  { action: 'preview', target: { all: true, users: ['7'] } },
  { action: 'preview', target: 'all' },
  { action: 'send', target: { all: true }, event: 'push:welcome' },
  { action: 'send', target: { all: true }, event: 'e', options: 7 },
  { action: 'send', target: { all: true }, event: 'e', options: { ttlSeconds: -1 } },
  { action: 'disconnect' },
  { action: 'disconnect', user: '7', connection: 'c' },
  { action: 'disconnect', user: '7', reconnect: 'yes' },
  { action: 'drain' },
];

describe('who may use the console', () => {
  let node: PushApp;

  afterEach(() => node.close());

  it.each([
    ['the console is off', {}, { scope: 'push:admin' }, 'reserved_event'],
    ['the token has no scope', { console: {} }, {}, 'forbidden'],
    ['the token has other scopes', { console: {} }, { scope: 'push:send push:broadcast' }, 'forbidden'],
  ])('nobody while %s', async (_when, extras, claims, code) => {
    node = await PushApp.start({ push: extras });
    const client = await node.connect('op', claims);
    for (const action of ['view', 'look', 'search', 'preview', 'send', 'disconnect', 'drain', 'nonsense']) {
      expect(await client.request('push:console', { action })).toMatchObject({ event: 'push:error', data: { code } });
    }
    expect(await client.settled()).toEqual([]);
  });

  it.each([
    [{ scope: 'push:admin' }, { users: ['7'] }, 'push:send'],
    [{ scope: 'push:admin push:send' }, { all: true }, 'push:broadcast'],
    [{ scope: 'push:admin push:broadcast' }, { groups: ['g'] }, 'push:send'],
  ])('for a send as REST asks it: %j to %j needs %s', async (claims, target, scope) => {
    node = await PushApp.start({ push: { console: {} } });
    const client = await node.connect('op', claims);
    const answer = await client.request('push:console', { action: 'send', target, event: 'e' });
    expect(answer).toMatchObject({ data: { code: 'forbidden', detail: `the scope ${scope} is needed` } });
  });

  it('nobody any more whose token was replaced by one without the scope', async () => {
    node = await PushApp.start({ push: { console: {} } });
    const client = await node.connect('op', { scope: 'push:admin' });
    await client.request('push:console', { action: 'view' });
    await client.next('push:console');
    await client.request('push:auth', { token: signToken({ sub: 'op' }) });
    client.frames.length = 0;
    expect(await client.request('push:console', { action: 'view' })).toMatchObject({ data: { code: 'forbidden' } });
    expect(client.frames.filter(({ event }) => event === 'push:console')).toEqual([]);
  });

  it('nobody with what is no request', async () => {
    node = await PushApp.start({ push: { console: {} } });
    const client = await node.connect('op', { scope: 'push:admin push:send push:broadcast' });
    for (const data of NO_REQUESTS) {
      const answer = await client.request('push:console', data);
      expect([data, answer]).toMatchObject([data, { event: 'push:error', data: { code: 'invalid_data' } }]);
    }
  });
});
