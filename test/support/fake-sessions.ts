import { DenyingAuthorizer } from '../../src/auth/push-authorizer.js';
import { PushAuthenticator } from '../../src/auth/push-authenticator.js';
import { MemoryMemberships } from '../../src/backing/memory/memory-memberships.js';
import { MemoryRevocationList } from '../../src/backing/memory/memory-revocation-list.js';
import type { MessageLog } from '../../src/backing/message-log.interface.js';
import type { Principal } from '../../src/core/principal.js';
import { AccessService } from '../../src/push/access.service.js';
import type { Admission } from '../../src/push/admission.js';
import { FrameService } from '../../src/push/frame.service.js';
import { HeldGroups } from '../../src/push/held-groups.js';
import { Hearing } from '../../src/push/hearing.js';
import { GroupService } from '../../src/push/group.service.js';
import type { InboundOptions } from '../../src/push/inbound-queue.js';
import type { LivenessOptions } from '../../src/push/liveness.service.js';
import { MessageStamper } from '../../src/push/message-stamper.js';
import { Publisher } from '../../src/push/publisher.js';
import { ResumeService } from '../../src/push/resume.service.js';
import { SessionService } from '../../src/push/session.service.js';
import type { FakeConnections } from './fake-connections.js';

class NoTokens extends PushAuthenticator {
  override async authenticate(): Promise<undefined> {
    return undefined;
  }
}

/** Limits of sessions that tests have in mind. */
export const SESSION_OPTIONS: Required<InboundOptions & LivenessOptions> = {
  maxFramesPerSecond: 10,
  maxWaitingFrames: 4,
  maxFrameBytes: 65_536,
  heartbeatMs: 25_000,
  heartbeatTimeoutMs: 10_000,
  expiringNoticeMs: 60_000,
  stallTimeoutMs: 30_000,
};

/** The services that open connections and carry out their frames, over fake connections. */
export class FakeSessions {
  readonly resumes: ResumeService;
  readonly groups: GroupService;
  readonly frames: FrameService;
  readonly sessions: SessionService;
  /** What went wrong on our own side. */
  readonly failures: unknown[] = [];

  constructor(
    private readonly fakes: FakeConnections,
    log: MessageLog,
  ) {
    const { registry, scheduler, clock } = fakes;
    const onFailure = (cause: unknown) => void this.failures.push(cause);
    const hearing = new Hearing({ log, registry });
    this.resumes = new ResumeService({ log, hearing, registry, scheduler, clock, onFailure });
    const { resumes } = this;
    const options = { maxGroupsPerConnection: 10 };
    this.groups = new GroupService({ memberships: new MemoryMemberships(), registry, clock, log, resumes, options });
    this.frames = new FrameService({
      access: new AccessService(new NoTokens(), new MemoryRevocationList({}, clock), clock, 5_000),
      authorizer: new DenyingAuthorizer(),
      groups: this.groups,
      resumes,
      publisher: new Publisher(new MessageStamper(clock, 'n'), fakes.follow(log), scheduler, clock),
      limits: { maxPayloadBytes: 65_536, authTimeoutMs: 5_000 },
      clock,
      onFailure,
    });
    const { groups, frames } = this;
    this.sessions = new SessionService({
      registry,
      scheduler,
      groups,
      frames,
      resumes,
      clock,
      options: SESSION_OPTIONS,
    });
  }

  /** What the handshake of user 7 comes to, unless it says otherwise; its token lasts an hour. */
  admission(principal: Partial<Principal> = {}, rest: Partial<Admission> = {}): Admission {
    const expiresAtMs = this.fakes.clock.now() + 3_600_000;
    return {
      type: 'admitted',
      principal: { userId: '7', groups: [], scopes: [], expiresAtMs, ...principal },
      address: '127.0.0.1',
      cursor: undefined,
      heldGroups: HeldGroups.of('7', { held: [], revision: 0 }),
      grantedGroups: [],
      refusedGroups: [],
      ...rest,
    };
  }
}
