/**
 * Ties the parts to the life of the application.
 *
 * Nest starts gateways and HTTP before it calls the hooks, so handshakes are answered 503 until `onApplicationBootstrap`.
 * At the end `onModuleDestroy` only stops new handshakes, because other services still send in theirs; connections end
 * in `beforeApplicationShutdown`, while their sockets still live; the rest is freed in `onApplicationShutdown`.
 */
import { Inject, Injectable, Logger } from '@nestjs/common';
import type {
  BeforeApplicationShutdown,
  OnApplicationBootstrap,
  OnApplicationShutdown,
  OnModuleDestroy,
  OnModuleInit,
} from '@nestjs/common';
import { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import type { Backing } from './backing/backing.interface.js';
import { GatewayBridge } from './gateway/gateway-bridge.js';
import { assertAdapterInstalled } from './gateway/push-ws.adapter.js';
import { PushError } from './core/push-error.js';
import { FailureLog } from './failure-log.js';
import { Telemetry } from './core/telemetry.js';
import { ConnectionLog } from './ops/connection-log.js';
import { LifecycleDispatcher } from './ops/lifecycle-dispatcher.js';
import { findLifecycleHandlers } from './ops/lifecycle-handlers.js';
import { findTracer } from './ops/open-telemetry.js';
import { mountMetrics } from './ops/metrics.route.js';
import { PushMetrics } from './ops/push-metrics.js';
import type { ResolvedPushOptions } from './push-options.resolver.js';
import { controlOf } from './push.console.js';
import { HAS_AUTHENTICATION, PUSH_BACKING, PUSH_OPTIONS } from './push.tokens.js';
import { DrainService } from './push/drain.service.js';
import { HandshakeService } from './push/handshake.service.js';
import { LivenessService } from './push/liveness.service.js';
import { TenantSpaces } from './push/tenant-spaces.js';
import { UpstreamService } from './push/upstream.service.js';
import { PushTransports } from './push.transports.js';

/** Starts and ends the module with its application. */
@Injectable()
export class PushLifecycle
  implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown, OnApplicationShutdown
{
  private readonly logger = new Logger('PushModule');

  constructor(
    @Inject(HttpAdapterHost) private readonly http: HttpAdapterHost,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(PUSH_OPTIONS) private readonly options: ResolvedPushOptions,
    @Inject(PUSH_BACKING) private readonly backing: Backing,
    @Inject(GatewayBridge) private readonly bridge: GatewayBridge,
    @Inject(TenantSpaces) private readonly spaces: TenantSpaces,
    @Inject(HandshakeService) private readonly handshakes: HandshakeService,
    @Inject(LivenessService) private readonly liveness: LivenessService,
    @Inject(DrainService) private readonly drain: DrainService,
    @Inject(UpstreamService) private readonly upstream: UpstreamService,
    @Inject(PushTransports) private readonly transports: PushTransports,
    @Inject(PushMetrics) private readonly metrics: PushMetrics,
    @Inject(Telemetry) private readonly telemetry: Telemetry,
    @Inject(LifecycleDispatcher) private readonly dispatcher: LifecycleDispatcher,
    @Inject(ConnectionLog) private readonly connectionLog: ConnectionLog,
    @Inject(FailureLog) private readonly failures: FailureLog,
    @Inject(HAS_AUTHENTICATION) private readonly hasAuthentication: boolean,
  ) {
    // Not in a hook: on Fastify the routes of the second one would be in the way before.
    assertAlone(modules);
  }

  async onModuleInit(): Promise<void> {
    try {
      await this.start();
    } catch (error) {
      // Nest calls no hook of the end where a start fails, and the registry may be the host's.
      this.metrics.stop();
      throw error;
    }
  }

  onApplicationBootstrap(): void {
    this.handshakes.accept();
    this.liveness.start();
  }

  onModuleDestroy(): void {
    this.drain.begin();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.drain.finish();
    await this.dispatcher.settled();
    this.upstream.stop();
  }

  async onApplicationShutdown(): Promise<void> {
    this.transports.detach();
    this.metrics.stop();
    this.spaces.end();
    await this.backing.close();
  }

  private async start(): Promise<void> {
    // Undefined in an application context, where the module only sends.
    const adapter = this.http.httpAdapter;
    if (adapter) assertAdapterInstalled(this.bridge, this.modules);
    this.spaces.hostHandlers = this.bridge;
    this.spaces.control = controlOf(this.backing, this.drain, this.failures.add);
    await this.metrics.start();
    const { listeners } = this.telemetry;
    if (this.options.tracing) this.telemetry.tracer = await findTracer();
    this.dispatcher.listen(listeners, findLifecycleHandlers(this.modules));
    this.connectionLog.listen(listeners, this.options);
    // Hooks of modules that use this one come later, so that they can send in theirs.
    await this.backing.whenStarted();
    if (!adapter) return;
    this.transports.attach(adapter);
    const { paths, backing, metrics } = this.options;
    if (metrics && metrics.path !== false) mountMetrics(adapter, metrics.path, this.metrics, this.failures.add);
    const { ws, sse, poll } = paths;
    this.logger.log(`WebSocket on ${ws}, SSE on ${sse}, long polls on ${poll}, messages kept in ${backing.name}`);
    if (!this.hasAuthentication)
      this.logger.warn('Nobody can connect: no token can be judged without auth.jwt or an authenticator.');
  }
}

/** Two of them would share the paths and the server, and which one a service is injected from would be chance. */
function assertAlone(modules: ModulesContainer): void {
  const those = [...modules.values()].filter(({ providers }) => providers.has(PushLifecycle));
  if (those.length < 2) return;
  throw new PushError(
    'PUSH_ERR_INVALID_OPTION',
    `PushModule is in this application ${those.length} times. Call forRoot or forRootAsync once, in the root module: ` +
      'PushService can then be injected everywhere',
  );
}
