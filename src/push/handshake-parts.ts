import type { OnFailure } from '../core/failure-report.js';
import type { PaceOptions } from './admission-pace.js';
import type { ClientAddress } from '../auth/client-address.js';
import type { OriginPolicy } from '../auth/origin-policy.js';
import type { PushAuthorizer } from '../auth/push-authorizer.js';
import type { TokenSources } from '../auth/token-extractor.js';
import type { ConnectionCounts } from '../backing/shared-limits.interface.js';
import type { TicketStore } from '../backing/ticket-store.interface.js';
import type { Clock } from '../core/clock.js';
import type { Telemetry } from '../core/telemetry.js';
import type { AccessService } from './access.service.js';
import type { CountedPipes } from './connection-limits.js';
import type { GroupOptions } from './group.service.js';
import type { TenantSpace } from './tenant-space.js';

/** What the number of connections is bounded by. */
export interface AdmissionOptions {
  /** Most connections of this process; past it 503. @default 20_000 */
  readonly maxConnections?: number;
  /** Most connections of one user, on all nodes together; past it 429. @default 100 */
  readonly maxPerUser?: number;
  /** Most connections from one address, on all nodes together; past it 429. 0: no limit. @default 0 */
  readonly maxPerIp?: number;
  /**
   * Bits of an IPv6 address that say whom `maxPerIp` counts it for: the network that a household or a server is given, in
   * which it picks addresses as it likes. 128: each address by itself.
   * @default 64
   */
  readonly ipv6PrefixBits?: number;
  /** Most handshakes that are being checked at the same time; past it 503. @default 1_000 */
  readonly maxPendingHandshakes?: number;
  /** Longest time for the checks of one handshake in milliseconds; past it 503. @default 5_000 */
  readonly authTimeoutMs?: number;
}

/** What the pipeline asks of the space of the bearer's tenant. */
export type HandshakeSpace = Pick<TenantSpace, 'leave'> & {
  readonly started?: TenantSpace['started'];
  readonly registry: Pick<TenantSpace['registry'], 'ofUser'>;
  readonly groups: Pick<TenantSpace['groups'], 'expect' | 'isSilent'>;
  readonly log: Pick<TenantSpace['log'], 'isFollowing'>;
};

/** What the pipeline works with. */
export interface HandshakeParts {
  readonly pipes: CountedPipes;
  /** A space is kept until the place of the handshake is given back. */
  readonly spaces: { enter(tenant: string | undefined): HandshakeSpace };
  readonly access: AccessService;
  readonly tickets: TicketStore;
  readonly counts: ConnectionCounts;
  readonly authorizer: PushAuthorizer;
  readonly origins: OriginPolicy;
  readonly clientAddress: ClientAddress;
  readonly tokenSources: TokenSources;
  readonly clock: Clock;
  /** How far the clocks of issuer and server may be apart; a token lasts so much longer. */
  readonly clockToleranceMs: number;
  readonly options: Required<AdmissionOptions & PaceOptions & GroupOptions>;
  /** Hears of checks that failed for a reason of our own. */
  readonly onFailure: OnFailure;
  readonly telemetry?: Telemetry | undefined;
}
