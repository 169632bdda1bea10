import { setTimeout as sleep } from 'node:timers/promises';
import { sendByRest } from '../../history/publisher.js';
import type { Send } from '../../history/publisher.js';
import { RestClient } from '../../support/rest-client.js';
import type { RunningNode } from './cluster-node.js';

/** How long a sender goes on when no node takes its message, in milliseconds. */
const PATIENCE_MS = 5_000;
/** How long it waits before it asks another node, in milliseconds. */
const BETWEEN_ATTEMPTS_MS = 25;

/** Sends to this node alone, once; waits where the node is not there. */
export function sendToNode(node: RunningNode): Send {
  return async (draft, data) => {
    while (!node.isUp) await sleep(BETWEEN_ATTEMPTS_MS);
    return sendByRest(RestClient.of(node))(draft, data);
  };
}

/** Sends with an idempotency key to one node after the other, until one of them has taken the message. */
export function sendUntilAccepted(nextNode: () => RunningNode): Send {
  return async (draft, data) => {
    const deadline = performance.now() + PATIENCE_MS;
    while (performance.now() < deadline) {
      const send = sendByRest(RestClient.of(nextNode()), { 'idempotency-key': data.key });
      // No answer says nothing about the message: only the same key tells, on whichever node.
      const id = await send(draft, data).catch(() => undefined);
      if (id !== undefined) return id;
      await sleep(BETWEEN_ATTEMPTS_MS);
    }
    throw new Error('no node has taken it');
  };
}
