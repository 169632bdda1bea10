import { afterAll, beforeAll } from '@jest/globals';
import { PLATFORMS, PushApp } from '../support/push-app.js';
import { RoomsAuthorizer } from '../support/rooms.authorizer.js';
import { signToken } from '../support/tokens.js';
import { describeWebSocketConformance } from './websocket.suite.js';

const apps = new Map<string, PushApp>();

beforeAll(async () => {
  for (const platform of PLATFORMS) {
    apps.set(platform, await PushApp.start({ platform, push: { authorizer: RoomsAuthorizer } }));
  }
});
afterAll(async () => {
  for (const app of apps.values()) await app.close();
});

for (const platform of PLATFORMS) {
  describeWebSocketConformance(`a Nest application on ${platform}`, () => ({
    url: apps.get(platform)?.origin ?? '',
    sign: (claims) => signToken(claims),
  }));
}
