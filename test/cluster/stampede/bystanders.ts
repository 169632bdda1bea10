import { setTimeout as sleep } from 'node:timers/promises';
import { bearer, signToken } from '../../support/tokens.js';
import { WsClient } from '../../support/ws-client.js';
import type { RunningNode } from '../faults/cluster-node.js';

/** From one message to the next, on each node. */
const TICK_MS = 50;

/** What those got who stayed connected. */
export interface BystanderOutcome {
  readonly accepted: number;
  readonly received: number;
  /** From the request to publish to the arrival. */
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number };
}

/** One client on each node that stays, and gets messages that are sent by the other node all the time. */
export class Bystanders {
  private isOver = false;
  private accepted = 0;
  private received = 0;
  private readonly latencies: number[] = [];
  private readonly publishing: readonly Promise<void>[];

  private constructor(
    private readonly clients: readonly WsClient[],
    nodes: readonly RunningNode[],
  ) {
    for (const client of clients) client.socket.on('message', (text: Buffer) => this.hear(text.toString()));
    this.publishing = nodes.map((node, index) => this.publish(node, userOf((index + 1) % nodes.length)));
  }

  static async start(nodes: readonly RunningNode[]): Promise<Bystanders> {
    const connecting = nodes.map(({ port }, index) =>
      WsClient.connect(`ws://127.0.0.1:${port}/push/ws`, { token: signToken({ sub: userOf(index) }) }),
    );
    return new Bystanders(await Promise.all(connecting), nodes);
  }

  /** Sends no more, and answers what came of it when the last message has had its time. */
  async finish(): Promise<BystanderOutcome> {
    this.isOver = true;
    await Promise.all(this.publishing);
    for (let turn = 0; turn < 100 && this.received < this.accepted; turn++) await sleep(100);
    const sorted = this.latencies.toSorted((one, other) => one - other);
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return { accepted: this.accepted, received: this.received, latencyMs: { p50: at(0.5), p99: at(0.99), max: at(1) } };
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await Promise.allSettled(this.publishing);
    for (const { socket } of this.clients) socket.terminate();
  }

  /** Over a connection that is kept, as services have one: it does not wait at the door with the crowd. */
  private async publish(node: RunningNode, user: string): Promise<void> {
    const headers = { ...bearer(signToken({ scope: 'push:send' })), 'content-type': 'application/json' };
    const url = `http://127.0.0.1:${node.port}/push/users/${user}`;
    while (!this.isOver) {
      const body = JSON.stringify({ event: 'tick', data: { sentAt: Date.now() } });
      const answer = await fetch(url, { method: 'POST', headers, body });
      await answer.arrayBuffer();
      if (answer.status === 202) this.accepted++;
      await sleep(TICK_MS);
    }
  }

  private hear(text: string): void {
    const { event, data } = JSON.parse(text) as { event: string; data: { sentAt: number } };
    if (event !== 'tick') return;
    this.received++;
    this.latencies.push(Date.now() - data.sentAt);
  }
}

function userOf(index: number): string {
  return `bystander-${index}`;
}
