import { describe, expect, it } from '@jest/globals';
import { encodeWelcome } from '../../../src/protocol/frame-encoder.js';
import type { WelcomeData } from '../../../src/protocol/frames.js';

const welcome: WelcomeData = {
  connectionId: 'c0nnection_id-0000Az',
  userId: '7',
  groups: [],
  transport: 'ws',
  heartbeatMs: 25_000,
  maxFrameBytes: 65_536,
  cursor: '1.epoch.0',
  resumed: false,
  expiresAt: '2026-01-31T00:00:00.000Z',
};

describe('encodeWelcome', () => {
  it.each([
    ['as it is', {}],
    ['with groups', { groups: ['room:1', 'room:2'], resumed: true, transport: 'sse' }],
    ['with a name that JSON escapes', { userId: 'a "b" \\ ü 😀 \ud800' }],
  ] as const)('writes the same as JSON.stringify: %s', (_case, changes) => {
    const data = { ...welcome, ...changes };
    expect(encodeWelcome(data)).toBe(JSON.stringify({ event: 'push:welcome', data }));
  });
});
