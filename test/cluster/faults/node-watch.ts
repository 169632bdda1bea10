/** What operators and users of a cluster notice, as figures. */
import { eventually } from '../../support/eventually.js';
import { signToken } from '../../support/tokens.js';
import { WsClient } from '../../support/ws-client.js';
import type { RunningNode } from './cluster-node.js';
import type { Figure } from './fault-result.js';
import { restOf } from './node-senders.js';

const WATCH_MS = 20_000;

/** A client of that node alone, which does not come back. */
export function connectTo({ port }: RunningNode, user: string): Promise<WsClient> {
  const token = signToken({ sub: user }, { expiresInSeconds: 6 * 3_600 });
  return WsClient.connect(`ws://127.0.0.1:${port}/push/ws`, { token });
}

/** How long until another node says that a user is gone whose node was killed. */
export async function presenceGone(askFrom: RunningNode, user: string, since: number): Promise<Figure> {
  await eventually(
    async () => {
      const answer = await restOf(askFrom).get(`/push/users/${user}/presence`);
      return answer.status === 200 && answer.json['online'] === false;
    },
    { timeoutMs: WATCH_MS, intervalMs: 50 },
  );
  return { what: 'presence of who was on it gone after', value: elapsed(since), unit: 'ms', atMost: 6_000 };
}

/** How long until the health of a node says what is the matter. */
export async function noticed({ port }: RunningNode, since: number, atMost: number): Promise<Figure> {
  await eventually(async () => (await stateOf(port)) === 'degraded', { timeoutMs: WATCH_MS, intervalMs: 20 });
  return { what: 'noticed by the node after', value: elapsed(since), unit: 'ms', atMost };
}

/** What a node holds when all garbage was collected, in KB; it was started with `--expose-gc`. */
export async function heldKilobytes({ port }: RunningNode): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/memory`);
  const { heldBytes } = (await response.json()) as { heldBytes: number };
  return Math.round(heldBytes / 1024);
}

/** Since a moment of `performance.now()`, in whole milliseconds. */
export function elapsed(since: number): number {
  return Math.round(performance.now() - since);
}

async function stateOf(port: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/health`);
  return ((await response.json()) as { status: string }).status;
}
