import { beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryMemberships } from '../../../src/backing/memory/memory-memberships.js';
import { GroupService } from '../../../src/push/group.service.js';
import { FakeConnections } from '../../support/fake-connections.js';
import type { FakePeer } from '../../support/fake-connections.js';

let fakes: FakeConnections;
let memberships: MemoryMemberships;
let groups: GroupService;

beforeEach(() => {
  fakes = new FakeConnections();
  memberships = new MemoryMemberships();
  groups = new GroupService(memberships, fakes.registry, fakes.clock, { maxGroupsPerConnection: 3 });
});

function groupsOf({ connection }: FakePeer): string[] {
  return fakes.registry.groupsOf(connection).sort();
}

function admit(userId: string, ...tokenGroups: string[]): FakePeer {
  const peer = fakes.connect(userId, { groups: tokenGroups });
  groups.admit(peer.connection);
  return peer;
}

describe('GroupService', () => {
  it('puts a new connection into the groups of its token and those that the server holds', () => {
    groups.hold('7', 'held', undefined);
    groups.hold('8', 'other', undefined);

    expect(groupsOf(admit('7', 'claimed'))).toEqual(['claimed', 'held']);
  });

  it('puts every live connection of the user into a group that the server begins to hold', () => {
    const [one, two, other] = [admit('7'), admit('7'), admit('8')];

    groups.hold('7', 'held', undefined);

    expect([one, two, other].map(groupsOf)).toEqual([['held'], ['held'], []]);
  });

  it('takes connections out of a released group, also those that had joined by themselves', () => {
    const [one, two] = [admit('7'), admit('7')];
    groups.hold('7', 'g', undefined);
    groups.join(two.connection, 'g');

    groups.release('7', 'g');

    expect([one, two].map(groupsOf)).toEqual([[], []]);
    expect(groupsOf(admit('7'))).toEqual([]);
  });

  it('leaves a connection in a released group that its token names', () => {
    const peer = admit('7', 'g');
    groups.hold('7', 'g', undefined);

    groups.release('7', 'g');

    expect(groupsOf(peer)).toEqual(['g']);
  });

  it('takes back the wish of the connection alone when it leaves', () => {
    const peer = admit('7', 'claimed');
    groups.hold('7', 'held', undefined);
    for (const group of ['claimed', 'held', 'own']) groups.join(peer.connection, group);

    for (const group of ['claimed', 'held', 'own']) groups.leave(peer.connection, group);

    expect(groupsOf(peer)).toEqual(['claimed', 'held']);
  });

  it('ends a membership at its moment for live connections and for new ones', () => {
    const peer = admit('7');
    groups.hold('7', 'g', fakes.clock.now() + 1_000);

    fakes.clock.advance(999);
    groups.sweep(fakes.clock.now());
    expect(groupsOf(peer)).toEqual(['g']);

    fakes.clock.advance(1);
    expect(groupsOf(admit('7'))).toEqual([]);
    groups.sweep(fakes.clock.now());
    expect(groupsOf(peer)).toEqual([]);
  });

  it('goes by the last word on when a membership ends', () => {
    const peer = admit('7');
    groups.hold('7', 'g', fakes.clock.now() + 1_000);
    groups.hold('7', 'g', undefined);

    fakes.clock.advance(2_000);
    groups.sweep(fakes.clock.now());

    expect(groupsOf(peer)).toEqual(['g']);
  });

  it('refuses a join past the limit and lets a member join again', () => {
    const peer = admit('7', 'a');
    groups.hold('7', 'b', undefined);
    expect(groups.join(peer.connection, 'c')).toBeUndefined();

    expect(groups.join(peer.connection, 'd')).toBe('limit_groups');
    expect(groups.join(peer.connection, 'b')).toBeUndefined();

    expect(groupsOf(peer)).toEqual(['a', 'b', 'c']);
  });

  it('does not apply the limit to what token and server say', () => {
    const peer = admit('7', 'a', 'b', 'c', 'd');
    groups.hold('7', 'e', undefined);

    expect(groupsOf(peer)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('makes the groups of the new token those of the connection and keeps its other memberships', () => {
    const peer = admit('7', 'old', 'kept');
    groups.join(peer.connection, 'own');
    groups.hold('7', 'held', undefined);
    peer.connection.renew({ ...peer.connection.principal, groups: ['kept', 'new'] });

    groups.renew(peer.connection);

    expect(groupsOf(peer)).toEqual(['held', 'kept', 'new', 'own']);
  });
});
