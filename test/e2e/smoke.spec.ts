import { afterEach, describe, expect, it } from '@jest/globals';
import { PLATFORMS, PushApp } from '../support/push-app.js';

describe.each(PLATFORMS)('a Nest application with PushModule on %s', (platform) => {
  let app: PushApp;

  afterEach(() => app.close());

  it('sends an announcement, a user message and a group message to those concerned', async () => {
    app = await PushApp.start({ platform });
    const seven = await app.connect('7', { groups: ['staff'] });
    const eight = await app.connect('8');

    const receipts = [
      await app.push.broadcast('announcement', { text: 'hello' }),
      await app.push.toUser('7', 'order.status', { orderId: 7 }),
      await app.push.toGroup('staff', 'note', 'psst'),
    ];

    expect(receipts.map(({ matched, written }) => [matched.users, matched.connections, written])).toEqual([
      [2, 2, 2],
      [1, 1, 1],
      [1, 1, 1],
    ]);
    expect((await seven.settled()).map(({ event }) => event)).toEqual(['announcement', 'order.status', 'note']);
    expect((await eight.settled()).map(({ event }) => event)).toEqual(['announcement']);
  });
});
