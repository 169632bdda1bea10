import { beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryMemberships } from '../../../src/backing/memory/memory-memberships.js';
import type {
  AddedMembership,
  HeldMembership,
  Memberships,
  UserMemberships,
} from '../../../src/backing/memberships.interface.js';
import type { Clock } from '../../../src/core/clock.js';
import { PushError } from '../../../src/core/push-error.js';
import { MembershipSource } from '../../../src/core/connection-registry.js';
import { GroupService } from '../../../src/push/group.service.js';
import { FakeConnections } from '../../support/fake-connections.js';
import type { Cursor } from '../../../src/protocol/cursor.js';
import type { FakePeer } from '../../support/fake-connections.js';

let fakes: FakeConnections;
/** Memberships whose reads take as long as the test says, and fail while they are out of reach. */
class SlowMemberships implements Memberships {
  private readonly kept: MemoryMemberships;
  isAway = false;
  reads = 0;
  private gate: Promise<void> = Promise.resolve();

  constructor(clock: Pick<Clock, 'now'>) {
    this.kept = new MemoryMemberships(clock);
  }

  add(membership: HeldMembership): Promise<AddedMembership> {
    return this.kept.add(membership);
  }

  remove(userId: string, group: string): Promise<number> {
    return this.kept.remove(userId, group);
  }

  ofGroup(...page: Parameters<Memberships['ofGroup']>): Promise<readonly HeldMembership[]> {
    return this.kept.ofGroup(...page);
  }

  /** Reads that begin from now on have read, but answer when the returned function is called. */
  delay(): () => Promise<void> {
    let open: () => void = () => {};
    this.gate = new Promise((resolve) => (open = resolve));
    return async () => {
      open();
      this.gate = Promise.resolve();
      await settled();
    };
  }

  /** Reads that begin from now on answer at once again. */
  hurry(): void {
    this.gate = Promise.resolve();
  }

  async ofUser(userId: string): Promise<UserMemberships> {
    this.reads++;
    if (this.isAway) throw new PushError('PUSH_ERR_UNAVAILABLE', 'out of reach');
    const found = this.kept.ofUser(userId);
    await this.gate;
    return found;
  }
}

/** All that waits for nothing but other promises has happened. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

let memberships: SlowMemberships;
let groups: GroupService;

beforeEach(() => {
  fakes = new FakeConnections();
  memberships = new SlowMemberships(fakes.clock);
  groups = fakes.groupsOver(memberships, 3);
});

function groupsOf({ connection }: FakePeer): string[] {
  return fakes.registry.groupsOf(connection).sort();
}

async function admit(userId: string, ...tokenGroups: string[]): Promise<FakePeer> {
  const held = await groups.expect(userId);
  const peer = fakes.connect(userId, { groups: tokenGroups });
  groups.admit(peer.connection, held);
  held.release();
  return peer;
}

/** One that came while memberships were out of reach. */
function admitUnread(userId: string, ...tokenGroups: string[]): FakePeer {
  const peer = fakes.connect(userId, { groups: tokenGroups });
  groups.admit(peer.connection, undefined);
  return peer;
}

