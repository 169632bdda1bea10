/** Wires what stands before and around the spaces of tenants: the handshake, the sweep, the end, the transports. */
import type { Provider } from '@nestjs/common';
import { clockToleranceMsOf } from './auth/auth-options.js';
import { ClientAddress } from './auth/client-address.js';
import { OriginPolicy } from './auth/origin-policy.js';
import { PushAuthorizer } from './auth/push-authorizer.js';
import type { Backing } from './backing/backing.interface.js';
import type { Clock } from './core/clock.js';
import { FlushScheduler } from './core/flush-scheduler.js';
import { OpenPipes } from './core/open-pipes.js';
import { UntakenAnswers } from './core/untaken-answers.js';
import { Telemetry } from './core/telemetry.js';
import { FailureLog } from './failure-log.js';
import type { ResolvedPushOptions } from './push-options.resolver.js';
import { PushTransports } from './push.transports.js';
import { PUSH_BACKING, PUSH_CLOCK, PUSH_OPTIONS } from './push.tokens.js';
import { AccessService } from './push/access.service.js';
import { DrainService } from './push/drain.service.js';
import { HandshakeService } from './push/handshake.service.js';
import { LivenessService } from './push/liveness.service.js';
import { TenantSpaces } from './push/tenant-spaces.js';
import { UpstreamService } from './push/upstream.service.js';

const handshakeProvider: Provider = {
  provide: HandshakeService,
  inject: [
    PUSH_OPTIONS,
    PUSH_CLOCK,
    PUSH_BACKING,
    OpenPipes,
    TenantSpaces,
    AccessService,
    PushAuthorizer,
    FailureLog,
    Telemetry,
  ],
  useFactory: (
    options: ResolvedPushOptions,
    clock: Clock,
    { tickets, limits }: Backing,
    pipes: OpenPipes,
    spaces: TenantSpaces,
    access: AccessService,
    authorizer: PushAuthorizer,
    failures: FailureLog,
    telemetry: Telemetry,
  ) =>
    new HandshakeService({
      telemetry,
      pipes,
      spaces,
      access,
      tickets,
      counts: limits.counts,
      authorizer,
      clock,
      clockToleranceMs: clockToleranceMsOf(options.auth?.jwt),
      options,
      origins: new OriginPolicy(options.origins),
      clientAddress: new ClientAddress(options.trustProxy),
      tokenSources: options.auth ?? {},
      onFailure: failures.add,
    }),
};

/** What transports and the life of the application work with. */
export const applicationProviders: Provider[] = [
  handshakeProvider,
  {
    provide: LivenessService,
    inject: [PUSH_OPTIONS, PUSH_CLOCK, TenantSpaces, FlushScheduler],
    useFactory: (options: ResolvedPushOptions, clock: Clock, spaces: TenantSpaces, { waiting }: FlushScheduler) =>
      new LivenessService({ spaces, waiting, clock, options, clockToleranceMs: clockToleranceMsOf(options.auth?.jwt) }),
  },
  {
    provide: DrainService,
    inject: [
      PUSH_OPTIONS,
      PUSH_CLOCK,
      TenantSpaces,
      OpenPipes,
      UntakenAnswers,
      FlushScheduler,
      HandshakeService,
      LivenessService,
      UpstreamService,
    ],
    useFactory: (
      options: ResolvedPushOptions,
      clock: Clock,
      spaces: TenantSpaces,
      pipes: OpenPipes,
      untaken: UntakenAnswers,
      scheduler: FlushScheduler,
      handshakes: HandshakeService,
      liveness: LivenessService,
      upstream: UpstreamService,
    ) => new DrainService({ spaces, pipes, untaken, scheduler, handshakes, liveness, upstream, clock, options }),
  },
  {
    provide: UpstreamService,
    inject: [PUSH_OPTIONS, PUSH_CLOCK, TenantSpaces, FlushScheduler],
    useFactory: (options: ResolvedPushOptions, clock: Clock, spaces: TenantSpaces, scheduler: FlushScheduler) =>
      new UpstreamService({ spaces, scheduler, clock, options }),
  },
  {
    provide: UntakenAnswers,
    inject: [PUSH_OPTIONS],
    useFactory: ({ stallTimeoutMs }: ResolvedPushOptions) => new UntakenAnswers(stallTimeoutMs),
  },
  {
    provide: PushTransports,
    inject: [
      PUSH_OPTIONS,
      PUSH_BACKING,
      PUSH_CLOCK,
      HandshakeService,
      TenantSpaces,
      UpstreamService,
      UntakenAnswers,
      FailureLog,
    ],
    useFactory: (
      options: ResolvedPushOptions,
      { tickets }: Backing,
      clock: Clock,
      handshakes: HandshakeService,
      spaces: TenantSpaces,
      upstream: UpstreamService,
      untaken: UntakenAnswers,
      failures: FailureLog,
    ) =>
      new PushTransports({ handshakes, spaces, upstream, tickets, untaken, clock, options, onFailure: failures.add }),
  },
];
