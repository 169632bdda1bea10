import { describe } from '@jest/globals';
import { describeDelivery } from './websocket-delivery.suite.js';
import { describeFrames } from './websocket-frames.suite.js';
import { describeHandshake } from './websocket-handshake.suite.js';
import type { ConformanceServer } from './wire-client.js';

/** Whether a running server obeys PROTOCOL.md over WebSocket. `server` is asked for when the tests run. */
export function describeWebSocketConformance(name: string, server: () => ConformanceServer): void {
  describe(`${name} over WebSocket`, () => {
    describeHandshake(server);
    describeFrames(server);
    describeDelivery(server);
  });
}
