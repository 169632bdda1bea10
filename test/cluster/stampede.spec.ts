/** A crowd of clients that comes back at once, over two nodes: nobody drowns, and everyone gets in. */
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startNodeProgram } from '../support/child-program.js';
import { RestClient } from '../support/rest-client.js';
import { signToken } from '../support/tokens.js';
import { ClusterNode } from './faults/cluster-node.js';

const CROWD = fileURLToPath(new URL('../support/programs/stampede.mjs', import.meta.url));
/** Two descriptors for each in one process would be past what a process may open by default here. */
const CLIENTS = 8_000;
const HANDSHAKES_PER_SECOND = 500;

let nodes: readonly ClusterNode[] = [];
afterEach(() => Promise.all(nodes.map((node) => node.stop())));

describe(`a stampede of ${CLIENTS}`, () => {
  beforeAll(async () => {
    const builder = await startNodeProgram([fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url))]);
    expect(await builder.ended).toEqual({ code: 0, signal: null });
  }, 120_000);

  it('is admitted at a steady rate: everyone gets in, and each refusal says when to come back', async () => {
    const push = { maxHandshakesPerSecond: HANDSHAKES_PER_SECOND, maxPerUser: CLIENTS };
    nodes = await Promise.all([ClusterNode.start({ push }), ClusterNode.start({ push })]);
    const tokens = Array.from({ length: 100 }, (_, user) => signToken({ sub: `u${user}` }));
    const crowd = await startNodeProgram([CROWD], {
      env: {
        STAMPEDE_PORTS: nodes.map(({ port }) => port).join(','),
        STAMPEDE_CLIENTS: String(CLIENTS),
        STAMPEDE_TOKENS: tokens.join(','),
      },
    });
    try {
      const [line] = await crowd.waitForLine(/^\{.*\}$/, 100_000);
      const { inside, refused, untold } = JSON.parse(line) as Readonly<Record<string, number>>;
      expect({ inside, untold }).toEqual({ inside: CLIENTS, untold: 0 });
      expect(refused).toBeGreaterThan(0);
      for (const node of nodes) {
        expect(node.isUp).toBe(true);
        expect((await RestClient.of(node).get('/push/stats')).status).toBe(200);
      }
    } finally {
      await crowd.stop();
    }
  }, 180_000);
});
