import { setTimeout as sleep } from 'node:timers/promises';
import { ShiftedClock, shiftedClockAbsence } from './shifted-clock.js';
import { TEST_SECRET } from '../../support/tokens.js';
import type { Fault } from './fault.js';
import { StandaloneRedis } from './redis-world.js';

const HOUR_SECONDS = 3_600;
/** Long enough for leases and probes to come due. */
const MEANWHILE_MS = 3_000;

const absence = shiftedClockAbsence();

/** Clocks that are wrong, and that somebody sets. */
export const CLOCK_FAULTS: readonly Fault[] = [
  {
    name: 'the clocks of two nodes are an hour off, one ahead and one behind',
    isQuick: false,
    absence,
    gaps: 'none',
    nodeOptions: (number) => ({
      env: new ShiftedClock([HOUR_SECONDS, -HOUR_SECONDS, 0][number]).env,
      // What is left to the clock of a node is to judge tokens.
      push: { auth: { jwt: { secret: TEST_SECRET, algorithms: ['HS256'], clockToleranceSeconds: HOUR_SECONDS } } },
    }),
    strike: () => sleep(MEANWHILE_MS),
  },
  jump('a node', (clock) => ({ nodeOptions: (number) => (number === 0 ? { env: clock().env } : {}) })),
  jump('Redis', (clock) => ({ world: () => StandaloneRedis.start({ env: clock().env }) })),
];

/** The clock of one program is set an hour ahead, and back again. */
function jump(whose: string, wear: (clock: () => ShiftedClock) => Pick<Fault, 'nodeOptions' | 'world'>): Fault {
  let clock: ShiftedClock | undefined;
  const theClock = () => (clock ??= new ShiftedClock());
  return {
    name: `the clock of ${whose} jumps an hour ahead and back`,
    isQuick: false,
    absence,
    // What is kept for minutes is over when an hour has passed.
    gaps: whose === 'Redis' ? 'may' : 'none',
    ...wear(theClock),
    async strike() {
      theClock().set(HOUR_SECONDS);
      await sleep(MEANWHILE_MS);
      theClock().set(0);
      await sleep(MEANWHILE_MS);
    },
  };
}
