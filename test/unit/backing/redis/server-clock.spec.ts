import { describe, expect, it } from '@jest/globals';
import { ServerClock } from '../../../../src/backing/redis/server-clock.js';

const SERVER_AHEAD_MS = 1_000_000;

/** What the server answers at this moment. */
function serverNow(): number {
  return Math.floor(performance.now()) + SERVER_AHEAD_MS;
}

/** How far the clock is from that of the server. */
function errorOf(clock: ServerClock): number {
  return Math.abs(clock.now() - serverNow());
}

describe('the time of the server', () => {
  it('is as of its answer, and goes on since', () => {
    const clock = new ServerClock();
    clock.learn(serverNow(), performance.now());
    expect(errorOf(clock)).toBeLessThan(100);
  });

  it('is not set back by an answer that was long on its way', () => {
    const clock = new ServerClock();
    clock.learn(serverNow(), performance.now());
    // Both ways took two seconds: the server looked at its clock in the middle of four, or at the begin, or at the end.
    const askedAtMs = performance.now() - 4_000;
    for (const agoMs of [2_000, 4_000, 0]) clock.learn(serverNow() - agoMs, askedAtMs);
    expect(errorOf(clock)).toBeLessThan(100);
  });

  it.each([-3_600_000, 3_600_000])('is the new one when the clock of the server was set by %d ms', (jumpMs) => {
    const clock = new ServerClock();
    clock.learn(serverNow() - jumpMs, performance.now());
    clock.learn(serverNow(), performance.now());
    expect(errorOf(clock)).toBeLessThan(100);
  });
});
