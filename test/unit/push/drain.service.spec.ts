import { describe, expect, it } from '@jest/globals';
import type { DrainingData } from '../../../src/protocol/frames.js';
import { DrainService } from '../../../src/push/drain.service.js';
import { FakeTransport } from '../../../src/testing/fake-transport.js';
import { busiestSecond } from '../../cluster/rolling/returns.js';
import { FakeConnections } from '../../support/fake-connections.js';

const TRANSPORTS = ['ws', 'sse', 'poll'] as const;

interface Ending {
  readonly connections: number;
  readonly drainWindowMs?: number;
  /** Where in its first gap the process begins, from 0 to 1. */
  readonly lot?: number;
  /** What it takes to tell one connection, in milliseconds. */
  readonly tellingMs?: number;
}

/** A client that goes at once when it is told to, and remembers what it was told. */
class GoingTransport extends FakeTransport {
  onTold: (reconnectInMs: number) => void = () => {};

  override close(code: number, reason: string): void {
    const draining = this.received.find(({ event }) => event === 'push:draining');
    const { reconnectInMs = 0 } = (draining?.data ?? {}) as Partial<DrainingData>;
    this.onTold(reconnectInMs);
    super.close(code, reason);
  }
}

/** Ends a process, and answers when each of its clients is to be back: milliseconds since the end began, in order. */
async function seatsOf({ connections, drainWindowMs = 0, lot = 0.5, tellingMs = 0 }: Ending): Promise<number[]> {
  const fakes = new FakeConnections();
  const { clock, pipes, scheduler, registry } = fakes;
  const startedAtMs = clock.now();
  const seats: number[] = [];
  for (let number = 0; number < connections; number++) {
    const transport = new GoingTransport(TRANSPORTS[number % TRANSPORTS.length]);
    transport.onTold = (reconnectInMs) => {
      seats.push(clock.now() - startedAtMs + reconnectInMs);
      clock.advance(tellingMs);
    };
    fakes.connect(`u${number}`, {}, transport);
  }
  const drain = new DrainService({
    spaces: { all: () => [{ registry, sessions: { isBusy: () => false } }] },
    upstream: { isBusy: false },
    pipes,
    untaken: { count: 0 },
    scheduler,
    handshakes: { stopAccepting() {} },
    liveness: { stop() {} },
    clock,
    options: { drainMs: 1_000, drainWindowMs },
    random: () => lot,
  });
  await drain.finish();
  return seats.toSorted((one, other) => one - other);
}

describe('clients of a process that ends', () => {
  it('have a seat each, none within the first second, all within the window after it', async () => {
    const seats = await seatsOf({ connections: 600 });
    expect(seats).toHaveLength(600);
    expect(seats[0]).toBeGreaterThanOrEqual(1_000);
    expect(seats.at(-1)).toBeLessThan(4_000);
    expect(new Set(seats).size).toBe(600);
  });

  it.each([
    [30, 0, 3],
    [600, 0, 3],
    [6_000, 0, 6],
    [600, 20_000, 20],
  ])('leave no second with more than its share: %p with a window of %p ms', async (connections, drainWindowMs, s) => {
    const seats = await seatsOf({ connections, drainWindowMs });
    const share = connections / s;
    expect(busiestSecond(seats)).toBeLessThanOrEqual(share + 1);
    expect(busiestSecond(seats)).toBeGreaterThanOrEqual(share - 1);
  });

  it('are told no later seat because others were told before them', async () => {
    const [atOnce, slowly] = [await seatsOf({ connections: 900 }), await seatsOf({ connections: 900, tellingMs: 1 })];
    expect(slowly.at(-1)).toBe(atOnce.at(-1));
    expect(busiestSecond(slowly)).toBeLessThanOrEqual(301);
  });

  it('do not share their seats with those of a process that ends at the same time', async () => {
    const lots = [0, 1 / 3, 2 / 3];
    const seats = await Promise.all(lots.map((lot) => seatsOf({ connections: 300, lot })));
    expect(new Set(seats.flat()).size).toBe(900);
    expect(busiestSecond(seats.flat().toSorted((one, other) => one - other))).toBeLessThanOrEqual(301);
  });
});
