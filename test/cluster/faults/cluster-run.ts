/**
 * One run over many nodes: nodes that share a Redis, recipients that come back on any node and any transport, publishers
 * on every node. All times are taken in this process, so that one clock orders the history. `finish` waits until one last
 * message has reached everyone and gives the history to the checker.
 *
 * The scenario does the harm: to a node, to Redis, or to what lies between the two.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TransportName } from '../../../src/protocol/frames.js';
import { historyNow } from '../../history/history.js';
import type { History, MembershipChange } from '../../history/history.js';
import { check } from '../../history/history-checker.js';
import { ADDRESSEES, TOKEN_GROUPS, keepHistory } from '../../history/history-run.js';
import { HistoryPublisher } from '../../history/publisher.js';
import type { Send } from '../../history/publisher.js';
import { Recipient } from '../../history/recipient.js';
import { SeededRandom } from '../../history/seeded-random.js';
import { eventually } from '../../support/eventually.js';
import { signToken } from '../../support/tokens.js';
import type { RunningNode } from './cluster-node.js';
import { resultOf } from './fault-result.js';
import type { FaultResult } from './fault-result.js';
import { NodeSenders } from './node-senders.js';
import { ServerMemberships } from './server-memberships.js';

/** Starts the node of that number. */
export type StartNode<Node extends RunningNode> = (number: number) => Promise<Node>;

/** What a run wants otherwise. */
export interface ClusterRunOptions {
  /** @default 3 */
  readonly nodes?: number;
}

/** What the load is. */
export interface LoadOptions {
  /** @default true */
  readonly changesGroups?: boolean;
  /** See `Fault`. @default 0 */
  readonly membershipsSeenWithinMs?: number | undefined;
}

/** The ways of connecting, and in which order a recipient takes them. */
const ORDERS: readonly (readonly TransportName[])[] = [
  ['ws'],
  ['sse'],
  ['poll'],
  ['ws', 'sse', 'poll'],
  ['poll', 'ws', 'sse'],
  ['sse', 'ws'],
];

/** Of the recipients that stay on the first node as long as it has them. */
const STAYING: readonly (readonly TransportName[])[] = [['ws'], ['sse'], ['poll']];

/** How long one of the publishers rests between two handfuls, in milliseconds. */
const REST_MS = 40;
/** How long between two recipients that break off, in milliseconds. */
const CHURN_MS = 60;
/** How long a last message may take to reach everyone before another is sent, in milliseconds. */
const MARKER_MS = 3_000;
const MAX_MARKERS = 6;

/** Nobody's token ends in a run, not even where a clock is an hour off. */
const TOKEN_SECONDS = 6 * 3_600;

/** Everything that takes part. */
export class ClusterRun<Node extends RunningNode> {
  readonly recipients: Recipient[] = [];
  readonly senders = new NodeSenders();
  private readonly roaming: Recipient[] = [];
  private readonly publishers: HistoryPublisher[] = [];
  private readonly memberships: MembershipChange[] = [];
  private readonly underWay: Promise<void>[] = [];
  private isLoaded = false;
  private loadedAt = Infinity;
  private unloadedAt = Infinity;

  private constructor(
    readonly nodes: readonly Node[],
    readonly random: SeededRandom,
  ) {}

  static async start<Node extends RunningNode>(
    startNode: StartNode<Node>,
    { nodes = 3 }: ClusterRunOptions = {},
    random = SeededRandom.fromEnvironment(),
  ): Promise<ClusterRun<Node>> {
    const starting = Array.from({ length: nodes }, (_, number) => startNode(number));
    return new ClusterRun(await Promise.all(starting), random);
  }

  /**
   * Adds recipients, users and ways of connecting in turn, and waits until each has a place in the log. Three of them stay
   * on the first node; the others break off, and come back on any.
   */
  async join(count = 12): Promise<void> {
    for (let number = 0; number < count; number++) this.roaming.push(this.recipientFor(number));
    const staying = STAYING.map((transports, index) => this.recipientFor(count + index, transports));
    this.recipients.push(...this.roaming, ...staying);
    for (const recipient of this.recipients) recipient.start();
    await eventually(() => this.recipients.every(({ isPlaced }) => isPlaced), {
      timeoutMs: 10_000,
      what: 'a place for each recipient',
    });
  }

