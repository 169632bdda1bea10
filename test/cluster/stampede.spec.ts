/** A crowd of clients that comes back at once, over two nodes: nobody drowns, and everyone gets in. */
import { readFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startNodeProgram } from '../support/child-program.js';
import { redisAbsence } from '../support/redis-server.js';
import { RestClient } from '../support/rest-client.js';
import { signToken } from '../support/tokens.js';
import { ClusterNode } from './faults/cluster-node.js';
import { stampede } from './stampede/stampede.js';

const CROWD = fileURLToPath(new URL('../support/programs/stampede.mjs', import.meta.url));
/** Two descriptors for each in one process would be past what a process may open by default here. */
const CLIENTS = 8_000;
const HANDSHAKES_PER_SECOND = 500;
const BUSY = fileURLToPath(new URL('../support/programs/busy-loop.mjs', import.meta.url));
/** Many more than Node has wait in a backlog by default; all of them find room in ours, past which the kernel may cut some off. */
const AT_A_LATE_NODE = 4_000;

/** What cluster-node.mjs asks for. */
const BACKLOG = 4_096;
const granted = Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8'));
const absence =
  granted >= BACKLOG ? '' : ` [skipped: net.core.somaxconn is ${granted}, which is fewer than ${BACKLOG}]`;

/** Named by `npm run faults`: the return of many more is measured, and a line of JSON for each goes into this file. */
const RESULTS = process.env['FAULT_RESULTS'];
const RETURNING = 20_000;
const redisIsAbsent = redisAbsence();

let nodes: readonly ClusterNode[] = [];
afterEach(() => Promise.all(nodes.map((node) => node.stop())));

beforeAll(async () => {
  const builder = await startNodeProgram([fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url))]);
  expect(await builder.ended).toEqual({ code: 0, signal: null });
}, 120_000);

if (RESULTS === undefined) describe(`a stampede of ${CLIENTS}`, describeCrowds);
else (redisIsAbsent === '' ? describe : describe.skip)(`a stampede${redisIsAbsent}`, () => describeReturns(RESULTS));

function describeReturns(results: string): void {
  it.each([
    { name: 'as the module is by default', push: {} },
    { name: 'with `maxHandshakesPerSecond: 500` on each node', push: { maxHandshakesPerSecond: 500 } },
  ])(
    `of ${RETURNING} reconnects over two nodes gets everyone in, $name`,
    async ({ name, push }) => {
      const result = await stampede(RETURNING, push);
      await appendFile(results, `${JSON.stringify({ stampede: name, clients: RETURNING, ...result })}\n`);
      // Those that end without an answer never came to the process: past the backlog of its port the kernel drops them.
      const { inside, caughtUp, untold, cut, bystanders } = result;
      expect({ inside, caughtUp }).toEqual({ inside: RETURNING, caughtUp: RETURNING });
      expect({ untold, cut }).toEqual({ untold: 0, cut: 0 });
      expect(bystanders.received).toBe(bystanders.accepted);
      expect(bystanders.accepted).toBeGreaterThan(0);
    },
    900_000,
  );
}

function describeCrowds(): void {
  it('is admitted at a steady rate: everyone gets in, and each refusal says when to come back', async () => {
    const push = { maxHandshakesPerSecond: HANDSHAKES_PER_SECOND, maxPerUser: CLIENTS };
    nodes = await Promise.all([ClusterNode.start({ push }), ClusterNode.start({ push })]);
    const tokens = Array.from({ length: 100 }, (_, user) => signToken({ sub: `u${user}` }));
    const { inside, refused, untold } = await comeTo(nodes, CLIENTS, tokens);
    expect({ inside, untold }).toEqual({ inside: CLIENTS, untold: 0 });
    expect(refused).toBeGreaterThan(0);
    for (const node of nodes) {
      expect(node.isUp).toBe(true);
      expect((await RestClient.of(node).get('/push/stats')).status).toBe(200);
    }
  }, 180_000);

  (absence === '' ? it : it.skip)(
    `is answered, every one of it, while the event loop of the node is late${absence}`,
    async () => {
      const push = { maxEventLoopDelayMs: 20, maxPerUser: CLIENTS };
      const busy = { flags: ['--import', BUSY], env: { BUSY_MS: '5000' } };
      nodes = [await ClusterNode.start({ push, ...busy })];
      const tokens = [signToken({ sub: 'crowd' })];
      const { inside, refused, untold, broken } = await comeTo(nodes, AT_A_LATE_NODE, tokens);
      expect({ inside, untold, broken }).toEqual({ inside: AT_A_LATE_NODE, untold: 0, broken: 0 });
      expect(refused).toBeGreaterThan(0);
    },
    180_000,
  );
}

/** Has a crowd come, and come back until all are in: what became of it. */
async function comeTo(
  to: readonly ClusterNode[],
  clients: number,
  tokens: readonly string[],
): Promise<Readonly<Record<'inside' | 'refused' | 'untold' | 'broken', number>>> {
  const crowd = await startNodeProgram([CROWD], {
    env: {
      STAMPEDE_PORTS: to.map(({ port }) => port).join(','),
      STAMPEDE_CLIENTS: String(clients),
      STAMPEDE_TOKENS: tokens.join(','),
    },
  });
  try {
    const [line] = await crowd.waitForLine(/^\{.*\}$/, 100_000);
    return JSON.parse(line) as Awaited<ReturnType<typeof comeTo>>;
  } finally {
    await crowd.stop();
  }
}
