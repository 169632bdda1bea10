import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SeededRandom } from '../../history/seeded-random.js';
import { PLATFORMS } from '../../support/push-app.js';
import { mutate } from './byte-mutations.js';
import { fuzzSeconds, fuzzSeed, fuzzTimeoutMs } from './fuzz-settings.js';
import { FuzzTarget } from './fuzz-target.js';
import { WIRE_SCRIPTS } from './wire-scripts.js';

/** Attackers at a time. */
const ATTACKERS = 16;
/** How long an attacker listens after its last byte; long enough for an answer, and sometimes too short. */
const LONGEST_WAIT_MS = 25;

describe.each(PLATFORMS)('bytes that are nearly right, on %s', (platform) => {
  let target: FuzzTarget;

  beforeAll(async () => {
    target = await FuzzTarget.start(platform, { authTimeoutMs: 1_000, upstreamTimeoutMs: 1_000, maxPerUser: 1_000 });
  });
  afterAll(() => target.stop());

  it(
    'harm neither the process nor anyone else',
    async () => {
      const random = new SeededRandom(fuzzSeed(`bytes on ${platform}`));
      const end = performance.now() + fuzzSeconds * 1000;
      let tried = 0;
      const attackers = Array.from({ length: ATTACKERS }, async () => {
        while (performance.now() < end) {
          tried++;
          await attack(target.port, random.fork());
        }
      });
      await Promise.all(attackers);
      process.stderr.write(`bytes on ${platform}: ${tried} tried\n`);
      expect(tried).toBeGreaterThan(0);
      await target.expectClean();
    },
    fuzzTimeoutMs,
  );
});

/** One connection, from its first byte to its end, however the attacker ends it. */
async function attack(port: number, random: SeededRandom): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  socket.on('error', () => {}).resume();
  const closed = once(socket, 'close').catch(() => {});
  await once(socket, 'connect').catch(() => {});
  for (const piece of random.pick(WIRE_SCRIPTS)(random)) {
    for (const part of inParts(mutate(piece, random), random)) {
      if (socket.destroyed) return;
      socket.write(part);
      if (random.chance(0.3)) await turn();
    }
  }
  await Promise.race([closed, wait(random.between(0, LONGEST_WAIT_MS))]);
  hangUp(socket, random);
  await Promise.race([closed, wait(LONGEST_WAIT_MS)]);
  socket.destroy();
}

function hangUp(socket: Socket, random: SeededRandom): void {
  const way = random.between(0, 2);
  if (way === 0) socket.resetAndDestroy();
  else if (way === 1) socket.end();
  else socket.destroy();
}

/** The bytes as they may come: whole, in halves, one by one. */
function inParts(bytes: Buffer, random: SeededRandom): readonly Buffer[] {
  if (random.chance(0.7) || bytes.length < 2) return [bytes];
  if (random.chance(0.2) && bytes.length < 300) return Array.from(bytes, (byte) => Buffer.from([byte]));
  const at = random.between(1, bytes.length - 1);
  return [bytes.subarray(0, at), bytes.subarray(at)];
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
