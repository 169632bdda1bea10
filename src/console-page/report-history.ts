import type { ConsoleReport, NodeSample } from '../protocol/console-frames.js';

/** Five minutes, at a report a second. */
export const MAX_POINTS = 300;

/** What was measured at one moment, of all nodes or of one. Rates are by the second. */
export interface Point {
  readonly at: number;
  readonly ws: number;
  readonly sse: number;
  readonly poll: number;
  readonly sends: number;
  readonly matched: number;
  readonly written: number;
  readonly dropped: number;
  readonly queueBytes: number;
  readonly largestQueueBytes: number;
}

/** What was counted while this page looked. */
export interface Totals {
  readonly sends: number;
  readonly matched: number;
  readonly written: number;
  readonly dropped: number;
  readonly reasons: Readonly<Record<string, number>>;
}

type Counted = Omit<Totals, 'reasons'>;

/** The name of the series of all nodes together. */
export const ALL_NODES = '';

/** The reports of the last minutes as series, and what they add up to. */
export class ReportHistory {
  readonly #series = new Map<string, Point[]>();
  readonly #totals = new Map<string, Totals>();
  #before: ConsoleReport | undefined;

  add(report: ConsoleReport): void {
    const before = this.#before;
    this.#before = report;
    const seconds = before ? Math.max(0.001, (report.at - before.at) / 1000) : 1;
    const increases = report.nodes.map((node) => {
      const earlier = before?.nodes.find((known) => known.node === node.node);
      return earlier ? increaseOf(earlier.counts, node.counts) : NOTHING;
    });
    report.nodes.forEach((node, index) => {
      this.#push(node.node, report.at, [node], [increases[index] ?? NOTHING], seconds);
    });
    this.#push(ALL_NODES, report.at, report.nodes, increases, seconds);
    this.#forgetNodes(report.at);
  }

  /** The points of a node, or of all, oldest first. */
  of(node: string): readonly Point[] {
    return this.#series.get(node) ?? [];
  }

  totalsOf(node: string): Totals {
    return this.#totals.get(node) ?? NOTHING;
  }

  #push(name: string, at: number, nodes: readonly NodeSample[], increases: readonly Totals[], seconds: number): void {
    const increase = increases.reduce(sumOf, NOTHING);
    const known = this.#series.get(name) ?? [];
    const point: Point = {
      at,
      ws: total(nodes, ({ connections }) => connections.ws),
      sse: total(nodes, ({ connections }) => connections.sse),
      poll: total(nodes, ({ connections }) => connections.poll),
      sends: increase.sends / seconds,
      matched: increase.matched / seconds,
      written: increase.written / seconds,
      dropped: increase.dropped / seconds,
      queueBytes: total(nodes, ({ queueBytes }) => queueBytes),
      largestQueueBytes: Math.max(0, ...nodes.map(({ largestQueueBytes }) => largestQueueBytes)),
    };
    this.#series.set(name, [...known.slice(1 - MAX_POINTS), point]);
    this.#totals.set(name, sumOf(this.totalsOf(name), increase));
  }

  /** A node that has gone leaves its curve for as long as that would be seen. */
  #forgetNodes(at: number): void {
    for (const [name, points] of this.#series) {
      if ((points.at(-1)?.at ?? 0) > at - MAX_POINTS * 1_000) continue;
      this.#series.delete(name);
      this.#totals.delete(name);
    }
  }
}

const NOTHING: Totals = { sends: 0, matched: 0, written: 0, dropped: 0, reasons: {} };

/** A count that is lower than before began anew. */
function increaseOf(before: NodeSample['counts'], now: NodeSample['counts']): Totals {
  const since = (name: 'sends' | 'matched' | 'written') =>
    now[name] < before[name] ? now[name] : now[name] - before[name];
  const reasons = Object.fromEntries(
    Object.entries(now.dropped).map(([reason, count]) => {
      const earlier = before.dropped[reason] ?? 0;
      return [reason, count < earlier ? count : count - earlier];
    }),
  );
  const counted: Counted = { sends: since('sends'), matched: since('matched'), written: since('written'), dropped: 0 };
  return { ...counted, dropped: Object.values(reasons).reduce((sum, count) => sum + count, 0), reasons };
}

function sumOf(one: Totals, other: Totals): Totals {
  const reasons: Record<string, number> = { ...one.reasons };
  for (const [reason, count] of Object.entries(other.reasons)) reasons[reason] = (reasons[reason] ?? 0) + count;
  return {
    sends: one.sends + other.sends,
    matched: one.matched + other.matched,
    written: one.written + other.written,
    dropped: one.dropped + other.dropped,
    reasons,
  };
}

function total(nodes: readonly NodeSample[], value: (node: NodeSample) => number): number {
  return nodes.reduce((sum, node) => sum + value(node), 0);
}
