import type { HeldMembership } from '../backing/memberships.interface.js';
import type { Clock } from '../core/clock.js';
import type { Connection } from '../core/connection.js';
import { MembershipSource } from '../core/connection-registry.js';
import type { ConnectionRegistry } from '../core/connection-registry.js';
import type { MembershipWord } from './membership-word.js';
import { CHANGE_MS } from './node-questions.js';
import type { ResumeService } from './resume.service.js';

/** Puts live connections into the groups that the server holds their users in, and takes them out again. */
export class HeldMembers {
  constructor(
    private readonly registry: ConnectionRegistry,
    private readonly resumes: Pick<ResumeService, 'joined' | 'left'>,
    private readonly clock: Pick<Clock, 'after'>,
  ) {}

  /**
   * From now on the connections are due what comes for the group, and what came for it since the membership began. Where some
   * have to wait for it: resolves when what is sent finds them, or that takes longer than it may.
   */
  join(
    connections: readonly Connection[],
    { group, since }: HeldMembership,
    { lateness }: Pick<MembershipWord, 'lateness'>,
  ): Promise<void> | undefined {
    const waits: Promise<void>[] = [];
    for (const connection of connections) {
      const isNew = !this.registry.isMember(connection, group);
      this.registry.join(connection, group, MembershipSource.Server);
      const wait = isNew ? this.resumes.joined(connection, group, since, lateness) : undefined;
      if (wait) waits.push(wait);
    }
    return waits.length > 0 ? this.waitFor(waits) : undefined;
  }

  /** The membership has ended by itself: own wishes go on. */
  end(userId: string, group: string): void {
    for (const connection of this.registry.ofUser(userId)) this.takeOut(connection, group, MembershipSource.Server);
  }

  /** The server has let go of the user: own wishes end with its membership. */
  letGo(connections: readonly Connection[], group: string): void {
    for (const connection of connections) {
      this.takeOut(connection, group, MembershipSource.Server, MembershipSource.Join);
    }
  }

  /** Connections of the user for which a word of this revision is newer than what was read. */
  newsOf(userId: string, revision: number): readonly Connection[] {
    return this.registry.ofUser(userId).filter(({ membershipsRevision }) => revision > membershipsRevision);
  }

  /** A reader may be as slow as it likes. */
  private async waitFor(waits: readonly Promise<void>[]): Promise<void> {
    let cancel = (): void => {};
    const isOver = new Promise<void>((resolve) => (cancel = this.clock.after(CHANGE_MS, resolve)));
    await Promise.race([Promise.all(waits), isOver]);
    cancel();
  }

  private takeOut(connection: Connection, group: string, ...sources: readonly MembershipSource[]): void {
    if (!this.registry.isMember(connection, group)) return;
    for (const source of sources) this.registry.leave(connection, group, source);
    if (!this.registry.isMember(connection, group)) this.resumes.left(connection, group);
  }
}
