import { beforeEach, describe, expect, it } from '@jest/globals';
import { MembershipSource } from '../../../src/core/connection-registry.js';
import { OutgoingMessage } from '../../../src/core/outgoing-message.js';
import { encodeFrame } from '../../../src/protocol/frame-encoder.js';
import { Hearing } from '../../../src/push/hearing.js';
import type { Lateness } from '../../../src/push/membership-word.js';
import { ResumeService } from '../../../src/push/resume.service.js';
import { FakeTransport } from '../../../src/testing/fake-transport.js';
import { FakeConnections } from '../../support/fake-connections.js';
import type { FakePeer } from '../../support/fake-connections.js';
import { at, ScriptedLog, turn } from '../../support/scripted-log.js';

let fakes: FakeConnections;
let log: ScriptedLog;
let service: ResumeService;

beforeEach(() => {
  fakes = new FakeConnections();
  log = new ScriptedLog();
  const { registry, scheduler, clock } = fakes;
  const onFailure = (cause: unknown) => {
    throw cause;
  };
  const hearing = new Hearing({ log, registry });
  service = new ResumeService({ log, hearing, registry, scheduler, clock, onFailure });
});

function deliver(number: number): void {
  log.position = at(number);
  fakes.fanOut.deliver(new OutgoingMessage(`{"event":"m${number}"}`, undefined, number), { all: true });
}

const greeter =
  (peer: FakePeer) =>
  ({ cursor, resumed }: { readonly cursor: string; readonly resumed: boolean }) =>
    peer.connection.greet(encodeFrame('push:welcome', { cursor, resumed }), cursor);

function eventsOf(peer: FakePeer): string[] {
  return fakes.receivedBy(peer).map(({ event }) => event);
}

function putInto(peer: FakePeer, group: string, since?: ReturnType<typeof at>, lateness?: Lateness): void {
  fakes.registry.join(peer.connection, group, MembershipSource.Server);
  void service.joined(peer.connection, group, since, lateness);
}

describe('a connection that comes with no place', () => {
  it('is greeted at once where the node hears for it', () => {
    const peer = fakes.connect();
    expect(service.begin(peer.connection, greeter(peer))).toBeUndefined();
    deliver(1);
    expect(eventsOf(peer)).toEqual(['push:welcome', 'm1']);
  });

  it('is greeted when the node does, and gets nothing from before that', async () => {
    log.unheard.add('7');
    const peer = fakes.connect();
    const greeted = service.begin(peer.connection, greeter(peer));
    deliver(1);
    await turn();
    expect(eventsOf(peer)).toEqual([]);

    await log.hear('7');
    await greeted;
    deliver(2);

    expect(eventsOf(peer)).toEqual(['push:welcome', 'm2']);
    expect(peer.transport.received[0]?.data).toMatchObject({ cursor: '1.epoch.1' });
    expect(log.reads).toEqual([]);
  });

  it('is greeted at once when the log goes out of reach, and brought up to date afterwards', async () => {
    log.unheard.add('7');
    const peer = fakes.connect();
    void service.begin(peer.connection, greeter(peer));
    log.isFollowing = false;
    service.interrupted(at(0), () => true);
    await log.tellNews();
    expect(eventsOf(peer)).toEqual(['push:welcome']);

    log.unheard.clear();
    log.isFollowing = true;
    service.recovered();
    await turn();
    await log.answer([1]);
    expect(eventsOf(peer)).toEqual(['push:welcome', 'm1']);
  });

  it('is not greeted when it has gone meanwhile', async () => {
    log.unheard.add('7');
    const peer = fakes.connect();
    const greeted = service.begin(peer.connection, greeter(peer));
    peer.connection.close(1001);
    await log.hear('7');
    await greeted;
    expect(eventsOf(peer)).toEqual([]);
  });
});

