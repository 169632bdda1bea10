/** Faults of nodes, of Redis and of what lies between. `npm run faults` runs all of them and writes down the figures. */
import { appendFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { startNodeProgram } from '../support/child-program.js';
import { redisAbsence } from '../support/redis-server.js';
import { CLOCK_FAULTS } from './faults/clock-faults.js';
import { CLUSTER_FAULTS, SENTINEL_FAULTS } from './faults/failover-faults.js';
import { runFault } from './faults/fault.js';
import type { Fault } from './faults/fault.js';
import { NO_DEFECTS } from './faults/fault-result.js';
import type { FaultResult } from './faults/fault-result.js';
import { LINE_FAULTS } from './faults/line-faults.js';
import { NETWORK_FAULTS } from './faults/network-faults.js';
import { NODE_FAULTS } from './faults/node-faults.js';
import { PUBLISH_FAULTS } from './faults/publish-faults.js';
import { REDIS_FAULTS } from './faults/redis-faults.js';

/** Named: every fault runs, and a line of JSON for each goes into this file. */
const RESULTS = process.env['FAULT_RESULTS'];
const ALL: readonly Fault[] = [
  ...NODE_FAULTS,
  ...PUBLISH_FAULTS,
  ...REDIS_FAULTS,
  ...SENTINEL_FAULTS,
  ...CLUSTER_FAULTS,
  ...LINE_FAULTS,
  ...NETWORK_FAULTS,
  ...CLOCK_FAULTS,
];
const CHOSEN = ALL.filter(({ isQuick }) => isQuick || RESULTS);
const FAULTS = CHOSEN.filter(({ absence = '' }) => absence === '');

const absence = redisAbsence();

(absence === '' ? describe : describe.skip)(`a cluster${absence}`, () => {
  beforeAll(async () => {
    const builder = await startNodeProgram([fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url))]);
    expect(await builder.ended).toEqual({ code: 0, signal: null });
  }, 120_000);

  it.each(FAULTS)(
    'loses nothing when $name',
    async (fault) => {
      const result = await runFault(fault);
      await note({ name: fault.name, ...result });
      expect(result).toMatchObject({ defects: NO_DEFECTS, examples: [] });
      expect(result.received).toBeGreaterThan(200);
      if (fault.gaps === 'none') expect(result.gaps).toBe(0);
      if (fault.gaps === 'told') expect(result.gaps).toBeGreaterThan(0);
      expect({ result, isSeen: fault.isSeenIn?.(result) ?? true }).toMatchObject({ isSeen: true });
    },
    // What moves slot by slot takes two minutes on a slow machine.
    240_000,
  );

  for (const { name, absence: reason = '' } of CHOSEN.filter((fault) => !FAULTS.includes(fault))) {
    it.skip(`loses nothing when ${name} [skipped: ${reason}]`, () => expect(reason).toBe(''));
  }
});

async function note(line: FaultResult & { readonly name: string }): Promise<void> {
  if (RESULTS) await appendFile(RESULTS, `${JSON.stringify(line)}\n`);
}
