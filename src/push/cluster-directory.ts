/**
 * Who is connected, on all nodes, and the end of connections wherever they are. Each node answers for its own; here the
 * answers become one. A node that stands alone asks nobody and pays nothing.
 *
 * A node that does not answer is missing from presence and listings, which are hints. It is not missing from what ends
 * connections: what it did not hear is kept for it, and it carries that out when it is back.
 */
import type { OtherNodes } from '../backing/node-link.interface.js';
import type { ConnectionInfo } from '../protocol/connection-info.js';
import { comparePlaces, DEFAULT_PAGE_LIMIT, pageCursorOf, readPageCursor } from './connection-directory.js';
import type { CloseOrder, ConnectionDirectory } from './connection-directory.js';
import { askNodes, KEPT_FOR_MS } from './node-questions.js';
import type { NodeCounts } from './node-questions.js';
import type { ConnectionFilter, DisconnectOutcome, Page, PageRequest, Presence, PushStats } from './push-types.js';

/** How long other nodes may take over a question about their connections. */
const ANSWER_MS = 1_000;

/** Asks all nodes, this one included. */
export class ClusterDirectory {
  constructor(
    private readonly nodes: OtherNodes,
    private readonly here: ConnectionDirectory,
  ) {}

  /** Who of these users is connected, in the order given. */
  async presence(userIds: readonly string[]): Promise<readonly Presence[]> {
    const counts = userIds.map((userId) => this.here.countOf(userId));
    if (!this.isAlone) {
      const { answers } = await askNodes(this.nodes, 'presence', { userIds }, { withinMs: ANSWER_MS });
      for (const others of answers) others.forEach((count, index) => (counts[index] = (counts[index] ?? 0) + count));
    }
    return userIds.map((userId, index) => presenceOf(userId, counts[index] ?? 0));
  }

  /** Whether the user has a connection. The first node that says so is believed. */
  async isOnline(userId: string): Promise<boolean> {
    if (this.here.countOf(userId) > 0) return true;
    if (this.isAlone) return false;
    const isEnough = ([count = 0]: readonly number[]) => count > 0;
    const question = { withinMs: ANSWER_MS, isEnough };
    const { answers } = await askNodes(this.nodes, 'presence', { userIds: [userId] }, question);
    return answers.some(isEnough);
  }

  /** A page of the connections that match, oldest first. */
  async list(filter: ConnectionFilter, page: PageRequest): Promise<Page<ConnectionInfo>> {
    const { limit = DEFAULT_PAGE_LIMIT } = page;
    const after = readPageCursor(page.cursor);
    // One more than asked for shows whether there is another page.
    let listed = this.here.list(filter, after, limit + 1);
    if (!this.isAlone) {
      const asked = { filter, after, limit: limit + 1 };
      const { answers } = await askNodes(this.nodes, 'connections', asked, { withinMs: ANSWER_MS });
      listed = [listed, ...answers].flat().sort((one, other) => comparePlaces(one.place, other.place));
    }
    const items = listed.slice(0, limit);
    const last = items.at(-1);
    return {
      items: items.map(({ info }) => info),
      cursor: listed.length > limit && last ? pageCursorOf(last.place) : null,
    };
  }

  /** Closes the connections that match. Kept for nodes that are cut off, even where no other is known to be alive. */
  async disconnect(filter: ConnectionFilter, order: CloseOrder): Promise<DisconnectOutcome> {
    const here = this.here.close(filter, order);
    const isEnough = ({ matched }: { readonly matched: number }) => filter.connection !== undefined && matched > 0;
    if (isEnough({ matched: here })) return { matched: here };
    const question = { withinMs: ANSWER_MS, keepMs: KEPT_FOR_MS, isEnough };
    const { answers, isPartial } = await askNodes(this.nodes, 'disconnect', { filter, ...order }, question);
    const matched = answers.reduce((sum, answer) => sum + answer.matched, here);
    return { matched, ...(isPartial && { partial: true }) };
  }

  /** Counts of now; `nodes` are those that are counted. */
  async stats(): Promise<PushStats> {
    if (this.isAlone) return this.here.stats();
    const { answers } = await askNodes(this.nodes, 'counts', null, { withinMs: ANSWER_MS });
    const total = this.here.counts();
    const connections = { ...total.connections };
    for (const counts of answers) {
      total.users.merge(counts.users);
      total.groups.merge(counts.groups);
      addConnections(connections, counts);
    }
    const nodes = 1 + answers.length;
    return { scope: 'cluster', users: total.users.size, connections, groups: total.groups.size, nodes };
  }

  private get isAlone(): boolean {
    return this.nodes.nodeCount === 1;
  }
}

function presenceOf(userId: string, connections: number): Presence {
  return { userId, online: connections > 0, connections };
}

function addConnections(
  total: { -readonly [Name in keyof PushStats['connections']]: number },
  counts: NodeCounts,
): void {
  const { ws, sse, poll } = counts.connections;
  total.ws += ws;
  total.sse += sse;
  total.poll += poll;
}
