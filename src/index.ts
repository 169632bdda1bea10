/** The public API. What is not named here is internal. */
export { PushModule } from './push.module.js';
export type { PushModuleExtras, PushModuleOptions, PushPaths } from './push-options.interface.js';
export { PushService } from './push/push.service.js';
export { PushHealth } from './push/push-health.js';
export type { PushReadiness } from './push/push-health.js';
export { PushHealthIndicator } from './ops/push-health.indicator.js';
export type { PushHealthResult } from './ops/push-health.indicator.js';
export { OnPush } from './ops/on-push.decorator.js';
export type {
  ConnectedEvent,
  DisconnectedEvent,
  KickedEvent,
  PushLifecycleEventName,
  PushLifecycleEvents,
  RefusedEvent,
  SentEvent,
} from './core/lifecycle-events.js';
export { PushMetrics } from './ops/push-metrics.js';
export type { MetricsOptions, MetricsRegistry } from './ops/metrics-options.interface.js';
export type {
  ConnectionFilter,
  DisconnectOptions,
  DisconnectOutcome,
  Membership,
  MembershipOptions,
  Page,
  PageRequest,
  Presence,
  PushReceipt,
  PushStats,
  Revocation,
  SendArguments,
  SendOptions,
  SendRequest,
} from './push/push-types.js';
export type { ConnectionInfo } from './protocol/connection-info.js';
export { PushEvent, definePushEvent } from './push/push-event.decorator.js';
export type { EventDirection, PushEventDeclaration } from './push/push-event.decorator.js';
export type { EventRef, EventRefData, PushEventsOf } from './push/events/event-ref.js';
export type { StandardSchema } from './push/events/standard-schema.js';
export { pushAsyncApi, pushOpenApi } from './documents/push-documents.js';
export type { AsyncApiDocument, AsyncApiOptions } from './documents/async-api.js';
export type { OpenApiDocument } from './documents/open-api.js';
export type { SlowReaderAction } from './core/slow-reader-policy.js';
export type { EventData, EventName, PushEvents } from './protocol/push-events.js';
export type { Exclusion, MatchCount, Target, TargetAll, TargetSome } from './core/delivery-target.js';

export { PushGateway } from './gateway/push-gateway.decorator.js';
export { PushUser } from './gateway/push-user.decorator.js';
export { PushConnection } from './gateway/push-connection.js';
export { PushWsAdapter } from './gateway/push-ws.adapter.js';

export { AccessService } from './push/access.service.js';
export { PushAuthenticator } from './auth/push-authenticator.js';
export { DenyingAuthorizer, PushAuthorizer } from './auth/push-authorizer.js';
export type { ClientTarget } from './auth/push-authorizer.js';
export type { JwksOptions, JwtOptions, PushAuthOptions } from './auth/auth-options.interface.js';
export type { TrustProxy } from './auth/client-address.js';
export type { JwtAlgorithm } from './auth/jwt-algorithms.js';
export type { Principal } from './core/principal.js';

export { PushApiGuard } from './rest/push-api.guard.js';
export { pushProblem } from './rest/push-problem.js';
export type { PushProblem } from './rest/push-problem.js';
export type { PushRestOptions } from './rest/push-rest-options.interface.js';
export type { PushConsoleOptions } from './console/console-options.interface.js';

export { memory } from './backing/memory/memory-backing.js';
export type { BackingFactory, BackingState } from './backing/backing.interface.js';

export { PushError } from './core/push-error.js';
export type { PushErrorCode, PushErrorDetail } from './core/push-error.js';
export { CloseCode } from './protocol/close-codes.js';
export { ErrorCode } from './protocol/error-codes.js';