describe('GroupService', () => {
  it('puts a new connection into the groups of its token and those that the server holds', async () => {
    await groups.hold('7', 'held', undefined);
    await groups.hold('8', 'other', undefined);

    expect(groupsOf(await admit('7', 'claimed'))).toEqual(['claimed', 'held']);
  });

  it('puts every live connection of the user into a group that the server begins to hold', async () => {
    const [one, two, other] = [await admit('7'), await admit('7'), await admit('8')];

    await groups.hold('7', 'held', undefined);

    expect([one, two, other].map(groupsOf)).toEqual([['held'], ['held'], []]);
  });

  it('takes connections out of a released group, also those that had joined by themselves', async () => {
    const [one, two] = [await admit('7'), await admit('7')];
    await groups.hold('7', 'g', undefined);
    groups.join(two.connection, 'g');

    await groups.release('7', 'g');

    expect([one, two].map(groupsOf)).toEqual([[], []]);
    expect(groupsOf(await admit('7'))).toEqual([]);
  });

  it('leaves a connection in a released group that its token names', async () => {
    const peer = await admit('7', 'g');
    await groups.hold('7', 'g', undefined);

    await groups.release('7', 'g');

    expect(groupsOf(peer)).toEqual(['g']);
  });

  it('takes back the wish of the connection alone when it leaves', async () => {
    const peer = await admit('7', 'claimed');
    await groups.hold('7', 'held', undefined);
    for (const group of ['claimed', 'held', 'own']) groups.join(peer.connection, group);

    for (const group of ['claimed', 'held', 'own']) groups.leave(peer.connection, group);

    expect(groupsOf(peer)).toEqual(['claimed', 'held']);
  });

  it('ends a membership at its moment for live connections and for new ones', async () => {
    const peer = await admit('7');
    await groups.hold('7', 'g', fakes.clock.now() + 1_000);

    fakes.clock.advance(999);
    groups.sweep(fakes.clock.now());
    expect(groupsOf(peer)).toEqual(['g']);

    fakes.clock.advance(1);
    expect(groupsOf(await admit('7'))).toEqual([]);
    groups.sweep(fakes.clock.now());
    expect(groupsOf(peer)).toEqual([]);
  });

  it('goes by the last word on when a membership ends', async () => {
    const peer = await admit('7');
    await groups.hold('7', 'g', fakes.clock.now() + 1_000);
    await groups.hold('7', 'g', undefined);

    fakes.clock.advance(2_000);
    groups.sweep(fakes.clock.now());

    expect(groupsOf(peer)).toEqual(['g']);
  });

  it('refuses a join past the limit and lets a member join again', async () => {
    const peer = await admit('7', 'a');
    await groups.hold('7', 'b', undefined);
    expect(groups.join(peer.connection, 'c')).toBeUndefined();

    expect(groups.join(peer.connection, 'd')).toBe('limit_groups');
    expect(groups.join(peer.connection, 'b')).toBeUndefined();

    expect(groupsOf(peer)).toEqual(['a', 'b', 'c']);
  });

  it('does not apply the limit to what token and server say', async () => {
    const peer = await admit('7', 'a', 'b', 'c', 'd');
    await groups.hold('7', 'e', undefined);

    expect(groupsOf(peer)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('makes the groups of the new token those of the connection and keeps its other memberships', async () => {
    const peer = await admit('7', 'old', 'kept');
    groups.join(peer.connection, 'own');
    await groups.hold('7', 'held', undefined);
    peer.connection.renew({ ...peer.connection.principal, groups: ['kept', 'new'] });

    groups.renew(peer.connection);

    expect(groupsOf(peer)).toEqual(['held', 'kept', 'new', 'own']);
  });
});

describe('a membership that changes during a handshake', () => {
  it.each(['before the read has answered', 'after it'])('reaches the connection, %s', async (when) => {
    await groups.hold('7', 'left', undefined);
    const answer = memberships.delay();
    const expected = groups.expect('7');
    if (when === 'after it') await answer();

    await groups.hold('7', 'joined', undefined);
    await groups.release('7', 'left');
    await answer();
    const held = await expected;
    const peer = fakes.connect('7');
    groups.admit(peer.connection, held);

    expect(groupsOf(peer)).toEqual(['joined']);
  });

  it('is not followed for a handshake that is over', async () => {
    const held = await groups.expect('7');
    held.release();
    await groups.hold('7', 'g', undefined);
    expect(held.at(fakes.clock.now())).toEqual([]);
  });

  it('is not followed for a handshake that failed', async () => {
    memberships.isAway = true;
    await expect(groups.expect('7')).rejects.toMatchObject({ code: 'PUSH_ERR_UNAVAILABLE' });
    const { reads } = memberships;
    void groups.heldElsewhere({ userId: '7', group: 'g', expiresAtMs: undefined });
    expect(memberships.reads).toBe(reads);
  });
});

describe('a membership that a node of another version changes', () => {
  it('has its effect with a sweep to come, and everyone is read for once in four seconds', async () => {
    const peer = await admit('7');
    await memberships.add({ userId: '7', group: 'a', expiresAtMs: undefined });
    groups.sweep(10_000);
    await settled();
    expect(groupsOf(peer)).toEqual([]);

    groups.doubt();
    groups.sweep(11_000);
    await settled();
    expect(groupsOf(peer)).toEqual(['a']);

    await memberships.remove('7', 'a');
    groups.doubt();
    groups.sweep(14_999);
    await settled();
    expect(groupsOf(peer)).toEqual(['a']);
    groups.sweep(15_000);
    await settled();
    expect(groupsOf(peer)).toEqual([]);
  });
});

describe('a membership that another node changes', () => {
  it('has its effect at once, and what is kept has the last word', async () => {
    const peer = await admit('7');
    groups.join(peer.connection, 'own');
    const answer = memberships.delay();

    // Of these two nothing is kept: the other node said them late.
    void groups.heldElsewhere({ userId: '7', group: 'a', expiresAtMs: undefined });
    groups.releasedElsewhere('7', 'own');
    expect(groupsOf(peer)).toEqual(['a']);

    await memberships.add({ userId: '7', group: 'b', expiresAtMs: undefined });
    await answer();
    expect(groupsOf(peer)).toEqual([]);
    // Whoever added that one may be about to say so, for so long.
    fakes.clock.advance(1_000);
    groups.sweep(fakes.clock.now());
    await settled();
    expect(groupsOf(peer)).toEqual(['b']);
  });

  it.each([
    ['the other node says, though it was found by reading before', 0],
    ['was said when it was added, though the other node says nothing', 1_000],
  ])('begins where %s', async (_where, afterMs) => {
    const peer = await admit('7');
    const since: Cursor = [{ epoch: 'e', number: 5 }];
    const { revision } = await memberships.add({ userId: '7', group: 'found', expiresAtMs: undefined, since });
    void groups.heldElsewhere({ userId: '7', group: 'other', expiresAtMs: undefined });
    await settled();
    expect(groupsOf(peer)).toEqual([]);

    fakes.clock.advance(afterMs);
    if (afterMs > 0) groups.sweep(fakes.clock.now());
    else
      void groups.heldElsewhere(
        { userId: '7', group: 'found', expiresAtMs: undefined, since },
        { lateness: 'none', revision },
      );
    await settled();

    expect(fakes.joins).toContainEqual({ connection: peer.connection, group: 'found', since });
  });

  it.each([
    ['its membership is gone again', async () => void (await memberships.remove('7', 'found'))],
    ['its user has left', ({ connection }: FakePeer) => fakes.registry.remove(connection)],
  ])('is waited for no longer when %s', async (_when, end) => {
    const peer = await admit('7');
    await memberships.add({ userId: '7', group: 'found', expiresAtMs: undefined });
    void groups.heldElsewhere({ userId: '7', group: 'other', expiresAtMs: undefined });
    await settled();
    await end(peer);
    const sweepLater = async (): Promise<void> => {
      fakes.clock.advance(1_000);
      groups.sweep(fakes.clock.now());
      await settled();
    };
    await sweepLater();
    await admit('7');

    const before = memberships.reads;
    await sweepLater();
    expect(memberships.reads).toBe(before);
  });

  it('begins where its connections stand when it is found after a break of a log in one order', async () => {
    groups = fakes.groupsOver(memberships, 3, true);
    const peer = await admit('7');
    const since: Cursor = [{ epoch: 'e', number: 5 }];
    await memberships.add({ userId: '7', group: 'found', expiresAtMs: undefined, since });
    await groups.catchUp();
    expect(fakes.joins).toEqual([{ connection: peer.connection, group: 'found', since: undefined }]);
  });

  it('has its effect at once, though the late word of a leave before it comes after it was found by reading', async () => {
    const membership = { userId: '7', group: 'g', expiresAtMs: undefined };
    const peer = await admit('7');
    await memberships.add(membership);
    const left = await memberships.remove('7', 'g');
    const { revision } = await memberships.add(membership);
    groups.releasedElsewhere('7', 'other', { lateness: 'none', revision: left });
    await settled();
    groups.releasedElsewhere('7', 'g', { lateness: 'none', revision: left });
    void groups.heldElsewhere(membership, { lateness: 'none', revision });
    expect(groupsOf(peer)).toEqual(['g']);
  });

  it('stands although a read that began before it ends after it', async () => {
    const peer = await admit('7');
    const answer = memberships.delay();
    void groups.heldElsewhere({ userId: '7', group: 'a', expiresAtMs: undefined });

    await memberships.add({ userId: '7', group: 'a', expiresAtMs: undefined });
    void groups.heldElsewhere({ userId: '7', group: 'b', expiresAtMs: undefined });
    await memberships.add({ userId: '7', group: 'b', expiresAtMs: undefined });
    groups.join(peer.connection, 'b');
    await answer();

    expect(groupsOf(peer)).toEqual(['a', 'b']);
    // A stale read would have taken it for a group that was let go, and the own wish with it.
    expect(fakes.registry.groupsOf(peer.connection, MembershipSource.Join)).toEqual(['b']);
  });

  it.each([
    ['joins', () => groups.hold('7', 'new', undefined), ['new', 'old']],
    ['leaves', () => groups.release('7', 'old'), []],
  ])('takes back nothing of what this node %s during the read', async (_what, change, expected) => {
    const peer = await admit('7');
    await groups.hold('7', 'old', undefined);
    const answer = memberships.delay();
    void groups.heldElsewhere({ userId: '7', group: 'late', expiresAtMs: undefined });

    await change();
    await answer();

    expect(groupsOf(peer)).toEqual(expected);
  });

  it('is none that a read shows already, and one that it does not, however late the word of it comes', async () => {
    const membership = { userId: '7', group: 'g', expiresAtMs: undefined };
    const added = await memberships.add(membership);
    const removed = await memberships.remove('7', 'g');
    const peer = await admit('7');
    const under = await groups.expect('7');
    memberships.delay();
    const heldUnder = () => under.at(fakes.clock.now()).map(({ group }) => group);

    void groups.heldElsewhere(membership, { lateness: 'overtaken', revision: added.revision });
    void groups.heldElsewhere(membership, { lateness: 'overtaken', revision: removed });
    expect([groupsOf(peer), heldUnder()]).toEqual([[], []]);

    void groups.heldElsewhere(membership, { lateness: 'overtaken', revision: removed + 1 });
    expect([groupsOf(peer), heldUnder()]).toEqual([['g'], ['g']]);
    groups.releasedElsewhere('7', 'g', { lateness: 'overtaken', revision: removed });
    expect([groupsOf(peer), heldUnder()]).toEqual([['g'], ['g']]);
  });

  it('stands although a read that began before it ends after it, and nobody was here between the two', async () => {
    await groups.hold('7', 'g', undefined);
    const first = await admit('7');
    const answer = memberships.delay();
    void groups.heldElsewhere({ userId: '7', group: 'other', expiresAtMs: undefined });
    await settled();
    fakes.registry.remove(first.connection);
    const revision = await memberships.remove('7', 'g');
    groups.releasedElsewhere('7', 'g', { lateness: 'none', revision });
    memberships.hurry();
    const second = await admit('7');
    await answer();

    expect(groupsOf(second)).toEqual([]);
  });

  it('during the read of a handshake stands where the read does not show it', async () => {
    const answer = memberships.delay();
    const reading = groups.expect('7');
    void groups.heldElsewhere({ userId: '7', group: 'new', expiresAtMs: undefined }, { lateness: 'none', revision: 2 });
    void groups.heldElsewhere(
      { userId: '7', group: 'gone', expiresAtMs: undefined },
      { lateness: 'none', revision: 0 },
    );
    await answer();

    const held = (await reading).at(fakes.clock.now());
    expect(held.map(({ group }) => group)).toEqual(['new']);
  });

  it('reaches a handshake under way', async () => {
    const held = await groups.expect('7');
    void groups.heldElsewhere({ userId: '7', group: 'a', expiresAtMs: undefined });
    expect(held.at(fakes.clock.now()).map(({ group }) => group)).toEqual(['a']);
  });

  it('is not read for a user who is not here', async () => {
    void groups.heldElsewhere({ userId: '7', group: 'a', expiresAtMs: undefined });
    groups.releasedElsewhere('7', 'a');
    expect(memberships.reads).toBe(0);
  });
});

describe('memberships that were out of reach', () => {
  it('are read by the sweep for those who came meanwhile, as often as it takes', async () => {
    await groups.hold('7', 'held', undefined);
    memberships.isAway = true;
    const peer = admitUnread('7', 'claimed');
    groups.sweep(fakes.clock.now());
    await settled();
    expect(groupsOf(peer)).toEqual(['claimed']);

    memberships.isAway = false;
    groups.sweep(fakes.clock.now());
    await settled();

    expect(groupsOf(peer)).toEqual(['claimed', 'held']);
    groups.sweep(fakes.clock.now());
    expect(memberships.reads).toBe(2);
  });

  it('are read for everyone after a break, joins, leaves and ends', async () => {
    const peers: FakePeer[] = [];
    for (let user = 0; user < 300; user++) {
      await groups.hold(`${user}`, 'old', undefined);
      peers.push(await admit(`${user}`, 'claimed'));
    }
    const endMs = fakes.clock.now() + 1_000;
    for (let user = 0; user < 300; user++) {
      await memberships.remove(`${user}`, 'old');
      await memberships.add({ userId: `${user}`, group: 'new', expiresAtMs: endMs });
    }

    await groups.catchUp();

    for (const peer of peers) expect(groupsOf(peer)).toEqual(['claimed', 'new']);
    fakes.clock.advance(1_000);
    groups.sweep(fakes.clock.now());
    for (const peer of peers) expect(groupsOf(peer)).toEqual(['claimed']);
  });

  it('hold the end of the break back until all are read', async () => {
    const peer = await admit('7');
    await memberships.add({ userId: '7', group: 'g', expiresAtMs: undefined });
    memberships.isAway = true;
    let isCaughtUp = false;
    void groups.catchUp().then(() => (isCaughtUp = true));
    await settled();
    expect(isCaughtUp).toBe(false);

    memberships.isAway = false;
    groups.sweep(fakes.clock.now());
    await settled();

    expect([isCaughtUp, groupsOf(peer)]).toEqual([true, ['g']]);
  });

  it('are not read for those who have left', async () => {
    memberships.isAway = true;
    const { connection } = admitUnread('7');
    await settled();
    fakes.registry.remove(connection);
    memberships.isAway = false;
    const { reads } = memberships;
    groups.sweep(fakes.clock.now());
    await groups.catchUp();
    expect(memberships.reads).toBe(reads);
  });
});
