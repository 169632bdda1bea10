/**
 * The metrics of the module for Prometheus. They live in fields that are read when somebody asks, through a registry of
 * `prom-client`: the host's, or one of their own. `prom-client` is loaded only where it is needed, which is never while
 * metrics are off.
 */
import type { PushCounters } from '../core/push-counters.js';
import { Tally } from '../core/push-counters.js';
import { PushError } from '../core/push-error.js';
import { EventLoopDelay } from './event-loop-delay.js';
import { CollectedMetric } from './metric.js';
import { METRICS } from './metric-catalog.js';
import type { MetricSource } from './metric-catalog.js';
import type { MetricsRegistry } from './metrics-options.interface.js';
import type { ResolvedMetricsOptions } from './metrics-options.js';
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

  /** Puts the metrics into their registry. Rejects where `prom-client` is missing or a name is taken. */
  async start(): Promise<void> {
    const { options, counters } = this.parts;
    if (options === false || this.registry) return;
    const { prefix, events, defaultMetrics } = options;
    const registry = options.registry ?? (await newRegistry());
    if (defaultMetrics) (await loadPromClient()).collectDefaultMetrics({ register: registry as never });
    if (events.length > 0) counters.events = new Tally(events);
    for (const definition of METRICS) {
      registry.registerMetric(new CollectedMetric(definition, prefix + definition.name, this.source) as never);
    }
    this.delay.start();
    this.registry = registry;
  }

  /** Takes them out again. */
  stop(): void {
    const { options } = this.parts;
    this.delay.stop();
    if (!this.registry || options === false) return;
    for (const { name } of METRICS) this.registry.removeSingleMetric(options.prefix + name);
    this.registry = undefined;
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
