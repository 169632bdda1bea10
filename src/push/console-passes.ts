import { randomBytes } from 'node:crypto';
import type { OtherNodes } from '../backing/node-link.interface.js';
import type { Clock } from '../core/clock.js';
import type { Principal } from '../core/principal.js';
import { askNodes } from './node-questions.js';

/** No JSON Web Token begins like this. */
const PREFIX = 'push-pass.';
/** How long a pass lasts; a page that stays gets another one in time. */
const LIFE_MS = 300_000;
/** Most passes that are good at a time; past it the oldest ends. */
const MAX_PASSES = 1_000;
const ANSWER_MS = 1_000;

/**
 * What guards of the host let into the console and has no token of ours opens its connection with a pass. It is good for
 * some minutes, on every node: one that did not give it asks the others. It ends with the node that gave it.
 */
export class ConsolePasses {
  private readonly given = new Map<string, Principal>();

  constructor(
    private readonly nodes: OtherNodes,
    private readonly clock: Pick<Clock, 'now'>,
  ) {}

  /** Whether the text is meant to be a pass. */
  owns(token: string): boolean {
    return token.startsWith(PREFIX);
  }

  /** Gives a pass to whoever the guards have let in. */
  give(bearer: Omit<Principal, 'expiresAtMs' | 'issuedAtMs' | 'groups'>): string {
    const nowMs = this.clock.now();
    for (const [pass, { expiresAtMs }] of this.given) {
      if (expiresAtMs > nowMs && this.given.size < MAX_PASSES) break;
      this.given.delete(pass);
    }
    const pass = PREFIX + randomBytes(24).toString('base64url');
    this.given.set(pass, { ...bearer, groups: [], issuedAtMs: nowMs, expiresAtMs: nowMs + LIFE_MS });
    return pass;
  }

  /** Whose pass it is, where this node gave it and it is good. */
  find(pass: string): Principal | undefined {
    const principal = this.given.get(pass);
    return principal && principal.expiresAtMs > this.clock.now() ? principal : undefined;
  }

  /** Whose pass it is, whichever node gave it. Rejects where the others cannot be asked. */
  async read(pass: string): Promise<Principal | undefined> {
    const own = this.find(pass);
    if (own || this.nodes.nodeCount === 1) return own;
    const question = { withinMs: ANSWER_MS, isEnough: (found: Principal | null) => found !== null };
    const { answers } = await askNodes(this.nodes, 'pass', { pass }, question);
    return answers.find((found) => found !== null) ?? undefined;
  }
}
