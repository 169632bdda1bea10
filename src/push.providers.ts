/** Takes the options and the backing and wires the floors; everything below is a plain class that Nest only holds. */
import { randomBytes } from 'node:crypto';
import type { Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { clockToleranceMsOf } from './auth/auth-options.js';
import { networkOf } from './auth/address-network.js';
import { HostAuthenticator } from './auth/host.authenticator.js';
import { JwtAuthenticator } from './auth/jwt.authenticator.js';
import { PushAuthenticator } from './auth/push-authenticator.js';
import { DenyingAuthorizer, PushAuthorizer } from './auth/push-authorizer.js';
import { RefusingAuthenticator } from './auth/refusing.authenticator.js';
import type { Backing } from './backing/backing.interface.js';
import { systemClock } from './core/clock.js';
import type { Clock } from './core/clock.js';
import { FlushScheduler } from './core/flush-scheduler.js';
import { OpenPipes } from './core/open-pipes.js';
import { Telemetry } from './core/telemetry.js';
import { FailureReport } from './core/failure-report.js';
import { FailureLog } from './failure-log.js';
import { WireDescription } from './documents/wire-description.js';
import { GatewayBridge } from './gateway/gateway-bridge.js';
import { handledEventsIn } from './gateway/push-ws.adapter.js';
import type { PushModuleExtras } from './push-options.interface.js';
import { resolveOptions } from './push-options.resolver.js';
import type { ResolvedPushOptions } from './push-options.resolver.js';
import { backingProviders } from './push.backing.js';
import { applicationProviders } from './push.application-providers.js';
import { PushLifecycle } from './push.lifecycle.js';
import { opsProviders } from './push.ops.js';
import { RAW_PUSH_OPTIONS } from './push.module-definition.js';
import {
  HAS_AUTHENTICATION,
  OUTGOING_CHECK,
  PUSH_BACKING,
  PUSH_CLOCK,
  PUSH_NODE_ID,
  PUSH_OPTIONS,
} from './push.tokens.js';
import { AccessService } from './push/access.service.js';
import { answerNodes } from './push/cluster-operations.js';
import { EventPolicies } from './push/event-policies.js';
import { EventCatalog } from './push/events/event-catalog.js';
import { IncomingCheck } from './push/events/incoming-check.js';
import { OutgoingCheck } from './push/events/outgoing-check.js';
import { MessageStamper } from './push/message-stamper.js';
import { PushService } from './push/push.service.js';
import type { PushServiceParts } from './push/push.service.js';
import { RevocationService } from './push/revocation.service.js';
import { TenantSpaces } from './push/tenant-spaces.js';
import { UserFrameRate } from './push/user-frame-rate.js';
import { REST_LIMITS } from './rest/push-rest-options.interface.js';
import { SEND_BUCKETS } from './rest/send-rate.js';
import { WarningLog } from './warning-log.js';

/** All providers of the module. */
export function createProviders(extras: PushModuleExtras): Provider[] {
  return [...createParts(extras), ...opsProviders, PushLifecycle];
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
    { provide: FailureReport, useExisting: FailureLog },
    { provide: PUSH_NODE_ID, useFactory: () => randomBytes(6).toString('hex') },
    { provide: PushAuthorizer, useClass: authorizer ?? DenyingAuthorizer },
    authenticator ? { provide: PushAuthenticator, useClass: authenticator } : builtInAuthenticator,
    {
      provide: HAS_AUTHENTICATION,
      inject: [PushAuthenticator],
      useFactory: (used: PushAuthenticator) => !(used instanceof RefusingAuthenticator),
    },
    ...backingProviders,
    ...sharedProviders,
    ...eventProviders,
    documentProvider,
    ...tenantProviders,
    ...applicationProviders,
    pushServiceProvider((parts) => new PushService(parts)),
    { provide: REST_LIMITS, useExisting: PUSH_OPTIONS },
    { provide: SEND_BUCKETS, inject: [PUSH_BACKING], useFactory: ({ limits }: Backing) => limits.rates },
    {
      provide: GatewayBridge,
      inject: [Telemetry, FailureLog, OUTGOING_CHECK],
      useFactory: ({ listeners }: Telemetry, { add: onFailure }: FailureLog, outgoing: OutgoingCheck | null) =>
        new GatewayBridge(listeners, onFailure, outgoing ?? undefined),
    },
  ];
}

const builtInAuthenticator: Provider = {
  provide: PushAuthenticator,
  inject: [PUSH_OPTIONS, PUSH_CLOCK],
  useFactory: ({ auth }: ResolvedPushOptions, clock: Clock) =>
    auth?.jwt ? new JwtAuthenticator(auth.jwt, clock, auth.tenantClaim) : new RefusingAuthenticator(),
};

/** Ours has held the claims against the same rules already. */
function trusted(authenticator: PushAuthenticator): PushAuthenticator {
  return authenticator instanceof JwtAuthenticator ? authenticator : new HostAuthenticator(authenticator);
}

