/**
 * Everything that routes, keeps or lists for one tenant on this node. What is in a space has no way to name anything of
 * another: there is no look-up between them that could be asked with the wrong name. What is bounded for the process as a
 * whole (connections, handshakes, the flush, the sweep, the end) is shared by all spaces.
 */
import type { PushAuthorizer } from '../auth/push-authorizer.js';
import type { TenantStores } from '../backing/backing.interface.js';
import type { Memberships } from '../backing/memberships.interface.js';
import type { MessageLog } from '../backing/message-log.interface.js';
import type { OtherNodes } from '../backing/node-link.interface.js';
import type { Clock } from '../core/clock.js';
import { ConnectionRegistry } from '../core/connection-registry.js';
import { FanOut } from '../core/fan-out.js';
import type { DeliveryOptions, FlushScheduler } from '../core/flush-scheduler.js';
import type { OnFailure } from '../core/failure-report.js';
import type { OpenPipes } from '../core/open-pipes.js';
import type { Telemetry } from '../core/telemetry.js';
import type { AccessService } from './access.service.js';
import { ClusterDirectory } from './cluster-directory.js';
import { ClusterReceipts } from './cluster-receipts.js';
import { ClusterView } from './cluster-view.js';
import { ConnectionDirectory } from './connection-directory.js';
import type { EventPolicies } from './event-policies.js';
import { FirstContact } from './first-contact.js';
import type { IncomingCheck } from './events/incoming-check.js';
import { FrameService } from './frame.service.js';
import type { FrameParts } from './frame.service.js';
import { GroupService } from './group.service.js';
import { Hearing } from './hearing.js';
import type { GroupOptions } from './group.service.js';
import { IdempotencyService } from './idempotency.service.js';
import type { InboundOptions } from './inbound-queue.js';
import type { LivenessOptions } from './liveness.service.js';
import { NodeLogFollower } from './log-follower.js';
import type { MessageStamper } from './message-stamper.js';
import { NodeView } from './node-view.js';
import { PollService } from './poll.service.js';
import { Publisher } from './publisher.js';
import { ResumeService } from './resume.service.js';
import { SessionService } from './session.service.js';
import { StreamFrames } from './stream-frames.js';
import { TenantWatch } from './tenant-watch.js';
import type { UserFrameRate } from './user-frame-rate.js';

/** What all spaces share. */
export interface SharedParts {
  readonly clock: Clock;
  readonly nodeId: string;
  readonly scheduler: FlushScheduler;
  readonly pipes: OpenPipes;
  readonly access: AccessService;
  readonly authorizer: PushAuthorizer;
  readonly stamper: MessageStamper;
  readonly frameRate: UserFrameRate;
  readonly telemetry: Telemetry;
  readonly policies: EventPolicies;
  readonly incoming: IncomingCheck;
  readonly options: Required<GroupOptions & InboundOptions & LivenessOptions & DeliveryOptions> & FrameParts['limits'];
  /** Hears of failures that are our own. */
  readonly onFailure: OnFailure;
}

/** What a space is made of beside that. */
export interface TenantSpaceInit {
  /** Undefined for the default tenant. */
  readonly tenant: string | undefined;
  readonly stores: TenantStores;
  /** The other nodes, as they are asked about this tenant. */
  readonly nodes: OtherNodes;
  /** Nobody is connected and nothing is under way any more. May be told more than once. */
  readonly onIdle: (space: TenantSpace) => void;
}

