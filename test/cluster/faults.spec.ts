/** Faults of nodes, of Redis and of what lies between. `npm run faults` runs all of them and writes down the figures. */
import { appendFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { startNodeProgram } from '../support/child-program.js';
import { findRedisServer } from '../support/redis-server.js';
import { runFault } from './faults/fault.js';
import { NO_DEFECTS } from './faults/fault-result.js';
import type { FaultResult } from './faults/fault-result.js';
import { LINE_FAULTS } from './faults/line-faults.js';
import { NODE_FAULTS } from './faults/node-faults.js';
import { REDIS_FAULTS } from './faults/redis-faults.js';

/** Named: every fault runs, and a line of JSON for each goes into this file. */
const RESULTS = process.env['FAULT_RESULTS'];
const FAULTS = [...NODE_FAULTS, ...REDIS_FAULTS, ...LINE_FAULTS].filter(({ isQuick }) => isQuick || RESULTS);

const describeWithRedis = findRedisServer() ? describe : describe.skip;

describeWithRedis('a cluster', () => {
  beforeAll(async () => {
    const builder = await startNodeProgram([fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url))]);
    expect(await builder.ended).toEqual({ code: 0, signal: null });
  }, 120_000);

  it.each(FAULTS)(
    'loses nothing when $name',
    async (fault) => {
      const result = await runFault(fault);
      await note(fault.name, result);
      expect(result).toMatchObject({ defects: NO_DEFECTS, examples: [] });
      expect(result.received).toBeGreaterThan(500);
      if (fault.gaps === 'none') expect(result.gaps).toBe(0);
      else expect(result.gaps).toBeGreaterThan(0);
      expect({ result, isSeen: fault.isSeenIn?.(result) ?? true }).toMatchObject({ isSeen: true });
    },
    60_000,
  );
});

async function note(name: string, result: FaultResult): Promise<void> {
  if (RESULTS) await appendFile(RESULTS, `${JSON.stringify({ name, ...result })}\n`);
}
