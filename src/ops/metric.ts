/** The kinds of metrics that there are here. */
export type MetricType = 'counter' | 'gauge' | 'histogram' | 'summary';

/** One value of a metric, as `prom-client` takes it. */
export interface Sample {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  /** Where it is not the name of the metric. */
  readonly metricName?: string;
}

/** What a metric is and where its values come from. */
export interface MetricDefinition<Source> {
  /** Without the prefix. */
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  /** Names of its labels. */
  readonly labels: readonly string[];
  /** The values of now. `name` is the whole name, for samples that are called otherwise. */
  readonly read: (source: Source, name: string) => readonly Sample[];
}

/**
 * A metric as a registry of `prom-client` sees it. It has no state and no `inc`: the values are read when somebody
 * scrapes, from fields that the rest of the module counts in, so that a message costs nothing here.
 */
export class CollectedMetric<Source> {
  readonly help: string;
  readonly type: MetricType;
  readonly aggregator = 'sum';
  readonly labelNames: readonly string[];

  constructor(
    private readonly definition: MetricDefinition<Source>,
    /** Not readonly: a registry that writes OpenMetrics takes `_total` off the names of counters. */
    public name: string,
    private readonly source: () => Source,
  ) {
    this.help = definition.help;
    this.type = definition.type;
    this.labelNames = definition.labels;
  }

  async get(): Promise<unknown> {
    const { name, help, type, aggregator } = this;
    return { name, help, type, aggregator, values: this.definition.read(this.source(), name) };
  }

  /** What was counted is not the registry's to forget. */
  reset(): void {}
}
