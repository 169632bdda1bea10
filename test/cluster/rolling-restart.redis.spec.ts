import { appendFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { startNodeProgram } from '../support/child-program.js';
import { redisAbsence } from '../support/redis-server.js';
import { NO_DEFECTS } from './faults/fault-result.js';
import { restartOneByOne } from './rolling/rolling-restart.js';

/** Named by `npm run faults`: there are more clients, and a line of JSON goes into this file. */
const RESULTS = process.env['FAULT_RESULTS'];
const CLIENTS = RESULTS === undefined ? 150 : 600;
/** What is promised: the seats of a window leave no second with more than twice its share. */
const MOST_TIMES_FAIR = 2;

const absence = redisAbsence();

(absence === '' ? describe : describe.skip)(`a rolling restart of three nodes${absence}`, () => {
  beforeAll(async () => {
    const builder = await startNodeProgram([fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url))]);
    expect(await builder.ended).toEqual({ code: 0, signal: null });
  }, 120_000);

  it('loses nothing, and brings clients to the other nodes at a steady rate', async () => {
    const { restarts, ...result } = await restartOneByOne(CLIENTS);
    const timesFair = Math.max(...restarts.map((restart) => restart.timesFair));
    if (RESULTS !== undefined) {
      const what = `handshakes of the busiest second, as a multiple of the fair share; ${CLIENTS} clients on all transports`;
      const figures = [{ what, value: Number(timesFair.toFixed(2)), unit: '', atMost: MOST_TIMES_FAIR }];
      const name =
        'nodes are replaced one after the other, behind a balancer, with clients that come when they are told to';
      await appendFile(RESULTS, `${JSON.stringify({ name, ...result, figures })}\n`);
    }
    expect(result).toMatchObject({ defects: NO_DEFECTS, examples: [], gaps: 0 });
    expect(result.received).toBeGreaterThan(CLIENTS);
    for (const restart of restarts) {
      expect(restart.clients).toBeGreaterThan(CLIENTS / 6);
      expect(restart).toMatchObject({ timesFair: expect.any(Number) });
    }
    expect(timesFair).toBeLessThan(MOST_TIMES_FAIR);
  }, 180_000);
});
