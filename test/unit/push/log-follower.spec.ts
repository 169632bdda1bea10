import { beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryMemberships } from '../../../src/backing/memory/memory-memberships.js';
import { GroupService } from '../../../src/push/group.service.js';
import { Hearing } from '../../../src/push/hearing.js';
import { NodeLogFollower } from '../../../src/push/log-follower.js';
import { ResumeService } from '../../../src/push/resume.service.js';
import { FakeConnections } from '../../support/fake-connections.js';
import { at, ScriptedLog, turn } from '../../support/scripted-log.js';

/** A door that is shut until the test opens it. */
class Door {
  private isShut = false;
  private opened = Promise.resolve();
  private letGo = (): void => {};

  shut(): void {
    this.isShut = true;
    this.opened = new Promise((resolve) => (this.letGo = resolve));
  }

  async open(): Promise<void> {
    this.isShut = false;
    this.letGo();
    await turn();
  }

  /** Resolves when it is open; undefined where it is. */
  wait(): Promise<void> | undefined {
    return this.isShut ? this.opened : undefined;
  }
}

/** Whether what other nodes have said is carried out, and what memberships are is read. */
let words: Door;
let reads: Door;

beforeEach(() => {
  words = new Door();
  reads = new Door();
});

describe('a node that hears again', () => {
  let done: string[];
  let follower: NodeLogFollower;

  beforeEach(() => {
    done = [];
    const resumes = { interrupted() {}, missed() {}, recovered: () => void done.push('messages') };
    const catchUp = async () => {
      done.push('memberships begin');
      await reads.wait();
      done.push('memberships');
    };
    const { fanOut } = new FakeConnections();
    follower = new NodeLogFollower(fanOut, resumes, { catchUp }, { whenCaughtUp: () => words.wait() });
  });

  it('carries out what was kept for it, then reads memberships, then messages', async () => {
    for (const door of [words, reads]) door.shut();
    follower.recovered();
    await turn();
    expect(done).toEqual([]);
    await words.open();
    expect(done).toEqual(['memberships begin']);
    await reads.open();
    expect(done).toEqual(['memberships begin', 'memberships', 'messages']);
  });

  it('does so anew before any message where it was deaf again meanwhile', async () => {
    reads.shut();
    follower.recovered();
    await turn();
    words.shut();
    await reads.open();
    expect(done).toEqual(['memberships begin', 'memberships']);
    await words.open();
    expect(done.slice(2)).toEqual(['memberships begin', 'memberships', 'messages']);
  });

  it('looks once more for all parts that come back while it does', async () => {
    reads.shut();
    for (let time = 0; time < 3; time++) follower.recovered();
    await turn();
    await reads.open();
    expect(done.filter((step) => step === 'messages')).toHaveLength(2);
    expect(done.at(-1)).toBe('messages');
  });
});

/** Over memberships that are read when the test says so, and messages likewise. */
describe('a member of whose group others have said something meanwhile', () => {
  const KEPT = { lateness: 'overtaken' as const, revision: Number.POSITIVE_INFINITY };
  let fakes: FakeConnections;
  let log: ScriptedLog;
  let groups: GroupService;
  let follower: NodeLogFollower;
  let membershipReads: number;

  beforeEach(() => {
    fakes = new FakeConnections();
    log = new ScriptedLog();
    membershipReads = 0;
    const { registry, scheduler, clock, fanOut } = fakes;
    const kept = new MemoryMemberships(clock);
    const memberships = {
      add: kept.add.bind(kept),
      remove: kept.remove.bind(kept),
      ofGroup: kept.ofGroup.bind(kept),
      ofUser: async (userId: string) => {
        membershipReads++;
        await reads.wait();
        return kept.ofUser(userId);
      },
    };
    const nodes = { whenCaughtUp: () => words.wait() };
    const hearing = new Hearing({ log, registry, nodes });
    const resumes = new ResumeService({ log, hearing, registry, scheduler, clock, onFailure: () => {} });
    groups = new GroupService({
      memberships,
      registry,
      clock,
      log,
      nodes,
      resumes,
      options: { maxGroupsPerConnection: 10 },
    });
    follower = new NodeLogFollower(fanOut, resumes, groups, nodes);
  });

  it('is read for when that was carried out and its memberships are known: from where the new one begins', async () => {
    await groups.hold('7', 'g', undefined);
    const held = await groups.expect('7');
    groups.admit(fakes.connect('7').connection, held);
    held.release();
    log.position = at(2);
    log.isFollowing = false;
    follower.interrupted(at(2), () => true);
    membershipReads = 0;

    for (const door of [words, reads]) door.shut();
    log.isFollowing = true;
    follower.recovered();
    groups.releasedElsewhere('7', 'g', KEPT);
    void groups.heldElsewhere({ userId: '7', group: 'g', expiresAtMs: undefined, since: at(4) }, KEPT);
    await turn();
    expect([membershipReads, log.reads.length]).toEqual([0, 0]);

    await words.open();
    expect([membershipReads > 0, log.reads.length]).toEqual([true, 0]);

    await reads.open();
    expect(log.reads).toMatchObject([{ after: at(2), joins: [{ group: 'g', after: at(4) }] }]);
  });

  it('is brought nothing again where it was a member all the time as far as this node heard', async () => {
    await groups.hold('7', 'g', undefined);
    const held = await groups.expect('7');
    groups.admit(fakes.connect('7').connection, held);
    held.release();
    log.position = at(9);

    groups.releasedElsewhere('7', 'g', KEPT);
    void groups.heldElsewhere({ userId: '7', group: 'g', expiresAtMs: undefined, since: at(4) }, KEPT);
    await turn();
    expect(log.reads).toEqual([]);
  });
});