/** What is there once, whatever the number of tenants. */
const sharedProviders: Provider[] = [
  {
    provide: OpenPipes,
    inject: [PUSH_OPTIONS],
    useFactory: ({ ipv6PrefixBits }: ResolvedPushOptions) =>
      new OpenPipes((address) => networkOf(address, ipv6PrefixBits)),
  },
  {
    provide: FlushScheduler,
    inject: [PUSH_OPTIONS, Telemetry],
    useFactory: (options: ResolvedPushOptions, { counters }: Telemetry) => new FlushScheduler(options, counters),
  },
  {
    provide: AccessService,
    inject: [PUSH_OPTIONS, PushAuthenticator, PUSH_BACKING, PUSH_CLOCK],
    useFactory: (
      { auth }: ResolvedPushOptions,
      authenticator: PushAuthenticator,
      { revocations }: Backing,
      clock: Clock,
    ) => new AccessService(trusted(authenticator), revocations, clock, clockToleranceMsOf(auth?.jwt)),
  },
];

/** What is known of events, and what their data is held against. */
const eventProviders: Provider[] = [
  {
    provide: EventCatalog,
    inject: [PUSH_OPTIONS],
    useFactory: ({ events }: ResolvedPushOptions) => new EventCatalog(events),
  },
  {
    // null where nothing is to be judged, so that a send pays nothing for it.
    provide: OUTGOING_CHECK,
    inject: [PUSH_OPTIONS, PUSH_CLOCK, EventCatalog],
    useFactory: ({ validateOutgoing }: ResolvedPushOptions, clock: Clock, catalog: EventCatalog) => {
      if (validateOutgoing === false || !catalog.judgesOutgoing) return null;
      const onWarning = new WarningLog(clock).add;
      return new OutgoingCheck({ catalog, onlyWarns: validateOutgoing === 'warn', onWarning });
    },
  },
];

/** What the documents of the wire are made of. */
const documentProvider: Provider = {
  provide: WireDescription,
  inject: [PUSH_OPTIONS, EventCatalog, ModulesContainer],
  useFactory: ({ paths, auth, tickets }: ResolvedPushOptions, catalog: EventCatalog, modules: ModulesContainer) => {
    const tokens = { ...auth, ticketSeconds: tickets.ttlSeconds };
    return new WireDescription(catalog, paths, tokens, () => handledEventsIn(modules));
  },
};

const tenantProviders: Provider[] = [
  {
    provide: TenantSpaces,
    inject: [
      PUSH_OPTIONS,
      PUSH_CLOCK,
      PUSH_NODE_ID,
      PUSH_BACKING,
      FlushScheduler,
      OpenPipes,
      AccessService,
      PushAuthorizer,
      FailureLog,
      Telemetry,
      EventCatalog,
    ],
    useFactory: (
      options: ResolvedPushOptions,
      clock: Clock,
      nodeId: string,
      backing: Backing,
      scheduler: FlushScheduler,
      pipes: OpenPipes,
      access: AccessService,
      authorizer: PushAuthorizer,
      { add: onFailure }: FailureLog,
      telemetry: Telemetry,
      catalog: EventCatalog,
    ) => {
      const stamper = new MessageStamper(clock, nodeId);
      const policies = new EventPolicies(options.events);
      const incoming = new IncomingCheck(catalog, clock, options);
      const frameRate = new UserFrameRate(backing.limits.rates, options);
      const shared = {
        options,
        policies,
        incoming,
        clock,
        nodeId,
        scheduler,
        pipes,
        access,
        authorizer,
        stamper,
        frameRate,
        telemetry,
        onFailure,
      };
      const spaces = new TenantSpaces({ backing, ...shared });
      answerNodes(backing.nodes, spaces);
      return spaces;
    },
  },
  {
    provide: RevocationService,
    inject: [AccessService, TenantSpaces, Telemetry],
    useFactory: (access: AccessService, spaces: TenantSpaces, { listeners }: Telemetry) =>
      new RevocationService(access, spaces, listeners),
  },
];

/** PushService, or a subclass of it, with its parts. */
export function pushServiceProvider(create: (parts: PushServiceParts) => PushService): Provider {
  return {
    provide: PushService,
    inject: [PUSH_OPTIONS, PUSH_CLOCK, TenantSpaces, RevocationService, OUTGOING_CHECK],
    useFactory: (
      limits: ResolvedPushOptions,
      clock: Clock,
      spaces: TenantSpaces,
      revocations: RevocationService,
      outgoing: OutgoingCheck | null,
    ): PushService => {
      const createFor = (tenant: string | undefined): PushService =>
        create({ tenant, create: createFor, spaces, revocations, clock, limits, outgoing: outgoing ?? undefined });
      return createFor(undefined);
    },
  };
}