  /**
   * Publishers on every node and one that goes from node to node begin, and recipients break off and come back. Users
   * come into a group and leave it, unless `changesGroups` is false: a Redis that forgets has forgotten that, too.
   */
  load({ changesGroups = true, membershipsSeenWithinMs = 0 }: LoadOptions = {}): void {
    this.isLoaded = true;
    this.loadedAt = historyNow();
    const { senders: to } = this;
    const senders = [...this.nodes.map((node) => to.toNode(node)), to.untilAccepted(() => this.anyNode())];
    for (const send of senders) this.underWay.push(this.keepPublishing(send));
    this.underWay.push(this.keepChurning());
    if (!changesGroups) return;
    const memberships = new ServerMemberships(this.nodes, this.random, this.memberships, membershipsSeenWithinMs);
    this.underWay.push(memberships.keepChanging(() => this.isLoaded, ADDRESSEES.users, 'room:1'));
  }

  /** The load ends; resolves when the last send has. */
  async unload(): Promise<void> {
    this.isLoaded = false;
    this.unloadedAt = Math.min(this.unloadedAt, historyNow());
    await Promise.all(this.underWay);
  }

  /** Publishes in this way too, as long as the load lasts. */
  alsoPublish(send: Send): void {
    this.underWay.push(this.keepPublishing(send));
  }

  /** A publisher of this run. */
  publisher(send: Send): HistoryPublisher {
    const publisher = new HistoryPublisher(`p${this.publishers.length}`, send, this.random.fork());
    this.publishers.push(publisher);
    return publisher;
  }

  /** One of the nodes that are up. */
  anyNode(): Node {
    const up = this.nodes.filter(({ isUp }) => isUp);
    return this.random.pick(up as [Node, ...Node[]]);
  }

  /** The node of that number. */
  node(number: number): Node {
    const node = this.nodes[number];
    if (!node) throw new Error(`no node ${number}`);
    return node;
  }

  /** Waits until a message to everyone has reached everyone, and judges. */
  async finish(): Promise<FaultResult> {
    await this.unload();
    await this.settle();
    const history = this.history();
    await this.close();
    const verdict = check(history);
    await keepHistory(history, verdict);
    const load = { startedAt: this.loadedAt, finishedAt: this.unloadedAt };
    return { ...resultOf(history, verdict, load), longestAnswerMs: this.senders.longestAnswerMs };
  }

  async close(): Promise<void> {
    this.isLoaded = false;
    await Promise.all(this.recipients.map((recipient) => recipient.stop()));
    await Promise.all(this.nodes.map((node) => node.stop()));
  }

  private async settle(): Promise<void> {
    const publisher = this.publisher(this.senders.untilAccepted(() => this.anyNode()));
    for (let attempt = 0; attempt < MAX_MARKERS; attempt++) {
      const key = `${publisher.name}-marker-${attempt}`;
      await publisher.publish({ target: { all: true } }, { key });
      const hasAll = eventually(() => this.recipients.every(({ keys }) => keys.has(key)), { timeoutMs: MARKER_MS });
      const isSettled = await hasAll.then(
        () => true,
        () => false,
      );
      if (isSettled) return;
    }
  }

  private history(): History {
    return {
      publications: this.publishers.flatMap(({ publications }) => publications),
      memberships: [...this.memberships, ...this.recipients.flatMap(({ memberships }) => memberships)],
      recipients: this.recipients.map(({ log }) => log),
      endedAt: historyNow(),
    };
  }

  private async keepPublishing(send: Send): Promise<void> {
    const publisher = this.publisher(send);
    while (this.isLoaded) {
      await publisher.run(4, ADDRESSEES);
      await sleep(REST_MS);
    }
  }

  private async keepChurning(): Promise<void> {
    while (this.isLoaded) {
      const { roaming } = this;
      roaming[this.random.between(0, roaming.length - 1)]?.cut();
      await sleep(CHURN_MS);
    }
  }

  private recipientFor(number: number, staysOn?: readonly TransportName[]): Recipient {
    const userId = ADDRESSEES.users[number % ADDRESSEES.users.length] ?? 'anna';
    const transports = staysOn ?? ORDERS[number % ORDERS.length] ?? ['ws'];
    const name = `r${number} ${userId} ${transports.join('-')}${staysOn ? ' stays' : ''}`;
    const groups = TOKEN_GROUPS[userId] ?? [];
    for (const group of groups) {
      this.memberships.push({ recipient: name, group, type: 'join', startedAt: -Infinity, finishedAt: -Infinity });
    }
    return new Recipient({
      name,
      userId,
      transports,
      // A balancer sends its clients to nodes that have just gone, too.
      port: () => (staysOn ? this.node(0) : this.random.pick(this.nodes as [Node, ...Node[]])).port,
      token: () => signToken({ sub: userId, groups }, { expiresInSeconds: TOKEN_SECONDS }),
      random: this.random.fork(),
      backoffMs: 100,
    });
  }
}
