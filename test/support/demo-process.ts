import { fileURLToPath } from 'node:url';
import { startNodeProgram } from './child-program.js';
import type { ChildProgram } from './child-program.js';

/** Everything that the demo reads, taken away, so that what a developer has set does not reach a test. */
const UNSET = Object.fromEntries(
  [
    ...['HOST', 'PLATFORM', 'TLS_KEY', 'TLS_CERT', 'DEMO_SIGN_IN', 'DEMO_NODE'],
    ...['PUSH_JWT_SECRET', 'PUSH_ORIGINS', 'PUSH_REDIS_URL', 'PUSH_DRAIN_MS', 'PUSH_HEARTBEAT_MS'],
    ...['PUSH_MAX_CONNECTIONS', 'PUSH_MAX_PER_USER', 'PUSH_MAX_PER_IP', 'PUSH_MAX_QUEUE_BYTES', 'PUSH_FLUSH_WINDOW_MS'],
    ...['PUSH_HISTORY_COUNT', 'PUSH_HISTORY_SECONDS'],
  ].map((variable) => [variable, undefined]),
);

/** A first start may have to build; two compilers on a busy machine take their time. */
const START_TIMEOUT_MS = 90_000;

/** The environment of one demo. */
export type DemoVariables = Readonly<Record<string, string | undefined>>;

/** A demo that listens. */
export interface RunningDemo {
  readonly program: ChildProgram;
  /** Without a slash at the end. */
  readonly url: string;
}

/** Starts the demo as `npm start` does, on a free port unless told otherwise, without waiting for it. */
export function launchDemo(variables: DemoVariables = {}): Promise<ChildProgram> {
  const script = fileURLToPath(new URL('../../scripts/start-demo.mjs', import.meta.url));
  return startNodeProgram([script], { env: { ...UNSET, PORT: '0', ...variables } });
}

/** Starts the demo and waits until it says where it listens; a demo that does not is stopped again. */
export async function startDemo(variables: DemoVariables = {}): Promise<RunningDemo> {
  const program = await launchDemo(variables);
  try {
    const [, url = ''] = await program.waitForLine(/^listening on (\S+)$/, START_TIMEOUT_MS);
    return { program, url };
  } catch (error) {
    await program.stop();
    throw error;
  }
}
