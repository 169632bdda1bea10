/**
 * Brings what happens to the pages of the console that look at one tenant, about once a second: one look at all nodes for
 * all of them. It begins with the first page and ends with the last. A page that does not read what it was sent is told
 * nothing until it does.
 */
import type { Cancel, Clock } from '../core/clock.js';
import type { Connection } from '../core/connection.js';
import { CONSOLE_EVENT } from '../protocol/console-frames.js';
import type { ConsoleReport, ConsoleView, FoundConnections, NodeTraceEntry } from '../protocol/console-frames.js';
import { encodeFrame } from '../protocol/frame-encoder.js';
import type { ClusterLook } from '../push/cluster-view.js';
import type { TraceWish } from '../push/node-questions.js';
import type { TenantSpace } from '../push/tenant-space.js';
import { reportOf } from './console-report.js';

/** From one report to the next. */
const REPORT_MS = 1_000;
/** A page for which more waits is not read at the moment. */
const MAX_WAITING_BYTES = 262_144;
/** Connections of one search. */
export const SEARCH_LIMIT = 50;

interface Viewer {
  view: ConsoleView;
  /** By node, the last entry of the trace that was told. */
  seen: Record<string, number>;
  /** What the search has found, as it was told last. */
  told: string | undefined;
}

/** What a feed works with. */
export interface ConsoleFeedParts {
  readonly space: Pick<TenantSpace, 'clusterView'>;
  readonly clock: Clock;
  /** Whether the connection may still look; a token may have been replaced by one that may not. */
  readonly mayLook: (connection: Connection) => boolean;
  readonly onFailure: (cause: unknown) => void;
  /** The last page is gone. */
  readonly onEnd: () => void;
}

/** The pages that look at one tenant. */
export class ConsoleFeed {
  private readonly viewers = new Map<Connection, Viewer>();
  private cancel: Cancel | undefined;
  private isLooking = false;
  private hasEnded = false;

  constructor(private readonly parts: ConsoleFeedParts) {}

  /** From now on this is what the page looks at. */
  show(connection: Connection, view: ConsoleView): void {
    const known = this.viewers.get(connection);
    const seen = known?.view.trace === view.trace ? (known?.seen ?? {}) : {};
    this.viewers.set(connection, { view, seen, told: undefined });
    this.next(0);
  }

  /** Ends it, with the application. */
  stop(): void {
    this.cancel?.();
    this.cancel = undefined;
    this.viewers.clear();
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.parts.onEnd();
  }

  private next(delayMs: number): void {
    if (this.isLooking || this.hasEnded) return;
    this.cancel?.();
    this.cancel = this.parts.clock.after(delayMs, () => void this.tell());
  }

  private async tell(): Promise<void> {
    for (const [connection] of this.viewers) {
      if (!connection.isOpen || !this.parts.mayLook(connection)) this.viewers.delete(connection);
    }
    if (this.viewers.size === 0) {
      this.stop();
      return;
    }
    this.isLooking = true;
    try {
      await this.report();
    } catch (cause) {
      this.parts.onFailure(cause);
    }
    this.isLooking = false;
    this.next(REPORT_MS);
  }

  private async report(): Promise<void> {
    const viewers = [...this.viewers].filter(([{ outbound }]) => outbound.waitingBytes < MAX_WAITING_BYTES);
    const wishes = wishesOf(viewers.map(([, viewer]) => viewer));
    const { clusterView } = this.parts.space;
    const [look, found] = await Promise.all([clusterView.look(wishes), this.search(viewers)]);
    const at = this.parts.clock.now();
    for (const [connection, viewer] of viewers) {
      // Whoever looks at something else meanwhile is told of that by the next one.
      if (!connection.isOpen || this.viewers.get(connection) !== viewer) continue;
      const news = newsFor(viewer, found.get(keyOf(viewer)));
      const report = reportOf(at, look, news, traceFor(viewer, wishes, look));
      connection.reply(encodeFrame(CONSOLE_EVENT, report));
    }
  }

  /** Each search once, however many look at it. */
  private async search(viewers: readonly (readonly [Connection, Viewer])[]): Promise<Map<string, FoundConnections>> {
    const found = new Map<string, FoundConnections>();
    for (const [, viewer] of viewers) {
      const { search } = viewer.view;
      const key = keyOf(viewer);
      if (!search || found.has(key)) continue;
      found.set(key, await this.parts.space.clusterView.search(search, SEARCH_LIMIT));
    }
    return found;
  }
}

function keyOf({ view: { search } }: Viewer): string {
  return search ? JSON.stringify([search.user, search.group, search.address]) : '';
}

/** The users that are followed, each from the earliest entry that some page has not seen. */
function wishesOf(viewers: readonly Viewer[]): TraceWish[] {
  const wishes = new Map<string, Record<string, number>>();
  for (const { view, seen } of viewers) {
    if (view.trace === undefined) continue;
    const known = wishes.get(view.trace);
    if (!known) wishes.set(view.trace, { ...seen });
    else for (const node of Object.keys(known)) known[node] = Math.min(known[node] ?? 0, seen[node] ?? 0);
  }
  return [...wishes].map(([userId, after]) => ({ userId, after }));
}

function newsFor(viewer: Viewer, found: FoundConnections | undefined): FoundConnections | undefined {
  const text = found && JSON.stringify(found);
  if (text === viewer.told) return undefined;
  viewer.told = text;
  return found;
}

function traceFor(viewer: Viewer, wishes: readonly TraceWish[], { traces }: ClusterLook): ConsoleReport['trace'] {
  const userId = viewer.view.trace;
  if (userId === undefined) return undefined;
  const all = traces[wishes.findIndex((wish) => wish.userId === userId)] ?? [];
  const entries = all.filter((entry) => isNews(entry, viewer.seen));
  for (const { node, seq } of entries) viewer.seen[node] = Math.max(viewer.seen[node] ?? 0, seq);
  return { userId, entries };
}

function isNews({ node, seq }: NodeTraceEntry, seen: Readonly<Record<string, number>>): boolean {
  return seq > (seen[node] ?? 0);
}
