/** What becomes of a registry of `prom-client` that the host gives to the module. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, Scope } from '@nestjs/common';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { OnPush } from '../../src/index.js';
import type { MetricsOptions } from '../../src/index.js';
import { METRICS } from '../../src/ops/metric-catalog.js';
import { PushApp } from '../support/push-app.js';

let server: PushApp | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function start(metrics: MetricsOptions): Promise<PushApp> {
  return (server = await PushApp.start({ push: { metrics } }));
}

function namesIn(registry: Registry): readonly string[] {
  return registry.getMetricsAsArray().map(({ name }) => name);
}

/** As the host would. */
function addGauge(registry: Registry, name: string): void {
  registry.registerMetric(new Gauge({ name, help: 'of the host', registers: [] }));
}

describe('a registry of the host', () => {
  it('is refused where it has one of the names, and told which', async () => {
    const registry = new Registry();
    addGauge(registry, 'push_users');
    await expect(PushApp.start({ push: { metrics: { registry } } })).rejects.toMatchObject({
      code: 'PUSH_ERR_INVALID_OPTION',
      message: [
        'PushModule cannot start with these options:',
        '  metrics.registry: received a Registry that already has push_users, ' +
          'expected one in which the names are free, or another metrics.prefix',
      ].join('\n'),
      errors: [{ pointer: '/metrics/registry' }],
    });
  });

  it('is refused where another application has put the same metrics in', async () => {
    const registry = new Registry();
    await start({ registry });
    const more = METRICS.length - 1;
    await expect(PushApp.start({ push: { metrics: { registry } } })).rejects.toThrow(
      `received a Registry that already has push_connections and ${more} more of these metrics, expected`,
    );
  });

  it('is as it was after the application, default metrics too, so that it can start again', async () => {
    const registry = new Registry();
    for (let starts = 0; starts < 2; starts++) {
      const app = await start({ registry, defaultMetrics: true });
      expect(namesIn(registry)).toEqual(
        expect.arrayContaining(['process_cpu_user_seconds_total', 'nodejs_version_info']),
      );
      await app.close();
      server = undefined;
      expect(namesIn(registry)).toEqual([]);
    }
  });

  it('is as it was after the application where it writes OpenMetrics, which renames counters', async () => {
    const registry = new Registry();
    registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
    const app = await start({ registry, defaultMetrics: true });
    await registry.metrics();
    await app.close();
    server = undefined;
    expect(namesIn(registry)).toEqual([]);
  });

  it('keeps the default metrics that it has', async () => {
    const registry = new Registry();
    collectDefaultMetrics({ register: registry });
    const before = registry.getMetricsAsArray();

    const app = await start({ registry, defaultMetrics: true });
    expect(namesIn(registry)).toHaveLength(before.length + METRICS.length);
    await app.close();
    server = undefined;

    expect(registry.getMetricsAsArray()).toEqual(before);
  });

  it('gets no default metrics where it has some of them, for one may set the value of another', async () => {
    const registry = new Registry();
    addGauge(registry, 'process_resident_memory_bytes');
    await start({ registry, defaultMetrics: true });
    expect(namesIn(registry).filter((name) => /^(?:process|nodejs)_/.test(name))).toEqual([
      'process_resident_memory_bytes',
    ]);
  });

  it('is as it was after a start that fails, be it for a name that is taken', async () => {
    const registry = new Registry();
    addGauge(registry, 'push_users');
    await expect(PushApp.start({ push: { metrics: { registry, defaultMetrics: true } } })).rejects.toThrow();
    expect(namesIn(registry)).toEqual(['push_users']);
  });

  it('is as it was after a start that fails, be it for something else', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class PerRequest {
      @OnPush('sent')
      hear(): void {}
    }
    const registry = new Registry();
    const push = { metrics: { registry, defaultMetrics: true } };
    await expect(PushApp.start({ push, metadata: { providers: [PerRequest] } })).rejects.toThrow('@OnPush');
    expect(namesIn(registry)).toEqual([]);
  });
});
