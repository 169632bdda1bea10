import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { LIMIT_LOOK_MS, LimitsLine } from '../../../../src/backing/redis/limits-line.js';
import { LIMIT_DEADLINE_MS } from '../../../../src/backing/shared-limits.interface.js';
import { systemClock } from '../../../../src/core/clock.js';
import { ManualClock } from '../../../../src/testing/manual-clock.js';

const NODES = { nodeId: 'a', nodeCount: 2, lastNodeCount: 2, listAlive: async () => new Set<string>() };

describe('the way to the limits in Redis', () => {
  it('goes on with what this node decides when no answer comes in time, and asks nobody for a while', async () => {
    const clock = new ManualClock();
    const line = new LimitsLine(NODES, clock);
    const answer = line.ask(new Promise<string>(() => {}), () => 'locally');
    let said: string | undefined;
    void answer.then((text) => (said = text));
    clock.advance(LIMIT_DEADLINE_MS - LIMIT_LOOK_MS);
    await Promise.resolve();
    expect(said).toBeUndefined();
    expect(line.isOpen).toBe(true);

    clock.advance(2 * LIMIT_LOOK_MS);
    expect(await answer).toBe('locally');
    expect(line.isOpen).toBe(false);
  });

  it('judges each answer by its own time', async () => {
    const clock = new ManualClock();
    const line = new LimitsLine(NODES, clock);
    const silent = line.ask(new Promise<string>(() => {}), () => 'locally');
    clock.advance(LIMIT_DEADLINE_MS / 2);
    let answer: (text: string) => void = () => {};
    const slow = line.ask(new Promise<string>((resolve) => (answer = resolve)), () => 'locally');
    clock.advance(LIMIT_DEADLINE_MS / 2 + LIMIT_LOOK_MS);
    expect(await silent).toBe('locally');
    answer('by Redis');
    expect(await slow).toBe('by Redis');
  });

  it('reads an answer that came while this node was late itself', async () => {
    const server = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    await once(socket, 'connect');
    const line = new LimitsLine(NODES, systemClock);
    const asked = once(socket, 'data').then(() => 'by Redis');
    socket.write('?');
    const answer = line.ask(asked, () => 'locally');
    const lateUntilMs = performance.now() + 2 * LIMIT_DEADLINE_MS;
    while (performance.now() < lateUntilMs);

    expect(await answer).toBe('by Redis');
    socket.destroy();
    server.close();
    await once(server, 'close');
  });
});
