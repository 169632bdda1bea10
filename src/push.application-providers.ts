/** Wires what stands on sessions and delivery: the cluster's view of connections, polls, frames by request, REST's keys. */
import type { Provider } from '@nestjs/common';
import type { Backing } from './backing/backing.interface.js';
import type { Clock } from './core/clock.js';
import { ConnectionRegistry } from './core/connection-registry.js';
import { FanOut } from './core/fan-out.js';
import { FlushScheduler } from './core/flush-scheduler.js';
import { Telemetry } from './core/telemetry.js';
import { FailureLog } from './failure-log.js';
import type { ResolvedPushOptions } from './push-options.resolver.js';
import { PushTransports } from './push.transports.js';
import { PUSH_BACKING, PUSH_CLOCK, PUSH_NODE_ID, PUSH_OPTIONS } from './push.tokens.js';
import { ClusterDirectory } from './push/cluster-directory.js';
import { answerNodes } from './push/cluster-operations.js';
import { ClusterReceipts } from './push/cluster-receipts.js';
import { ConnectionDirectory } from './push/connection-directory.js';
import { FrameService } from './push/frame.service.js';
import { GroupService } from './push/group.service.js';
import { HandshakeService } from './push/handshake.service.js';
import { IdempotencyService } from './push/idempotency.service.js';
import { PollService } from './push/poll.service.js';
import { SessionService } from './push/session.service.js';
import { StreamFrames } from './push/stream-frames.js';
import { UpstreamService } from './push/upstream.service.js';

/** What nodes ask of each other. */
export const clusterProviders: Provider[] = [
  {
    provide: ClusterReceipts,
    inject: [PUSH_BACKING, FanOut, PUSH_CLOCK],
    useFactory: ({ nodes }: Backing, fanOut: FanOut, clock: Clock) => new ClusterReceipts(nodes, fanOut, clock),
  },
  {
    provide: StreamFrames,
    inject: [ConnectionRegistry, SessionService],
    useFactory: (registry: ConnectionRegistry, sessions: SessionService) => new StreamFrames(registry, sessions),
  },
  {
    provide: ClusterDirectory,
    inject: [PUSH_BACKING, ConnectionDirectory, ClusterReceipts, GroupService, StreamFrames],
    useFactory: (
      { nodes }: Backing,
      directory: ConnectionDirectory,
      receipts: ClusterReceipts,
      groups: GroupService,
      streams: StreamFrames,
    ) => {
      answerNodes(nodes, { directory, receipts, groups, streams });
      return new ClusterDirectory(nodes, directory);
    },
  },
];

/** What transports and PushService work with beside sessions. */
export const applicationProviders: Provider[] = [
  {
    provide: PollService,
    inject: [PUSH_OPTIONS, PUSH_CLOCK, PUSH_BACKING, ConnectionRegistry, SessionService, FailureLog, Telemetry],
    useFactory: (
      options: ResolvedPushOptions,
      clock: Clock,
      { log }: Backing,
      registry: ConnectionRegistry,
      sessions: SessionService,
      failures: FailureLog,
      { counters }: Telemetry,
    ) => new PollService({ sessions, registry, log, clock, options, counters, onFailure: failures.add }),
  },
  {
    provide: UpstreamService,
    inject: [PUSH_OPTIONS, PUSH_CLOCK, PUSH_BACKING, StreamFrames, FlushScheduler, FrameService],
    useFactory: (
      options: ResolvedPushOptions,
      clock: Clock,
      { nodes }: Backing,
      streams: StreamFrames,
      scheduler: FlushScheduler,
      frames: FrameService,
    ) => new UpstreamService({ streams, nodes, scheduler, frames, clock, options }),
  },
  {
    provide: PushTransports,
    inject: [PUSH_OPTIONS, PUSH_BACKING, HandshakeService, SessionService, PollService, UpstreamService, FailureLog],
    useFactory: (
      options: ResolvedPushOptions,
      { tickets }: Backing,
      handshakes: HandshakeService,
      sessions: SessionService,
      polls: PollService,
      upstream: UpstreamService,
      failures: FailureLog,
    ) => new PushTransports({ handshakes, sessions, polls, upstream, tickets, options, onFailure: failures.add }),
  },
  {
    provide: IdempotencyService,
    inject: [PUSH_BACKING],
    useFactory: ({ idempotency }: Backing) => new IdempotencyService(idempotency),
  },
  {
    provide: ConnectionDirectory,
    inject: [ConnectionRegistry, PUSH_CLOCK, PUSH_NODE_ID],
    useFactory: (registry: ConnectionRegistry, clock: Clock, nodeId: string) =>
      new ConnectionDirectory(registry, clock, nodeId),
  },
];