/** One tenant on this node. */
export class TenantSpace {
  readonly tenant: string | undefined;
  readonly nodes: OtherNodes;
  readonly log: MessageLog;
  readonly memberships: Memberships;
  readonly registry: ConnectionRegistry;
  readonly groups: GroupService;
  readonly publisher: Publisher;
  readonly frames: FrameService;
  readonly sessions: SessionService;
  readonly polls: PollService;
  readonly streams: StreamFrames;
  readonly idempotency: IdempotencyService;
  readonly receipts: ClusterReceipts;
  /** Who is connected to this node. */
  readonly directory: ConnectionDirectory;
  /** Who is connected to any node. */
  readonly cluster: ClusterDirectory;
  readonly access: AccessService;
  /** What an operator sees of the tenant on this node. */
  readonly view: NodeView;
  /** The same on all nodes. */
  readonly clusterView: ClusterView;
  private readonly onIdle: (space: TenantSpace) => void;
  private readonly contact: FirstContact | undefined;
  private underWay = 0;

  constructor({ tenant, stores, nodes, onIdle }: TenantSpaceInit, shared: SharedParts) {
    const { clock, nodeId, scheduler, access, authorizer, telemetry, options, onFailure } = shared;
    const { counters } = telemetry;
    const { log, memberships } = stores;
    this.tenant = tenant;
    this.access = access;
    this.nodes = nodes;
    this.log = log;
    this.memberships = memberships;
    this.onIdle = onIdle;
    const registry = new ConnectionRegistry(shared.pipes, log);
    const fanOut = new FanOut(registry, scheduler, counters);
    const watch = new TenantWatch(registry, fanOut, clock);
    const hearing = new Hearing({ log, registry, nodes });
    const resumes = new ResumeService({ log, registry, scheduler, clock, counters, onFailure, hearing });
    this.registry = registry;
    this.idempotency = new IdempotencyService(stores.idempotency);
    this.groups = new GroupService({ memberships, registry, clock, log, nodes, resumes, options });
    this.receipts = new ClusterReceipts(nodes, fanOut, clock);
    const follower = new NodeLogFollower(
      fanOut,
      resumes,
      this.groups,
      nodes,
      this.receipts,
      shared.policies,
      telemetry,
    );
    this.contact = log.isFollowing ? undefined : new FirstContact(follower, clock);
    log.follow(this.contact ?? follower);
    this.publisher = new Publisher(shared.stamper, log, scheduler, clock, this.receipts, telemetry, tenant, watch);
    const { groups, publisher } = this;
    const { frameRate, incoming } = shared;
    const framesWith = { access, authorizer, groups, resumes, publisher, frameRate, incoming, telemetry, onFailure };
    this.frames = new FrameService({ ...framesWith, clock, limits: options });
    const { frames } = this;
    const onEmpty = () => this.tellIfIdle();
    const parts = { registry, scheduler, groups, frames, resumes, clock, options, telemetry, watch, onEmpty };
    this.sessions = new SessionService(parts);
    const { sessions } = this;
    this.polls = new PollService({ sessions, registry, log, clock, options, counters, onFailure, hearing });
    this.streams = new StreamFrames(registry, this.sessions);
    this.directory = new ConnectionDirectory(registry, clock, nodeId, telemetry.listeners);
    const { directory } = this;
    this.cluster = new ClusterDirectory(nodes, directory);
    this.view = new NodeView({ nodeId, tenant, registry, fanOut, directory, watch });
    this.clusterView = new ClusterView(nodes, this.view, directory);
  }

  /**
   * Resolves when this node hears messages of the tenant for the first time, or that takes too long; undefined once it is
   * so. A connection that came before would be told of a gap that is none.
   */
  get started(): Promise<void> | undefined {
    return this.log.isFollowing || this.contact?.isMade ? undefined : this.contact?.made;
  }

  /** Whether nobody is connected and nothing is under way. */
  get isIdle(): boolean {
    return this.underWay === 0 && this.registry.pipeCount === 0;
  }

  /** Something is under way that needs the space: it is kept until as many calls of {@link leave} have come. */
  enter(): void {
    this.underWay++;
  }

  leave(): void {
    this.underWay--;
    this.tellIfIdle();
  }

  private tellIfIdle(): void {
    if (this.isIdle) this.onIdle(this);
  }
}
