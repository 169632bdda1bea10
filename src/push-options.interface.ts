import type { ModuleMetadata, Type } from '@nestjs/common';
import type { PushAuthOptions } from './auth/auth-options.interface.js';
import type { TrustProxy } from './auth/client-address.js';
import type { PushAuthenticator } from './auth/push-authenticator.js';
import type { PushAuthorizer } from './auth/push-authorizer.js';
import type { BackingFactory } from './backing/backing.interface.js';
import type { IdempotencyLimits } from './backing/idempotency-store.interface.js';
import type { MessageLogLimits } from './backing/message-log.interface.js';
import type { RevocationLimits } from './backing/revocation-list.interface.js';
import type { TicketLimits } from './backing/ticket-store.interface.js';
import type { PushConsoleOptions } from './console/console-options.interface.js';
import type { DeliveryOptions } from './core/flush-scheduler.js';
import type { ConnectionLogOptions } from './ops/connection-log.js';
import type { LifecycleLimits } from './ops/lifecycle-dispatcher.js';
import type { TracingOptions } from './ops/open-telemetry.js';
import type { MetricsOptions } from './ops/metrics-options.interface.js';
import type { PaceOptions } from './push/admission-pace.js';
import type { DrainOptions } from './push/drain.service.js';
import type { EventOptions } from './push/event-declarations.js';
import type { GroupOptions } from './push/group.service.js';
import type { AdmissionOptions } from './push/handshake-parts.js';
import type { InboundOptions } from './push/inbound-queue.js';
import type { LivenessOptions } from './push/liveness.service.js';
import type { UpstreamOptions } from './push/upstream.service.js';
import type { SendLimits } from './push/send-validation.js';
import type { TenantLimits } from './push/tenant-spaces.js';
import type { UserFrameOptions } from './push/user-frame-rate.js';
import type { PushRestOptions, TargetLimits } from './rest/push-rest-options.interface.js';

/** Where the transports are, absolute, outside of any global prefix and versioning. */
export interface PushPaths {
  /** WebSocket connections. @default '/push/ws' */
  readonly ws?: string;
  /** Server-sent events. @default '/push/sse' */
  readonly sse?: string;
  /** Long polls. @default '/push/poll' */
  readonly poll?: string;
  /** Frames of clients that have no WebSocket. @default '/push/upstream' */
  readonly upstream?: string;
  /** The handshake as a dry run. @default '/push/handshake' */
  readonly handshake?: string;
  /** Tickets. @default '/push/ticket' */
  readonly ticket?: string;
}

/** Everything a host can say about the module; docs/options.md lists the same. */
export interface PushModuleOptions
  extends
    AdmissionOptions,
    PaceOptions,
    GroupOptions,
    InboundOptions,
    UserFrameOptions,
    UpstreamOptions,
    LivenessOptions,
    DeliveryOptions,
    EventOptions,
    MessageLogLimits,
    SendLimits,
    TargetLimits,
    TenantLimits,
    DrainOptions,
    LifecycleLimits,
    ConnectionLogOptions,
    TracingOptions {
  /** How tokens are checked. Without it, and without an authenticator of the host's own, nobody can connect. */
  readonly auth?: PushAuthOptions;
  /**
   * Origins that browsers may connect from besides the application's own: exact, or `https://*.shop.example`.
   * @default []
   */
  readonly origins?: readonly string[];
  /**
   * Which proxies' forwarded headers are believed: none, so many hops, or those from these networks (CIDR).
   * @default false
   */
  readonly trustProxy?: TrustProxy;
  readonly paths?: PushPaths;
  /** What the log, memberships and the rest live in. @default memory, this process alone */
  readonly backing?: BackingFactory;
  /** How idempotency keys are kept. */
  readonly idempotency?: IdempotencyLimits;
  /** How revocations of tokens are kept. */
  readonly revocations?: RevocationLimits;
  /** How tickets are kept. */
  readonly tickets?: TicketLimits;
  /** Metrics for Prometheus, which need `prom-client`. @default false */
  readonly metrics?: false | MetricsOptions;
}

/** What must be known before the options of a factory are: given synchronously beside it. */
export interface PushModuleExtras {
  /** Whether PushService can be injected everywhere without importing the module. @default true */
  readonly isGlobal?: boolean;
  /** Modules whose providers the authorizer, the authenticator and the guards of REST need. @default [] */
  readonly imports?: NonNullable<ModuleMetadata['imports']>;
  /** The REST interface, or false for none. @default {} */
  readonly rest?: false | PushRestOptions;
  /** The admin console, or false for none. @default false */
  readonly console?: false | PushConsoleOptions;
  /** Decides what clients may join and send to. @default a class that allows nothing */
  readonly authorizer?: Type<PushAuthorizer> | undefined;
  /** Says who a token belongs to, in place of the JWT verification of `auth.jwt`. */
  readonly authenticator?: Type<PushAuthenticator> | undefined;
}
