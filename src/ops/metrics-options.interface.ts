/** The part of a `prom-client` registry that is used. */
export interface MetricsRegistry {
  readonly contentType: string;
  registerMetric(metric: never): void;
  removeSingleMetric(name: string): void;
  metrics(): Promise<string>;
}

/** How metrics are given out. */
export interface MetricsOptions {
  /**
   * Where Prometheus finds them, absolute, outside of any global prefix. False: nowhere, the host serves its registry or
   * `PushMetrics` itself. The route has no guard; docs/metrics.md says how to keep strangers out.
   * @default '/metrics'
   */
  readonly path?: string | false;
  /** The `prom-client` registry that they are put into. @default one of their own */
  readonly registry?: MetricsRegistry;
  /** What all names begin with. @default `push_` */
  readonly prefix?: string;
  /**
   * Whether the default metrics of `prom-client` about the process are there too. A registry that has any of them keeps
   * its own.
   * @default false
   */
  readonly defaultMetrics?: boolean;
  /** Events that sends are counted for by name; all others are `other`. @default [] */
  readonly events?: readonly string[];
}