describe('a connection that comes back', () => {
  it('is read for when the node hears for it, and not before', async () => {
    log.unheard.add('7');
    const peer = fakes.connect();
    void service.resume(peer.connection, at(1), greeter(peer));
    await turn();
    expect([log.reads.length, eventsOf(peer)]).toEqual([0, []]);

    await log.hear('7');
    deliver(3);
    await log.answer([2, 3], { resumedFrom: at(1) });
    expect(eventsOf(peer)).toEqual(['push:welcome', 'm2', 'm3']);
  });

  it('does not go live before the node hears for a group that it came into meanwhile', async () => {
    const peer = fakes.connect();
    void service.resume(peer.connection, at(1), greeter(peer));
    await turn();
    log.unheard.add('g');
    putInto(peer, 'g', at(1));
    await log.answer([]);
    await log.answer([2], { resumedFrom: at(1) });
    deliver(3);
    expect(eventsOf(peer)).toEqual(['push:welcome', 'm2']);

    await log.hear('g');
    await turn();
    await log.answer([3]);
    expect(eventsOf(peer)).toEqual(['push:welcome', 'm2', 'm3']);
  });
});

describe('a live connection that the server puts into a group', () => {
  it('stays live where the node hears for the group and has heard nothing since', () => {
    const peer = fakes.connect();
    deliver(1);
    putInto(peer, 'g', at(1));
    deliver(2);
    expect([eventsOf(peer), log.reads]).toEqual([['m1', 'm2'], []]);
  });

  it('gets what came for the group since then, where the word of it may have been overtaken, before what comes', async () => {
    const peer = fakes.connect();
    deliver(2);
    putInto(peer, 'g', at(1), 'overtaken');
    await turn();
    deliver(4);
    expect(log.reads).toMatchObject([{ after: at(2), joins: [{ group: 'g', after: at(1) }] }]);

    await log.answer([3]);
    expect(eventsOf(peer)).toEqual(['m2', 'm3', 'm4']);
  });

  it('gets nothing for the group that was heard before the word of it', () => {
    const peer = fakes.connect();
    deliver(2);
    putInto(peer, 'g', at(1));
    deliver(4);
    expect([eventsOf(peer), log.reads]).toEqual([['m2', 'm4'], []]);
  });

  it('is held until the node hears for the group', async () => {
    const peer = fakes.connect();
    log.unheard.add('g');
    putInto(peer, 'g', at(0));
    await turn();
    deliver(2);
    expect([log.reads.length, eventsOf(peer)]).toEqual([0, []]);

    await log.hear('g');
    await log.answer([1, 2]);
    expect(eventsOf(peer)).toEqual(['m1', 'm2']);
  });

  it('reads with both of two groups, though one comes during the read for the other', async () => {
    const peer = fakes.connect();
    deliver(2);
    putInto(peer, 'g', at(1), 'overtaken');
    await turn();
    putInto(peer, 'h', at(0), 'overtaken');
    await log.answer([]);
    await log.answer([3]);

    expect(log.reads.map(({ joins }) => joins?.map(({ group }) => group))).toEqual([['g'], ['g', 'h']]);
    expect(eventsOf(peer)).toEqual(['m2', 'm3']);
  });

  it('is read for again where a group that it joined during the read was not followed then', async () => {
    const peer = fakes.connect();
    log.position = at(2);
    putInto(peer, 'g', at(1), 'overtaken');
    await turn();
    log.unheard.add('h');
    putInto(peer, 'h', at(1), 'overtaken');
    await log.answer([]);
    await log.hear('h');
    await log.answer([]);
    await log.answer([3]);

    expect(log.reads).toHaveLength(3);
    expect(eventsOf(peer)).toEqual(['m3']);
  });

  it('has its poll end, which comes back with its place', () => {
    const { connection, transport } = fakes.connect('7', {}, new FakeTransport('poll'));
    log.unheard.add('g');
    fakes.registry.join(connection, 'g', MembershipSource.Server);
    void service.joined(connection, 'g', at(0));
    expect(transport.closed?.code).toBe(1001);
  });
});

