import { fileURLToPath } from 'node:url';
import { ChildProgram, startNodeProgram } from '../../support/child-program.js';
import { eventually } from '../../support/eventually.js';
import { TEST_SECRET } from '../../support/tokens.js';
import type { RunningNode } from '../faults/cluster-node.js';

const PROGRAM = fileURLToPath(new URL('../../support/programs/stampede.mjs', import.meta.url));
/** So few that no common limit of descriptors is met. */
const CLIENTS_PER_PROCESS = 5_000;

/** What became of the clients of a crowd, until all were in. */
export interface CrowdOutcome {
  readonly inside: number;
  readonly refused: number;
  /** Refusals that did not say when to come back. */
  readonly untold: number;
  /** Connections that ended without any answer. */
  readonly broken: number;
  /** Connections that ended after they were let in. */
  readonly cut: number;
  /** Those who missed nothing, as the server said. */
  readonly resumed: number;
  /** Those who got the message that was sent while they were away. */
  readonly caughtUp: number;
  /** From a knock to its answer, whichever it was; the longest. */
  readonly longestAnswerMs: number;
  /** How many were let in, second by second. */
  readonly admittedBySecond: readonly number[];
}

/** WebSocket clients in several processes that come, and come back all at once with the cursors that they have. */
export class ReturningCrowd {
  private constructor(private readonly programs: readonly ChildProgram[]) {}

  /** Starts them; each is a user of its own. */
  static async start(nodes: readonly RunningNode[], clients: number): Promise<ReturningCrowd> {
    const programs: ChildProgram[] = [];
    const crowd = new ReturningCrowd(programs);
    try {
      for (let left = clients; left > 0; left -= CLIENTS_PER_PROCESS) {
        const env = {
          STAMPEDE_PORTS: nodes.map(({ port }) => port).join(','),
          STAMPEDE_CLIENTS: String(Math.min(left, CLIENTS_PER_PROCESS)),
          STAMPEDE_SECRET: TEST_SECRET,
          STAMPEDE_NAME: String(programs.length),
          STAMPEDE_RETURNS: 'yes',
        };
        programs.push(await startNodeProgram([PROGRAM], { env }));
      }
      return crowd;
    } catch (cause) {
      await crowd.stop();
      throw cause;
    }
  }

  /** All connections break at once, and all clients knock within a second. */
  comeBack(): void {
    for (const program of this.programs) program.signal('SIGUSR2');
  }

  /** What became of them, once all are in for that time: 1 is the first. */
  async whenAllAreIn(time: number, timeoutMs: number): Promise<CrowdOutcome> {
    const said = () => this.programs.map(({ stdout }) => stdout.trim().split('\n')[time - 1] ?? '');
    await eventually(() => said().every((line) => line.endsWith('}')), { timeoutMs, intervalMs: 100 });
    return said()
      .map((line) => JSON.parse(line) as CrowdOutcome)
      .reduce(together);
  }

  async stop(): Promise<void> {
    await Promise.all(this.programs.map((program) => program.stop()));
  }
}

function together(one: CrowdOutcome, other: CrowdOutcome): CrowdOutcome {
  const { length } =
    one.admittedBySecond.length > other.admittedBySecond.length ? one.admittedBySecond : other.admittedBySecond;
  return {
    inside: one.inside + other.inside,
    refused: one.refused + other.refused,
    untold: one.untold + other.untold,
    broken: one.broken + other.broken,
    cut: one.cut + other.cut,
    resumed: one.resumed + other.resumed,
    caughtUp: one.caughtUp + other.caughtUp,
    longestAnswerMs: Math.max(one.longestAnswerMs, other.longestAnswerMs),
    admittedBySecond: Array.from(
      { length },
      (_, second) => (one.admittedBySecond[second] ?? 0) + (other.admittedBySecond[second] ?? 0),
    ),
  };
}
