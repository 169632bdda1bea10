/** Takes the options and the backing and wires the floors; everything below is a plain class that Nest only holds. */
import { randomBytes } from 'node:crypto';
import type { Provider } from '@nestjs/common';
import { ClientAddress } from './auth/client-address.js';
import { DEFAULT_CLOCK_TOLERANCE_SECONDS } from './auth/auth-options.js';
import { JwtAuthenticator } from './auth/jwt.authenticator.js';
import { OriginPolicy } from './auth/origin-policy.js';
import { PushAuthenticator } from './auth/push-authenticator.js';
import { DenyingAuthorizer, PushAuthorizer } from './auth/push-authorizer.js';
import { RefusingAuthenticator } from './auth/refusing.authenticator.js';
import type { Backing } from './backing/backing.interface.js';
import { systemClock } from './core/clock.js';
import type { Clock } from './core/clock.js';
import { ConnectionRegistry } from './core/connection-registry.js';
import { FanOut } from './core/fan-out.js';
import { FlushScheduler } from './core/flush-scheduler.js';
import { Telemetry } from './core/telemetry.js';
import { FailureLog } from './failure-log.js';
import { GatewayBridge } from './gateway/gateway-bridge.js';
import type { PushModuleExtras } from './push-options.interface.js';
import { resolveOptions } from './push-options.resolver.js';
import type { ResolvedPushOptions } from './push-options.resolver.js';
import { backingProviders } from './push.backing.js';
import { applicationProviders, clusterProviders } from './push.application-providers.js';
import { PushLifecycle } from './push.lifecycle.js';
import { RAW_PUSH_OPTIONS } from './push.module-definition.js';
import { PUSH_BACKING, PUSH_CLOCK, PUSH_NODE_ID, PUSH_OPTIONS } from './push.tokens.js';
import { AccessService } from './push/access.service.js';
import { ClusterDirectory } from './push/cluster-directory.js';
import { ClusterReceipts } from './push/cluster-receipts.js';
import { DrainService } from './push/drain.service.js';
import { FrameService } from './push/frame.service.js';
import { GroupService } from './push/group.service.js';
import { HandshakeService } from './push/handshake.service.js';
import { IdempotencyService } from './push/idempotency.service.js';
import { LivenessService } from './push/liveness.service.js';
import { NodeLogFollower } from './push/log-follower.js';
import { MessageStamper } from './push/message-stamper.js';
import { Publisher } from './push/publisher.js';
import { PushService } from './push/push.service.js';
import type { PushServiceParts } from './push/push.service.js';
import { ResumeService } from './push/resume.service.js';
import { RevocationService } from './push/revocation.service.js';
import { SessionService } from './push/session.service.js';
import { REST_LIMITS } from './rest/push-rest-options.interface.js';

/** All providers of the module. */
export function createProviders(extras: PushModuleExtras): Provider[] {
  return [...createParts(extras), PushLifecycle];
}

/** The providers without what ties them to the life of an HTTP application. */
export function createParts({ authorizer, authenticator }: PushModuleExtras): Provider[] {
  return [
    { provide: PUSH_OPTIONS, inject: [RAW_PUSH_OPTIONS], useFactory: resolveOptions },
    { provide: PUSH_CLOCK, useValue: systemClock },
    { provide: Telemetry, useFactory: () => new Telemetry() },
    {
      provide: FailureLog,
      inject: [PUSH_CLOCK, Telemetry],
      useFactory: (clock: Clock, { counters }: Telemetry) => new FailureLog(clock, counters),
    },
    { provide: PUSH_NODE_ID, useFactory: () => randomBytes(6).toString('hex') },
    { provide: PushAuthorizer, useClass: authorizer ?? DenyingAuthorizer },
    authenticator ? { provide: PushAuthenticator, useClass: authenticator } : builtInAuthenticator,
    ...backingProviders,
    ...deliveryProviders,
    ...admissionProviders,
    ...sessionProviders,
    ...clusterProviders,
    ...applicationProviders,
    pushServiceProvider((parts) => new PushService(parts)),
    { provide: REST_LIMITS, useExisting: PUSH_OPTIONS },
    GatewayBridge,
  ];
}

const builtInAuthenticator: Provider = {
  provide: PushAuthenticator,
  inject: [PUSH_OPTIONS, PUSH_CLOCK],
  useFactory: ({ auth }: ResolvedPushOptions, clock: Clock) =>
    auth?.jwt ? new JwtAuthenticator(auth.jwt, clock, auth.tenantClaim) : new RefusingAuthenticator(),
};

const deliveryProviders: Provider[] = [
  { provide: ConnectionRegistry, useFactory: () => new ConnectionRegistry() },
  {
    provide: FlushScheduler,
    inject: [PUSH_OPTIONS, Telemetry],
    useFactory: (options: ResolvedPushOptions, { counters }: Telemetry) => new FlushScheduler(options, counters),
  },
  {
    provide: FanOut,
    inject: [ConnectionRegistry, Telemetry],
    useFactory: (registry: ConnectionRegistry, { counters }: Telemetry) => new FanOut(registry, counters),
  },
  {
    provide: Publisher,
    inject: [
      PUSH_BACKING,
      PUSH_CLOCK,
      PUSH_NODE_ID,
      FanOut,
      FlushScheduler,
      ResumeService,
      GroupService,
      ClusterReceipts,
      Telemetry,
    ],
    useFactory: (
      { log }: Backing,
      clock: Clock,
      nodeId: string,
      fanOut: FanOut,
      scheduler: FlushScheduler,
      resumes: ResumeService,
      groups: GroupService,
      receipts: ClusterReceipts,
      telemetry: Telemetry,
    ) => {
      log.follow(new NodeLogFollower(fanOut, resumes, groups, receipts));
      return new Publisher(new MessageStamper(clock, nodeId), log, scheduler, clock, receipts, telemetry);
    },
  },
];