describe('a connection of a node that was cut off when the server put it into a group', () => {
  function cutOff(): void {
    log.isFollowing = false;
    service.interrupted(log.position, () => true);
  }

  async function recover(number: number): Promise<void> {
    log.position = at(number);
    log.isFollowing = true;
    service.recovered();
    await turn();
  }

  it('gets what came for the group since the node was, and nothing from before, which it has had later ones than', async () => {
    const peer = fakes.connect();
    deliver(5);
    cutOff();
    putInto(peer, 'g', at(2), 'cut-off');
    putInto(peer, 'h', at(7), 'cut-off');
    await recover(8);
    const joins = [
      { group: 'g', after: at(5) },
      { group: 'h', after: at(7) },
    ];
    expect(log.reads).toMatchObject([{ after: at(5), joins }]);
  });

  it('is read for from where it stood then, however far a read that was under way has come', async () => {
    const peer = fakes.connect();
    log.position = at(4);
    void service.resume(peer.connection, at(1), greeter(peer));
    await turn();
    cutOff();
    await log.answer([4]);
    putInto(peer, 'g', at(0), 'cut-off');
    await recover(8);
    expect(log.reads.at(-1)).toMatchObject({ after: at(4), joins: [{ group: 'g', after: at(1) }] });
  });

  it('gets all since the membership began where the word of that was there before, and dropped', async () => {
    const peer = fakes.connect();
    deliver(5);
    cutOff();
    putInto(peer, 'g', at(2), 'overtaken');
    await recover(8);
    expect(log.reads).toMatchObject([{ after: at(5), joins: [{ group: 'g', after: at(2) }] }]);
  });
});

describe('a connection that was taken out of a group and put into it again, of which the words come late', () => {
  function takeOut(peer: FakePeer, group: string): void {
    fakes.registry.leave(peer.connection, group, MembershipSource.Server);
    service.left(peer.connection, group);
  }

  it('has nothing again that it had as a member', () => {
    const peer = fakes.connect();
    putInto(peer, 'g');
    for (const number of [1, 2, 3]) deliver(number);
    takeOut(peer, 'g');
    putInto(peer, 'g', at(1), 'overtaken');
    deliver(4);
    expect([eventsOf(peer), log.reads]).toEqual([['m1', 'm2', 'm3', 'm4'], []]);
  });

  it('is read for from where it stood where that is behind the new membership, and else from where that begins', async () => {
    const peer = fakes.connect();
    for (const group of ['g', 'h']) putInto(peer, group);
    log.position = at(3);
    log.isFollowing = false;
    service.interrupted(at(3), () => true);
    for (const group of ['g', 'h']) takeOut(peer, group);
    putInto(peer, 'g', at(1), 'overtaken');
    putInto(peer, 'h', at(5), 'overtaken');
    log.isFollowing = true;
    service.recovered();
    await turn();
    const joins = [
      { group: 'g', after: at(3) },
      { group: 'h', after: at(5) },
    ];
    expect(log.reads).toMatchObject([{ after: at(3), joins }]);
  });

  it('is read for again where both come during a read, for the page is for a member all the time', async () => {
    const peer = fakes.connect();
    putInto(peer, 'g');
    void service.resume(peer.connection, at(1), greeter(peer));
    log.position = at(4);
    takeOut(peer, 'g');
    putInto(peer, 'g', at(3), 'overtaken');
    await log.answer([2, 3, 4], { resumedFrom: at(1) });
    expect(eventsOf(peer)).toEqual([]);
    await log.answer([4], { resumedFrom: at(1) });

    expect(log.reads.map(({ joins }) => joins)).toEqual([undefined, [{ group: 'g', after: at(3) }]]);
    expect(eventsOf(peer)).toEqual(['push:welcome', 'm4']);
  });

  it('is read for from the page that it has had', async () => {
    const peer = fakes.connect();
    putInto(peer, 'g');
    void service.resume(peer.connection, at(1), greeter(peer));
    await log.answer([2, 3], { hasMore: true, resumedFrom: at(1) });
    takeOut(peer, 'g');
    putInto(peer, 'g', at(2), 'overtaken');
    await log.answer([4]);
    await log.answer([5]);
    expect(log.reads.map(({ joins }) => joins)).toEqual([undefined, undefined, [{ group: 'g', after: at(3) }]]);
  });

  it('has nothing again that was read for it before it went live', async () => {
    const peer = fakes.connect();
    log.position = at(3);
    log.isFollowing = false;
    service.interrupted(at(3), () => true);
    putInto(peer, 'g', at(1), 'overtaken');
    log.isFollowing = true;
    service.recovered();
    await turn();
    log.position = at(5);
    await log.answer([2, 5]);
    expect(eventsOf(peer)).toEqual(['m2', 'm5']);

    takeOut(peer, 'g');
    putInto(peer, 'g', at(1), 'overtaken');
    deliver(6);
    expect([eventsOf(peer), log.reads.length]).toEqual([['m2', 'm5', 'm6'], 1]);
  });

  it('is read for from the place that it came back with, though it was in the group nowhere here', async () => {
    const peer = fakes.connect();
    log.position = at(6);
    void service.resume(peer.connection, at(5), greeter(peer));
    putInto(peer, 'g', at(2), 'overtaken');
    await log.answer([]);
    expect(log.reads.at(-1)).toMatchObject({ after: at(5), joins: [{ group: 'g', after: at(5) }] });
  });
});

