import { fileURLToPath } from 'node:url';
import { startNodeProgram } from '../support/child-program.js';
import type { ChildProgram } from '../support/child-program.js';
import { ask } from '../support/http-request.js';
import type { Platform } from '../support/push-app.js';
import type { SoakMeasures } from './soak-measures.js';

const PROGRAM = fileURLToPath(new URL('../support/programs/soak-host.mjs', import.meta.url));

/** How a node is started. */
export interface SoakedNodeOptions {
  readonly platform: Platform;
  /** Where its Redis is; without it the node stands alone, in memory. */
  readonly redisUrl?: string | undefined;
  /** Options of the module that JSON can say. */
  readonly push: Readonly<Record<string, unknown>>;
  /** Leaks that are planted in it. */
  readonly plant?: readonly ('map' | 'timer' | 'handle')[];
}

/** A node in a process of its own that can say what it holds. */
export class SoakedNode {
  private constructor(
    private readonly program: ChildProgram,
    readonly port: number,
    private readonly controlPort: number,
  ) {}

  static async start({ platform, redisUrl, push, plant = [] }: SoakedNodeOptions): Promise<SoakedNode> {
    const env = {
      PLATFORM: platform,
      NODE_REDIS_URL: redisUrl,
      PUSH_OPTIONS: JSON.stringify(push),
      SOAK_PLANT: plant.join(','),
    };
    const program = await startNodeProgram(['--expose-gc', PROGRAM], { env });
    const [, port, controlPort] = await program.waitForLine(/^listening on (\d+) and (\d+)$/);
    return new SoakedNode(program, Number(port), Number(controlPort));
  }

  /** What it printed: failures of its own. */
  get output(): string {
    return this.program.output;
  }

  /** What it holds at this moment. Stops it for about a second. */
  async measure(): Promise<SoakMeasures> {
    return (await this.tell('measures')) as SoakMeasures;
  }

  /** Its resident memory. */
  async rssBytes(): Promise<number> {
    return (await this.tell('rss')) as number;
  }

  private async tell(what: string): Promise<unknown> {
    return JSON.parse((await ask(`http://127.0.0.1:${this.controlPort}/${what}`)).text);
  }

  /** Ends it as its host would; it must end by itself. */
  async stop(): Promise<void> {
    const { code, signal } = await this.program.stop(20_000);
    if (code !== 0) throw new Error(`the process ended with ${signal ?? code}: ${this.output}`);
  }
}
