import { afterAll, beforeAll } from '@jest/globals';
import { PLATFORMS, PushApp } from '../support/push-app.js';
import type { Platform } from '../support/push-app.js';
import { RoomsAuthorizer } from '../support/rooms.authorizer.js';
import { TEST_SECRET, signToken } from '../support/tokens.js';
import { describeConformance } from './conformance.js';
import type { ServerOptions, StartedServer } from './conformance-server.js';

async function start(
  platform: Platform,
  { cookie, clockToleranceSeconds = 5, ...limits }: ServerOptions = {},
): Promise<StartedServer> {
  const jwt = { secret: TEST_SECRET, algorithms: ['HS256' as const], clockToleranceSeconds };
  const auth = { jwt, ...(cookie !== undefined && { cookie }) };
  const app = await PushApp.start({ platform, push: { auth, authorizer: RoomsAuthorizer, ...limits } });
  let ending: Promise<void> | undefined;
  return { url: app.origin, sign: (claims) => signToken(claims), stop: () => (ending ??= app.close()) };
}

const servers = new Map<Platform, StartedServer>();

beforeAll(async () => {
  for (const platform of PLATFORMS) servers.set(platform, await start(platform));
});
afterAll(async () => {
  for (const server of servers.values()) await server.stop();
});

for (const platform of PLATFORMS) {
  describeConformance(`a Nest application on ${platform}`, {
    shared: () => {
      const server = servers.get(platform);
      if (!server) throw new Error(`${platform} has not started`);
      return server;
    },
    start: (options) => start(platform, options),
  });
}
