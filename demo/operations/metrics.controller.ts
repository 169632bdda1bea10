import { Controller, Get, Header, Inject } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { PushHealth, PushService } from 'nestjs-push';
import { Gauge, Registry, collectDefaultMetrics } from 'prom-client';

/** For Prometheus: the process, and who is connected to it. */
@ApiTags('operations')
@Controller('metrics')
export class MetricsController {
  private readonly registry = new Registry();
  private readonly connections = this.gauge('push_connections', 'Open connections by transport', ['transport']);
  private readonly users = this.gauge('push_users', 'Distinct users with a connection');
  private readonly groups = this.gauge('push_groups', 'Groups with a connection in them');
  private readonly nodes = this.gauge('push_nodes', 'Nodes that the counts speak for');
  private readonly backing = this.gauge('push_backing_up', '1 while what messages live in can be reached, else 0');

  constructor(
    @Inject(PushService) private readonly push: PushService,
    @Inject(PushHealth) private readonly health: PushHealth,
  ) {
    collectDefaultMetrics({ register: this.registry });
  }

  @Get()
  @Header('Content-Type', Registry.PROMETHEUS_CONTENT_TYPE)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Metrics in the Prometheus text format' })
  @ApiProduces('text/plain')
  @ApiOkResponse()
  async scrape(): Promise<string> {
    this.backing.set(this.health.backingState.status === 'up' ? 1 : 0);
    // Without the other nodes there are no counts to give, but the process is there all the same.
    await this.count().catch(() => this.forgetCounts());
    return this.registry.metrics();
  }

  private async count(): Promise<void> {
    const stats = await this.push.stats();
    for (const [transport, count] of Object.entries(stats.connections)) this.connections.set({ transport }, count);
    this.users.set(stats.users);
    this.groups.set(stats.groups);
    this.nodes.set(stats.nodes);
  }

  private forgetCounts(): void {
    for (const gauge of [this.users, this.groups, this.nodes]) gauge.remove();
    // All of its values have a label.
    this.connections.reset();
  }

  private gauge(name: string, help: string, labelNames: string[] = []): Gauge {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }
}
