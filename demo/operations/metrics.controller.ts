import { Controller, Get, Header, Inject } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { PushService } from 'nestjs-push';
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

  constructor(@Inject(PushService) private readonly push: PushService) {
    collectDefaultMetrics({ register: this.registry });
  }

  @Get()
  @Header('Content-Type', Registry.PROMETHEUS_CONTENT_TYPE)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Metrics in the Prometheus text format' })
  @ApiProduces('text/plain')
  @ApiOkResponse()
  async scrape(): Promise<string> {
    const stats = await this.push.stats();
    for (const [transport, count] of Object.entries(stats.connections)) this.connections.set({ transport }, count);
    this.users.set(stats.users);
    this.groups.set(stats.groups);
    this.nodes.set(stats.nodes);
    return this.registry.metrics();
  }

  private gauge(name: string, help: string, labelNames: string[] = []): Gauge {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }
}
