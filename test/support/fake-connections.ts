import { MemoryMessageLog } from '../../src/backing/memory/memory-message-log.js';
import type { Memberships } from '../../src/backing/memberships.interface.js';
import type { MessageLog } from '../../src/backing/message-log.interface.js';
import { Connection } from '../../src/core/connection.js';
import type { Attendance } from '../../src/core/connection-registry.js';
import { ConnectionRegistry } from '../../src/core/connection-registry.js';
import { FanOut } from '../../src/core/fan-out.js';
import { FlushScheduler } from '../../src/core/flush-scheduler.js';
import { OpenPipes } from '../../src/core/open-pipes.js';
import { PushCounters } from '../../src/core/push-counters.js';
import type { Principal } from '../../src/core/principal.js';
import { GroupService } from '../../src/push/group.service.js';
import { NodeLogFollower } from '../../src/push/log-follower.js';
import type { Cursor } from '../../src/protocol/cursor.js';
import type { Envelope } from '../../src/protocol/frames.js';
import { FakeTransport } from '../../src/testing/fake-transport.js';
import { ManualClock } from '../../src/testing/manual-clock.js';

/** A registered connection and the end of its pipe. */
export interface FakePeer {
  readonly connection: Connection;
  readonly transport: FakeTransport;
}

/** What services of floor 3 stand on, without Nest and without sockets, under a clock that stands still. */
export class FakeConnections {
  readonly clock = new ManualClock();
  readonly pipes = new OpenPipes();
  readonly registry: ConnectionRegistry;
  readonly counters = new PushCounters();
  readonly scheduler = new FlushScheduler(
    { maxQueueBytes: 65_536, maxTotalQueueBytes: 1_000_000, flushWindowMs: 0 },
    this.counters,
  );
  readonly fanOut: FanOut;
  /** Groups that connections were put into while they were there, and from where on. */
  readonly joins: { readonly connection: Connection; readonly group: string; readonly since: Cursor | undefined }[] =
    [];
  private serial = 0;

  constructor(attendance?: Attendance) {
    this.registry = new ConnectionRegistry(this.pipes, attendance);
    this.fanOut = new FanOut(this.registry, this.scheduler, this.counters);
  }

  /** Registers a connection; its token lasts an hour and names no group unless the principal says otherwise. */
  connect(userId = '7', principal: Partial<Principal> = {}, transport = new FakeTransport()): FakePeer {
    const nowMs = this.clock.now();
    const serial = ++this.serial;
    const connection = new Connection(
      {
        id: `c${serial}`,
        principal: { userId, groups: [], scopes: [], expiresAtMs: nowMs + 3_600_000, ...principal },
        transport,
        address: '127.0.0.1',
        serial,
        nowMs,
        onClosed: (closed) => this.registry.retire(closed),
      },
      this.scheduler,
    );
    this.registry.add(connection);
    transport.onEnd = () => {
      connection.ended();
      this.registry.remove(connection);
    };
    return { connection, transport };
  }

  /** Has the log deliver to these connections. */
  follow<Log extends MessageLog>(log: Log): Log {
    log.follow(
      new NodeLogFollower(this.fanOut, { interrupted() {}, recovered() {}, missed() {} }, { catchUp: async () => {} }),
    );
    return log;
  }

  /** Memberships of these connections, over a log that hears everything at once. */
  groupsOver(memberships: Memberships, maxGroupsPerConnection: number, isInOneOrder = false): GroupService {
    const { registry, clock } = this;
    const log = new MemoryMessageLog();
    const resumes = {
      joined: (connection: Connection, group: string, since: Cursor | undefined) => {
        this.joins.push({ connection, group, since });
        return undefined;
      },
    };
    return new GroupService({
      memberships,
      registry,
      clock,
      log: { joiningPlace: () => log.joiningPlace(), isInOneOrder },
      resumes: { recovered: () => {}, left: () => {}, ...resumes },
      options: { maxGroupsPerConnection },
    });
  }

  /** What the peer has got, once everything that waits was flushed. */
  receivedBy({ transport }: FakePeer): readonly Envelope[] {
    this.scheduler.flushAll();
    return transport.received;
  }
}
