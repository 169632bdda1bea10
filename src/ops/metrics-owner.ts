import type { MetricsRegistry } from './metrics-options.interface.js';

interface NamedMetric {
  readonly name: string;
}

/** What stands in for a registry while metrics of others are collected. */
type Register = Pick<MetricsRegistry, 'contentType'> & { readonly registerMetric: (metric: NamedMetric) => void };

/** Knows what this module has put into a registry, which may be the host's, so that just that is taken out again. */
export class MetricsOwner {
  /** As they were when they were put in: a registry that writes OpenMetrics changes the names of metrics. */
  private names: string[] = [];

  constructor(private readonly registry: MetricsRegistry) {}

  /** Puts the metric in. False where its name is taken. */
  add(metric: NamedMetric): boolean {
    const { name } = metric;
    try {
      this.registry.registerMetric(metric as never);
    } catch {
      return false;
    }
    this.names.push(name);
    return true;
  }

  /**
   * Puts in what `collect` registers. Where one of the names is taken it is stopped there and all of them are left out:
   * some metrics set the values of others.
   */
  addAllOrNone(collect: (register: Register) => void): void {
    const added = new MetricsOwner(this.registry);
    let isTaken = false;
    const registerMetric = (metric: NamedMetric): void => {
      if (added.add(metric)) return;
      isTaken = true;
      throw new Error(`${metric.name} is taken`);
    };
    try {
      collect({ contentType: this.registry.contentType, registerMetric });
    } catch (error) {
      added.removeAll();
      if (!isTaken) throw error;
    }
    this.names.push(...added.names);
  }

  /** Takes all of it out. */
  removeAll(): void {
    for (const name of this.names) this.registry.removeSingleMetric(name);
    this.names = [];
  }
}
