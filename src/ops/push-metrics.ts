/**
 * The metrics of the module for Prometheus. They live in fields that are read when somebody asks, through a registry of
 * `prom-client`: the host's, or one of their own. `prom-client` is loaded only where it is needed, which is never while
 * metrics are off.
 */
import type { PushCounters } from '../core/push-counters.js';
import { Tally } from '../core/push-counters.js';
import { throwIfAnyOption } from '../core/option-problem.js';
import type { OptionProblem } from '../core/option-problem.js';
import { PushError } from '../core/push-error.js';
import { EventLoopDelay } from './event-loop-delay.js';
import { CollectedMetric } from './metric.js';
import { METRICS } from './metric-catalog.js';
import type { MetricSource } from './metric-catalog.js';
import type { MetricsRegistry } from './metrics-options.interface.js';
import type { ResolvedMetricsOptions } from './metrics-options.js';
import { MetricsOwner } from './metrics-owner.js';
import { takeSnapshot } from './node-snapshot.js';
import type { NodeSnapshot, SnapshotParts } from './node-snapshot.js';

/** What metrics are made from. */
export interface PushMetricsParts extends Omit<SnapshotParts, 'delay'> {
  readonly counters: PushCounters;
  readonly options: ResolvedMetricsOptions;
}

/** Gives the metrics out. Inject it to serve them from a controller of your own, behind its guards. */
export class PushMetrics {
  private readonly delay = new EventLoopDelay();
  private registry: MetricsRegistry | undefined;
  private owner: MetricsOwner | undefined;
  private latest: NodeSnapshot | undefined;

  constructor(private readonly parts: PushMetricsParts) {}

  /** The `Content-Type` of {@link scrape}. */
  get contentType(): string {
    return this.started.contentType;
  }

  /** Everything that the registry holds, in the text format. Rejects where the `metrics` option is off. */
  async scrape(): Promise<string> {
    return this.started.metrics();
  }

  /**
   * Puts the metrics into their registry. Rejects where `prom-client` is missing or a name is taken, with the registry
   * as it was.
   */
  async start(): Promise<void> {
    const { options, counters } = this.parts;
    if (options === false || this.registry) return;
    const { events, defaultMetrics } = options;
    // Before anything is put in: it may be missing.
    const collect = defaultMetrics ? (await loadPromClient()).collectDefaultMetrics : undefined;
    const registry = options.registry ?? (await newRegistry());
    const owner = new MetricsOwner(registry);
    try {
      this.addOwn(owner, options.prefix);
      if (collect) owner.addAllOrNone((register) => collect({ register: register as never }));
    } catch (error) {
      owner.removeAll();
      throw error;
    }
    if (events.length > 0) counters.events = new Tally(events);
    this.delay.start();
    this.owner = owner;
    this.registry = registry;
  }

  /** Takes them out again, and nothing that the host has put in. */
  stop(): void {
    this.delay.stop();
    this.owner?.removeAll();
    this.owner = undefined;
    this.registry = undefined;
  }

  private addOwn(owner: MetricsOwner, prefix: string): void {
    const metrics = METRICS.map((definition) => new CollectedMetric(definition, prefix + definition.name, this.source));
    const taken = metrics.filter((metric) => !owner.add(metric)).map(({ name }) => name);
    throwIfAnyOption(taken.length === 0 ? [] : [takenProblem(taken)]);
  }

  private get started(): MetricsRegistry {
    if (this.registry) return this.registry;
    throw new PushError('PUSH_ERR_UNAVAILABLE', 'metrics are off: set the metrics option of PushModule');
  }

  /** A registry asks all its metrics in one go, so they share one look at the connections. */
  private readonly source = (): MetricSource => {
    if (!this.latest) {
      this.latest = takeSnapshot({ ...this.parts, delay: this.delay });
      queueMicrotask(() => (this.latest = undefined));
    }
    return { now: this.latest, counters: this.parts.counters };
  };
}

function takenProblem([first, ...others]: readonly string[]): OptionProblem {
  const more = others.length === 0 ? '' : ` and ${others.length} more of these metrics`;
  return {
    path: 'metrics.registry',
    received: `a Registry that already has ${first}${more}`,
    expected: 'one in which the names are free, or another metrics.prefix',
  };
}

async function newRegistry(): Promise<MetricsRegistry> {
  const { Registry } = await loadPromClient();
  return new Registry();
}

async function loadPromClient() {
  try {
    const loaded = await import('prom-client');
    return loaded.default;
  } catch (cause) {
    throw new PushError('PUSH_ERR_INVALID_OPTION', 'metrics need prom-client: npm install prom-client', { cause });
  }
}
