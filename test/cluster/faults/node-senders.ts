import { setTimeout as sleep } from 'node:timers/promises';
import { sendByRest } from '../../history/publisher.js';
import type { Draft, MessageData, Send } from '../../history/publisher.js';
import { RestClient } from '../../support/rest-client.js';
import type { RunningNode } from './cluster-node.js';

/** How long a sender goes on when no node takes its message, in milliseconds. */
const PATIENCE_MS = 5_000;
/** How long it waits before it asks another node, in milliseconds. */
const BETWEEN_ATTEMPTS_MS = 25;

/** A client of that node, whose token does not end even where a clock is an hour off. */
export function restOf(node: Pick<RunningNode, 'port'>): RestClient {
  return RestClient.of(node, { exp: Math.floor(Date.now() / 1000) + 6 * 3_600 });
}

/** Ways to send to nodes. Notes how long single requests took, whatever their answer was. */
export class NodeSenders {
  private longest = 0;

  /** The longest that one request waited for its answer, or for its end where none came, in milliseconds. */
  get longestAnswerMs(): number {
    return Math.round(this.longest);
  }

  /** Sends to this node alone, once; waits where the node is not there. */
  toNode(node: RunningNode): Send {
    return async (draft, data) => {
      while (!node.isUp) await sleep(BETWEEN_ATTEMPTS_MS);
      return this.ask(node, draft, data);
    };
  }

  /** Sends with an idempotency key to one node after the other, until one of them has taken the message. */
  untilAccepted(nextNode: () => RunningNode): Send {
    return (draft, data) =>
      untilDefined(() => {
        // No answer says nothing about the message: only the same key tells, on whichever node.
        return this.ask(nextNode(), draft, data, data.key).catch(() => undefined);
      });
  }

  /**
   * Sends with one idempotency key to all nodes at once, over and over until one has taken it: what a publisher does that
   * loses patience, and a queue that hands the same job to several workers. Two different ids would be two messages.
   */
  toAllAtOnce(nodes: readonly RunningNode[]): Send {
    return (draft, data) =>
      untilDefined(async () => {
        const answers = await Promise.allSettled(nodes.map((node) => this.ask(node, draft, data, data.key)));
        const ids = new Set(answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : undefined)));
        ids.delete(undefined);
        if (ids.size > 1) throw new Error(`taken twice: ${[...ids].join(' and ')}`);
        return [...ids][0];
      });
  }

  private async ask(node: RunningNode, draft: Draft, data: MessageData, key?: string): Promise<string | undefined> {
    const headers = key === undefined ? undefined : { 'idempotency-key': key };
    const since = performance.now();
    try {
      return await sendByRest(restOf(node), headers)(draft, data);
    } finally {
      this.longest = Math.max(this.longest, performance.now() - since);
    }
  }
}

async function untilDefined(attempt: () => Promise<string | undefined>): Promise<string> {
  const deadline = performance.now() + PATIENCE_MS;
  while (performance.now() < deadline) {
    const id = await attempt();
    if (id !== undefined) return id;
    await sleep(BETWEEN_ATTEMPTS_MS);
  }
  throw new Error('no node has taken it');
}
