/**
 * A rolling restart as it is done in production: three nodes behind a balancer that asks them whether they are ready, each
 * ended by SIGTERM and replaced, the next one when everybody is back. The clients are the package's own, on each of the
 * three transports, and come back when they are told to. Messages flow all the while, and the history checker holds what
 * each client got against what was published for it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TransportName } from '../../../src/protocol/frames.js';
import { ClientRecipient } from '../../history/client-recipient.js';
import { historyNow } from '../../history/history.js';
import type { History, MembershipChange } from '../../history/history.js';
import { check } from '../../history/history-checker.js';
import { ADDRESSEES, TOKEN_GROUPS, keepHistory } from '../../history/history-run.js';
import { HistoryPublisher } from '../../history/publisher.js';
import { SeededRandom } from '../../history/seeded-random.js';
import { eventually } from '../../support/eventually.js';
import { signToken } from '../../support/tokens.js';
import { ClusterNode } from '../faults/cluster-node.js';
import { resultOf } from '../faults/fault-result.js';
import type { FaultResult } from '../faults/fault-result.js';
import { NodeSenders } from '../faults/node-senders.js';
import { StandaloneRedis } from '../faults/redis-world.js';
import { ReadyBalancer } from './ready-balancer.js';
import { busiestSecond, returnsWithin } from './returns.js';

/** The default of `drainWindowMs` for up to 3,000 connections of a node. */
const WINDOW_SECONDS = 3;
const TRANSPORTS: readonly TransportName[] = ['ws', 'sse', 'poll'];
/** Room for a whole run and everyone in it. */
const PUSH = { maxPerUser: 10_000, historyCount: 5_000, historyAllCount: 5_000 };

/** What became of it. */
export interface RollingResult extends FaultResult {
  /** Of each node: clients that had to go, and the most that came to the others within one second. */
  readonly restarts: readonly {
    readonly clients: number;
    readonly busiestSecond: number;
    readonly timesFair: number;
  }[];
}

/** Runs it with so many clients. */
export async function restartOneByOne(count: number): Promise<RollingResult> {
  const world = await StandaloneRedis.start();
  const start = (number: number) => ClusterNode.start({ ...world.nodeOptions(number), push: PUSH });
  const nodes = await Promise.all([0, 1, 2].map(start));
  const balancer = await ReadyBalancer.before(nodes);
  const run = new RollingRun(nodes, balancer);
  try {
    await run.join(count);
    return await run.restartAll();
  } finally {
    run.leave();
    await balancer.close();
    await Promise.all(nodes.map((node) => node.stop()));
    await world.stop();
  }
}

class RollingRun {
  private readonly random = SeededRandom.fromEnvironment();
  private readonly clients: ClientRecipient[] = [];
  private readonly memberships: MembershipChange[] = [];
  private readonly publishers: HistoryPublisher[] = [];
  private readonly senders = new NodeSenders();
  private isLoaded = true;

  constructor(
    private readonly nodes: readonly ClusterNode[],
    private readonly balancer: ReadyBalancer,
  ) {}

  async join(count: number): Promise<void> {
    for (let number = 0; number < count; number++) this.clients.push(this.client(number));
    await this.everybodyBack();
  }

  async restartAll(): Promise<RollingResult> {
    const startedAt = historyNow();
    const publishing = [...this.nodes.map((node) => this.keepPublishing(this.senders.toNode(node)))];
    publishing.push(this.keepPublishing(this.senders.untilAccepted(() => this.random.pick(this.upNodes()))));
    const restarts: RollingResult['restarts'][number][] = [];
    for (const node of this.nodes) restarts.push(await this.restart(node));
    this.isLoaded = false;
    await Promise.all(publishing);
    const finishedAt = historyNow();
    await this.settle();
    const history = this.history();
    const verdict = check(history);
    await keepHistory(history, verdict);
    const { longestAnswerMs } = this.senders;
    return { ...resultOf(history, verdict, { startedAt, finishedAt }), longestAnswerMs, restarts };
  }

  leave(): void {
    this.isLoaded = false;
    for (const client of this.clients) client.stop();
  }

  /** Ends the node, waits until its clients are with the others, and has another one take its place. */
  private async restart(node: ClusterNode): Promise<RollingResult['restarts'][number]> {
    const startedAt = historyNow();
    await node.stop();
    await eventually(() => this.clients.some(({ isPlaced }) => !isPlaced), { what: 'clients that have to go' });
    await this.everybodyBack();
    const returns = returnsWithin(
      this.clients.map(({ log }) => log),
      { startedAt, finishedAt: historyNow() },
    );
    await node.restart();
    await eventually(() => this.balancer.readyNodes.length === this.nodes.length, { what: 'the node in its place' });
    const busiest = busiestSecond(returns);
    const fair = Math.max(1, returns.length) / WINDOW_SECONDS;
    return { clients: returns.length, busiestSecond: busiest, timesFair: busiest / fair };
  }

  private async everybodyBack(): Promise<void> {
    await eventually(() => this.clients.every(({ isPlaced }) => isPlaced), {
      timeoutMs: 60_000,
      intervalMs: 50,
      what: 'everybody in place',
    });
  }

  /** Until one last message has reached everyone. */
  private async settle(): Promise<void> {
    const publisher = this.publisher(this.senders.untilAccepted(() => this.random.pick(this.upNodes())));
    await publisher.publish({ target: { all: true } }, { key: 'last' });
    await eventually(() => this.clients.every(({ keys }) => keys.has('last')), { what: 'the last message' });
  }

  private history(): History {
    return {
      publications: this.publishers.flatMap(({ publications }) => publications),
      memberships: this.memberships,
      recipients: this.clients.map(({ log }) => log),
      endedAt: historyNow(),
    };
  }

  private async keepPublishing(send: ConstructorParameters<typeof HistoryPublisher>[1]): Promise<void> {
    const publisher = this.publisher(send);
    while (this.isLoaded) {
      await publisher.run(1, ADDRESSEES);
      await sleep(this.clients.length);
    }
  }

  private publisher(send: ConstructorParameters<typeof HistoryPublisher>[1]): HistoryPublisher {
    const publisher = new HistoryPublisher(`p${this.publishers.length}`, send, this.random.fork());
    this.publishers.push(publisher);
    return publisher;
  }

  private upNodes(): [ClusterNode, ...ClusterNode[]] {
    return this.nodes.filter(({ isUp }) => isUp) as [ClusterNode, ...ClusterNode[]];
  }

  private client(number: number): ClientRecipient {
    const userId = ADDRESSEES.users[number % ADDRESSEES.users.length] ?? 'anna';
    const transport = TRANSPORTS[number % TRANSPORTS.length] ?? 'ws';
    const name = `c${number} ${userId} ${transport}`;
    const groups = TOKEN_GROUPS[userId] ?? [];
    for (const group of groups) {
      this.memberships.push({ recipient: name, group, type: 'join', startedAt: -Infinity, finishedAt: -Infinity });
    }
    const token = () => signToken({ sub: userId, groups });
    return new ClientRecipient(name, userId, { url: this.balancer.url, token, transports: [transport] });
  }
}