const admissionProviders: Provider[] = [
  {
    provide: AccessService,
    inject: [PushAuthenticator, PUSH_BACKING, PUSH_CLOCK],
    useFactory: (authenticator: PushAuthenticator, { revocations }: Backing, clock: Clock) =>
      new AccessService(authenticator, revocations, clock),
  },
  {
    provide: RevocationService,
    inject: [AccessService, ConnectionRegistry],
    useFactory: (access: AccessService, registry: ConnectionRegistry) => new RevocationService(access, registry),
  },
  {
    provide: HandshakeService,
    inject: [
      PUSH_OPTIONS,
      PUSH_CLOCK,
      PUSH_BACKING,
      ConnectionRegistry,
      AccessService,
      PushAuthorizer,
      GroupService,
      FailureLog,
      Telemetry,
    ],
    useFactory: (
      options: ResolvedPushOptions,
      clock: Clock,
      { tickets, log }: Backing,
      registry: ConnectionRegistry,
      access: AccessService,
      authorizer: PushAuthorizer,
      groups: GroupService,
      failures: FailureLog,
      telemetry: Telemetry,
    ) =>
      new HandshakeService({
        telemetry,
        registry,
        access,
        groups,
        log,
        tickets,
        authorizer,
        clock,
        clockToleranceMs: clockToleranceMsOf(options),
        options,
        origins: new OriginPolicy(options.origins),
        clientAddress: new ClientAddress(options.trustProxy),
        tokenSources: options.auth ?? {},
        onFailure: failures.add,
      }),
  },
];

const sessionProviders: Provider[] = [
  {
    provide: GroupService,
    inject: [PUSH_BACKING, ConnectionRegistry, PUSH_CLOCK, PUSH_OPTIONS],
    useFactory: ({ memberships }: Backing, registry: ConnectionRegistry, clock: Clock, options: ResolvedPushOptions) =>
      new GroupService(memberships, registry, clock, options),
  },
  {
    provide: FrameService,
    inject: [PUSH_OPTIONS, AccessService, PushAuthorizer, GroupService, Publisher, FailureLog, Telemetry],
    useFactory: (
      limits: ResolvedPushOptions,
      access: AccessService,
      authorizer: PushAuthorizer,
      groups: GroupService,
      publisher: Publisher,
      failures: FailureLog,
      { counters }: Telemetry,
    ) => new FrameService({ access, authorizer, groups, publisher, limits, counters, onFailure: failures.add }),
  },
  {
    provide: SessionService,
    inject: [
      PUSH_OPTIONS,
      PUSH_CLOCK,
      PUSH_BACKING,
      ConnectionRegistry,
      FlushScheduler,
      GroupService,
      FrameService,
      ResumeService,
      Telemetry,
    ],
    useFactory: (
      options: ResolvedPushOptions,
      clock: Clock,
      { log }: Backing,
      registry: ConnectionRegistry,
      scheduler: FlushScheduler,
      groups: GroupService,
      frames: FrameService,
      resumes: ResumeService,
      telemetry: Telemetry,
    ) => new SessionService({ registry, scheduler, groups, log, frames, resumes, clock, options, telemetry }),
  },
  {
    provide: ResumeService,
    inject: [PUSH_BACKING, PUSH_CLOCK, ConnectionRegistry, FlushScheduler, FailureLog, Telemetry],
    useFactory: (
      { log }: Backing,
      clock: Clock,
      registry: ConnectionRegistry,
      scheduler: FlushScheduler,
      failures: FailureLog,
      { counters }: Telemetry,
    ) => new ResumeService({ log, clock, registry, scheduler, counters, onFailure: failures.add }),
  },
  {
    provide: LivenessService,
    inject: [PUSH_OPTIONS, PUSH_CLOCK, ConnectionRegistry, GroupService],
    useFactory: (options: ResolvedPushOptions, clock: Clock, registry: ConnectionRegistry, groups: GroupService) => {
      return new LivenessService({ registry, groups, clock, options, clockToleranceMs: clockToleranceMsOf(options) });
    },
  },
  {
    provide: DrainService,
    inject: [PUSH_OPTIONS, PUSH_CLOCK, ConnectionRegistry, FlushScheduler, HandshakeService, LivenessService],
    useFactory: (
      options: ResolvedPushOptions,
      clock: Clock,
      registry: ConnectionRegistry,
      scheduler: FlushScheduler,
      handshakes: HandshakeService,
      liveness: LivenessService,
    ) => new DrainService({ registry, scheduler, handshakes, liveness, clock, options }),
  },
];

/** PushService, or a subclass of it, with its parts. */
export function pushServiceProvider(create: (parts: PushServiceParts) => PushService): Provider {
  return {
    provide: PushService,
    inject: [
      PUSH_OPTIONS,
      PUSH_CLOCK,
      PUSH_BACKING,
      Publisher,
      ClusterDirectory,
      GroupService,
      IdempotencyService,
      RevocationService,
    ],
    useFactory: (
      limits: ResolvedPushOptions,
      clock: Clock,
      { memberships, nodes }: Backing,
      publisher: Publisher,
      cluster: ClusterDirectory,
      groups: GroupService,
      idempotency: IdempotencyService,
      revocations: RevocationService,
    ) => create({ publisher, cluster, nodes, groups, memberships, idempotency, revocations, clock, limits }),
  };
}

function clockToleranceMsOf({ auth }: ResolvedPushOptions): number {
  return (auth?.jwt?.clockToleranceSeconds ?? DEFAULT_CLOCK_TOLERANCE_SECONDS) * 1000;
}