describe('a connection that joins by its own wish', () => {
  it('is told when the node hears for the group, and stays live meanwhile', async () => {
    const peer = fakes.connect();
    log.unheard.add('g');
    fakes.registry.join(peer.connection, 'g', MembershipSource.Join);
    let isTold = false;
    void service.heard(peer.connection).then(() => (isTold = true));
    deliver(1);
    await turn();
    expect([isTold, eventsOf(peer)]).toEqual([false, ['m1']]);

    await log.hear('g');
    expect(isTold).toBe(true);
  });

  it('is held where the group is out of reach, and gets what comes from then on', async () => {
    const peer = fakes.connect();
    log.position = at(5);
    log.isFollowing = false;
    await service.heard(peer.connection);
    log.isFollowing = true;
    service.recovered();
    await turn();
    await log.answer([6]);
    expect(log.reads).toMatchObject([{ after: at(5) }]);
    expect(eventsOf(peer)).toEqual(['m6']);
  });
});

describe('a break of a part of the log', () => {
  it('holds those whom it concerns, and nobody else', async () => {
    const [concerned, other] = [fakes.connect('1'), fakes.connect('2')];
    log.isFollowing = false;
    service.interrupted(at(0), ({ userId }) => userId === '1');
    deliver(1);
    expect([eventsOf(concerned), eventsOf(other)]).toEqual([[], ['m1']]);

    log.isFollowing = true;
    service.recovered();
    await turn();
    await log.answer([1]);
    expect(eventsOf(concerned)).toEqual(['m1']);
  });

  it('leaves those waiting who are still not heard for', async () => {
    const peer = fakes.connect();
    log.isFollowing = false;
    service.interrupted(at(0), () => true);
    service.recovered();
    await turn();
    expect(log.reads).toEqual([]);
    log.isFollowing = true;
    service.recovered();
    await turn();
    await log.answer([1]);
    expect(eventsOf(peer)).toEqual(['m1']);
  });
});

it('tells those of a gap who are live when a message is gone for good, and reads again for those who are not', async () => {
  const [live, coming] = [fakes.connect('1'), fakes.connect('2')];
  void service.resume(coming.connection, at(0), greeter(coming));
  await turn();
  service.missed(at(3), () => true);
  await log.answer([1]);
  await log.answer([2], { resumedFrom: at(1) });

  expect(eventsOf(live)).toEqual(['push:gap']);
  expect(eventsOf(coming)).toEqual(['push:welcome', 'm1', 'm2']);
});

it('attends users and groups from the first connection to the last', () => {
  const attended: string[] = [];
  const attendance = {
    attend: (kind: string, name: string) => void attended.push(`+${kind} ${name}`),
    leave: (kind: string, name: string) => void attended.push(`-${kind} ${name}`),
  };
  fakes = new FakeConnections(attendance);
  const { registry } = fakes;
  const [one, two] = [fakes.connect('7').connection, fakes.connect('7').connection];
  for (const connection of [one, two]) registry.join(connection, 'g', MembershipSource.Join);
  registry.join(one, 'g', MembershipSource.Token);
  registry.remove(one);
  expect(attended).toEqual(['+user 7', '+group g']);
  registry.leave(two, 'g', MembershipSource.Join);
  registry.retire(two);
  expect(attended).toEqual(['+user 7', '+group g', '-group g', '-user 7']);
});
