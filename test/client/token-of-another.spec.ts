/** The real server and tokens that are suddenly of somebody else. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { PushApp } from '../support/push-app.js';
import { TEST_SECRET, signToken } from '../support/tokens.js';
import { RecordingClient } from './scripted-server.js';

const HOUR_MS = 3_600_000;

let app: PushApp;
let client: RecordingClient | undefined;

beforeAll(async () => {
  // Every token is about to end, so that each connection asks for the next one at once.
  const auth = { jwt: { secret: TEST_SECRET, algorithms: ['HS256' as const] }, tenantClaim: 'tenant' };
  app = await PushApp.start({ push: { auth, expiringNoticeMs: 2 * HOUR_MS } });
});

afterEach(() => client?.close());

afterAll(async () => {
  // `fetch` keeps its sockets for later requests.
  app.server.closeAllConnections();
  await app.close();
});

describe.each(['ws', 'sse'] as const)('a client on %s', (transport) => {
  it.each([
    ['user', { sub: 'mallory', tenant: 'north' }],
    ['tenant', { sub: 'alice', tenant: 'south' }],
  ])('is ended by a next token of another %s', async (_what, claims) => {
    const tokens = [signToken({ sub: 'alice', tenant: 'north' })];
    client = new RecordingClient({
      url: app.origin,
      WebSocket,
      transports: [transport],
      retryBaseMs: 10,
      token: () => tokens.shift() ?? signToken(claims),
    });
    const users: string[] = [];
    client.on('push:welcome', ({ userId }) => users.push(userId));
    const { error } = await client.reaches('closed');
    expect(error?.message).toBe('refused 4503 token of another user');
    expect(new Set(users)).toEqual(new Set(['alice']));
  });
});
