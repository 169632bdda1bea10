/**
 * One run over many nodes: a Redis, nodes that share it, recipients that come back on any node and any transport,
 * publishers on every node. All times are taken in this process, so that one clock orders the history. `finish` waits
 * until one last message has reached everyone and gives the history to the checker.
 *
 * The scenario does the harm: to `redis`, to a node, or to the line between the two.
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
import { RedisServer } from '../../support/redis-server.js';
import { RestClient } from '../../support/rest-client.js';
import { signToken } from '../../support/tokens.js';
import type { RunningNode } from './cluster-node.js';
import { sendToNode, sendUntilAccepted } from './node-senders.js';
import { RedisLine } from './redis-line.js';
import { resultOf } from './fault-result.js';
import type { FaultResult } from './fault-result.js';

/** Starts the node of that number on the Redis at the URL. */
export type StartNode<Node extends RunningNode> = (redisUrl: string, number: number) => Promise<Node>;

/** What a run wants otherwise. */
export interface ClusterRunOptions {
  /** @default 3 */
  readonly nodes?: number;
  /** Arguments of `redis-server`. */
  readonly redis?: readonly string[];
  /** Numbers of the nodes that reach Redis over a line of their own. */
  readonly onLines?: readonly number[];
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

/** How long one of the publishers rests between two handfuls, in milliseconds. */
const REST_MS = 40;
/** How long between two recipients that break off, in milliseconds. */
const CHURN_MS = 60;
/** How long a last message may take to reach everyone before another is sent, in milliseconds. */
const MARKER_MS = 3_000;
const MAX_MARKERS = 6;

/** Everything that takes part. */
export class ClusterRun<Node extends RunningNode> {
  readonly recipients: Recipient[] = [];
  private readonly publishers: HistoryPublisher[] = [];
  private readonly memberships: MembershipChange[] = [];
  private readonly underWay: Promise<void>[] = [];
  private isLoaded = false;

  private constructor(
    readonly redis: RedisServer,
    readonly nodes: readonly Node[],
    readonly lines: ReadonlyMap<number, RedisLine>,
    readonly random: SeededRandom,
  ) {}

  static async start<Node extends RunningNode>(
    startNode: StartNode<Node>,
    { nodes = 3, redis: settings = [], onLines = [] }: ClusterRunOptions = {},
    random = SeededRandom.fromEnvironment(),
  ): Promise<ClusterRun<Node>> {
    const redis = await RedisServer.start(settings);
    const lines = new Map<number, RedisLine>();
    for (const number of onLines) lines.set(number, await RedisLine.start(redis.port));
    const starting = Array.from({ length: nodes }, (_, number) =>
      startNode(lines.get(number)?.url ?? redis.url, number),
    );
    return new ClusterRun(redis, await Promise.all(starting), lines, random);
  }

  /** Adds recipients, users and ways of connecting in turn, and waits until each has a place in the log. */
  async join(count = 12): Promise<void> {
    for (let number = 0; number < count; number++) this.recipients.push(this.recipientFor(number));
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
  load({ changesGroups = true } = {}): void {
    this.isLoaded = true;
    const senders = [...this.nodes.map((node) => sendToNode(node)), sendUntilAccepted(() => this.anyNode())];
    for (const send of senders) this.underWay.push(this.keepPublishing(send));
    this.underWay.push(this.keepChurning());
    if (changesGroups) this.underWay.push(this.keepChanging());
  }

  /** The load ends; resolves when the last send has. */
  async unload(): Promise<void> {
    this.isLoaded = false;
    await Promise.all(this.underWay);
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

  /** The line of that node to Redis. */
  line(number: number): RedisLine {
    const line = this.lines.get(number);
    if (!line) throw new Error(`node ${number} has no line of its own`);
    return line;
  }

  /** Waits until a message to everyone has reached everyone, and judges. */
  async finish(): Promise<FaultResult> {
    await this.unload();
    await this.settle();
    const history = this.history();
    await this.close();
    const verdict = check(history);
    await keepHistory(history, verdict);
    return resultOf(history, verdict);
  }

  async close(): Promise<void> {
    this.isLoaded = false;
    await Promise.all(this.recipients.map((recipient) => recipient.stop()));
    await Promise.all(this.nodes.map((node) => node.stop()));
    await Promise.all([...this.lines.values()].map((line) => line.close()));
    await this.redis.stop();
  }

  private async settle(): Promise<void> {
    const publisher = this.publisher(sendUntilAccepted(() => this.anyNode()));
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
      const { recipients } = this;
      recipients[this.random.between(0, recipients.length - 1)]?.cut();
      await sleep(CHURN_MS);
    }
  }

  /** The server takes users into rooms and out of them, by whichever node. */
  private async keepChanging(): Promise<void> {
    const inside = new Set<string>();
    while (this.isLoaded) {
      const user = this.random.pick(ADDRESSEES.users);
      await this.change(inside.has(user) ? 'leave' : 'join', user, 'room:1');
      if (!inside.delete(user)) inside.add(user);
      await sleep(CHURN_MS);
    }
  }

  /** Asks until it is done: what has no answer may have been done. */
  private async change(type: MembershipChange['type'], user: string, group: string): Promise<void> {
    const change = { user, group, type, startedAt: historyNow(), finishedAt: Infinity };
    this.memberships.push(change);
    const path = `/push/groups/${encodeURIComponent(group)}/members/${user}`;
    for (;;) {
      const rest = RestClient.of(this.nodeWithoutLine());
      const asked = type === 'join' ? rest.put(path, {}) : rest.delete(path);
      const status = await asked.then(
        (answer) => answer.status,
        () => 0,
      );
      if (status === 204) break;
      if (!this.isLoaded) return;
      await sleep(CHURN_MS);
    }
    change.finishedAt = historyNow();
  }

  /** What a line that stands still holds back is carried out when it goes again: too late to know in which order. */
  private nodeWithoutLine(): Node {
    const ready = this.nodes.filter(({ isUp }, number) => isUp && !this.lines.has(number));
    return this.random.pick(ready as [Node, ...Node[]]);
  }

  private recipientFor(number: number): Recipient {
    const userId = ADDRESSEES.users[number % ADDRESSEES.users.length] ?? 'anna';
    const transports = ORDERS[number % ORDERS.length] ?? ['ws'];
    const name = `r${number} ${userId} ${transports.join('-')}`;
    const groups = TOKEN_GROUPS[userId] ?? [];
    for (const group of groups) {
      this.memberships.push({ recipient: name, group, type: 'join', startedAt: -Infinity, finishedAt: -Infinity });
    }
    return new Recipient({
      name,
      userId,
      transports,
      // A balancer sends its clients to nodes that have just gone, too.
      port: () => this.random.pick(this.nodes as [Node, ...Node[]]).port,
      token: () => signToken({ sub: userId, groups }),
      random: this.random.fork(),
      backoffMs: 100,
    });
  }
}
