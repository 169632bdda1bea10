import type { AudienceFilter, Delivery, LogFollower, LoggedMessage } from '../backing/message-log.interface.js';
import type { OtherNodes } from '../backing/node-link.interface.js';
import type { MatchCount, Target } from '../core/delivery-target.js';
import type { FanOut } from '../core/fan-out.js';
import { OutgoingMessage } from '../core/outgoing-message.js';
import type { Telemetry } from '../core/telemetry.js';
import type { Cursor } from '../protocol/cursor.js';
import type { ClusterReceipts } from './cluster-receipts.js';
import type { EventPolicies } from './event-policies.js';
import type { GroupService } from './group.service.js';
import type { ResumeService } from './resume.service.js';

/** This node, as the log sees it: messages go to its connections, and breaks are mended from the log. */
export class NodeLogFollower implements LogFollower {
  /** Looks at the memberships that are under way or due. */
  private catchUps = 0;

  constructor(
    private readonly fanOut: FanOut,
    private readonly resumes: Pick<ResumeService, 'interrupted' | 'recovered' | 'missed'>,
    private readonly groups: Pick<GroupService, 'catchUp'>,
    private readonly nodes?: Pick<OtherNodes, 'whenCaughtUp'>,
    private readonly receipts?: Pick<ClusterReceipts, 'delivered'>,
    private readonly policies?: EventPolicies,
    private readonly telemetry?: Pick<Telemetry, 'tracer'>,
  ) {}

  deliver(logged: LoggedMessage, target: Target): Delivery {
    const { text, byteLength, cursor, number, partition, ageMs, collapseId, traceparent, endsAtMs } = logged;
    const shedding = this.policies?.sheddingOf(text, target, collapseId);
    const message = new OutgoingMessage(text, cursor, number, partition, shedding, endsAtMs, byteLength);
    const delivery = { message, matched: this.fanOut.deliver(message, target, ageMs) };
    this.receipts?.delivered(delivery, target);
    const { connections } = delivery.matched;
    if (traceparent !== undefined && connections > 0) this.telemetry?.tracer?.queued(traceparent, message, connections);
    return delivery;
  }

  reaches(target: Target): boolean {
    return this.fanOut.reaches(target);
  }

  match(target: Target): MatchCount {
    return this.fanOut.match(target);
  }

  interrupted(place: Cursor, concerns: AudienceFilter): void {
    this.resumes.interrupted(place, concerns);
  }

  /**
   * Memberships come first: what is read is for the groups that a connection is in. What other nodes have said of them
   * is heard before that, so that what is read has the last word.
   */
  recovered(): void {
    // Partitions that come back together share one look at the memberships, and those that come later have one more.
    if (this.catchUps > 0) {
      this.catchUps = 2;
      return;
    }
    this.catchUps = 1;
    void this.catchUp();
  }

  private async catchUp(): Promise<void> {
    for (; this.catchUps > 0; this.catchUps--) {
      do {
        await this.nodes?.whenCaughtUp?.();
        await this.groups.catchUp();
      } while (this.nodes?.whenCaughtUp?.());
      this.resumes.recovered();
    }
  }

  missed(place: Cursor, concerns: AudienceFilter): void {
    this.resumes.missed(place, concerns);
  }
}
