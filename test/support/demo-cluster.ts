import { fileURLToPath } from 'node:url';
import { startNodeProgram } from './child-program.js';
import type { ChildProgram } from './child-program.js';

/** Several processes start, and may have to be built first. */
export const CLUSTER_START_MS = 120_000;

/** The demo as `npm run demo:cluster` runs it. */
export interface RunningCluster {
  readonly program: ChildProgram;
  /** Of the front, without a slash at the end. */
  readonly url: string;
}

/** Starts it with a Redis of its own on a free port, and waits until it says where it listens. */
export async function startCluster(variables: Readonly<Record<string, string>> = {}): Promise<RunningCluster> {
  const script = fileURLToPath(new URL('../../scripts/demo-cluster.mjs', import.meta.url));
  const env = { PORT: '0', PUSH_REDIS_URL: '', PUSH_JWT_SECRET: '', ...variables };
  const program = await startNodeProgram([script], { env });
  try {
    const [, url = ''] = await program.waitForLine(/^listening on (\S+)$/, CLUSTER_START_MS);
    return { program, url };
  } catch (error) {
    await program.stop(10_000);
    throw error;
  }
}

/** Ends a node as a crash does; it comes back by itself. */
export async function killNode({ url }: RunningCluster, node: string): Promise<number> {
  return (await fetch(`${url}/cluster/nodes/${node}/kill`, { method: 'POST' })).status;
}
