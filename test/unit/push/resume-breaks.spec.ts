import { beforeEach, describe, expect, it } from '@jest/globals';
import { OutgoingMessage } from '../../../src/core/outgoing-message.js';
import { PushError } from '../../../src/core/push-error.js';
import { encodeFrame } from '../../../src/protocol/frame-encoder.js';
import { Hearing } from '../../../src/push/hearing.js';
import { ResumeService } from '../../../src/push/resume.service.js';
import { FakeTransport } from '../../../src/testing/fake-transport.js';
import { FakeConnections } from '../../support/fake-connections.js';
import type { FakePeer } from '../../support/fake-connections.js';
import { at, ScriptedLog, turn } from '../../support/scripted-log.js';

let fakes: FakeConnections;
let log: ScriptedLog;
let failures: unknown[];
let service: ResumeService;

beforeEach(() => {
  fakes = new FakeConnections();
  log = new ScriptedLog();
  failures = [];
  const { registry, scheduler, clock } = fakes;
  const hearing = new Hearing({ log, registry });
  service = new ResumeService({ log, hearing, registry, scheduler, clock, onFailure: (cause) => failures.push(cause) });
});

function breakLog(number: number): void {
  log.isFollowing = false;
  service.interrupted(at(number), () => true);
}

async function mendLog(): Promise<void> {
  log.isFollowing = true;
  service.recovered();
  await turn();
}

function deliver(number: number): void {
  fakes.fanOut.deliver(new OutgoingMessage(`{"event":"m${number}"}`, undefined, number), { all: true });
}

function comeBack(peer: FakePeer, number: number): Promise<void> {
  return service.resume(peer.connection, at(number), ({ cursor, resumed }) =>
    peer.connection.greet(encodeFrame('push:welcome', { cursor, resumed }), cursor),
  );
}

function eventsOf(peer: FakePeer): string[] {
  return fakes.receivedBy(peer).map(({ event }) => event);
}

describe('a break of the log', () => {
  it('is mended for those who are connected: what passed by, then what came since', async () => {
    const peer = fakes.connect();
    deliver(1);
    breakLog(1);
    await mendLog();
    deliver(4);

    await log.answer([2, 3, 4]);
    deliver(5);

    expect(log.reads.map(({ after }) => after)).toEqual([at(1)]);
    expect(eventsOf(peer)).toEqual(['m1', 'm2', 'm3', 'm4', 'm5']);
  });

  it('lets replies through meanwhile', () => {
    const peer = fakes.connect();

    breakLog(1);
    peer.connection.reply('{"event":"push:pong"}');

    expect(eventsOf(peer)).toEqual(['push:pong']);
  });

  it('holds who comes with a place: welcome at once, replay when it is over', async () => {
    breakLog(3);
    const peer = fakes.connect();

    await comeBack(peer, 2);
    expect(eventsOf(peer)).toEqual(['push:welcome']);
    expect(peer.transport.received[0]?.data).toMatchObject({ resumed: false });
    await mendLog();
    await log.answer([3]);

    expect(log.reads.map(({ after }) => after)).toEqual([at(2)]);
    expect(eventsOf(peer)).toEqual(['push:welcome', 'm3']);
  });

  it('that comes during a replay is mended too, whether or not it is over when the page comes', async () => {
    const [late, early] = [fakes.connect('1'), fakes.connect('2')];
    void comeBack(late, 0);
    void comeBack(early, 0);

    breakLog(2);
    await log.answer([1, 2]);
    await mendLog();
    await log.answer([1, 2]);
    for (let count = 0; count < 2; count++) await log.answer([3], { resumedFrom: at(2) });
    deliver(4);

    expect(eventsOf(late)).toEqual(['push:welcome', 'm1', 'm2', 'm3', 'm4']);
    expect(eventsOf(early)).toEqual(['push:welcome', 'm1', 'm2', 'm3', 'm4']);
  });

  it('ends open polls, which come back with their place', () => {
    const { transport } = fakes.connect('7', {}, new FakeTransport('poll'));

    breakLog(1);

    expect(transport.closed?.code).toBe(1001);
  });

  it('a second time begins from where the first was mended to', async () => {
    const peer = fakes.connect();
    breakLog(1);
    await mendLog();
    await log.answer([2], { hasMore: true });
    breakLog(9);
    await log.answer([3]);
    await mendLog();
    await log.answer([4]);

    expect(log.reads.map(({ after }) => after)).toEqual([at(1), at(2), at(3)]);
    expect(eventsOf(peer)).toEqual(['m2', 'm3', 'm4']);
  });
});

describe('a log that begins anew while it is read for somebody', () => {
  it('is read from its beginning, and nothing of the old one comes behind that', async () => {
    const peer = fakes.connect();
    void comeBack(peer, 7);
    deliver(8);
    fakes.fanOut.deliver(new OutgoingMessage('{"event":"passing"}'), { all: true });
    breakLog(8);
    await log.answer([], new PushError('PUSH_ERR_UNAVAILABLE', 'no'));
    await mendLog();
    deliver(3);
    await log.answer([1, 2], { gap: 'reset' });

    expect(eventsOf(peer)).toEqual(['push:welcome', 'push:gap', 'm1', 'm2', 'passing', 'm3']);
    expect(log.reads.map(({ after }) => after)).toEqual([at(7), at(7)]);
  });
});

describe('a read that finds the log out of reach', () => {
  const outOfReach = new PushError('PUSH_ERR_UNAVAILABLE', 'no');

  it('is done again, and closes nobody', async () => {
    const peer = fakes.connect();
    void comeBack(peer, 0);
    await log.answer([], outOfReach);
    expect(eventsOf(peer)).toEqual(['push:welcome']);

    fakes.clock.advance(1_000);
    await turn();
    await log.answer([1]);

    expect(eventsOf(peer)).toEqual(['push:welcome', 'm1']);
    expect(failures).toEqual([]);
  });

  it('waits for the end of the break it fell into', async () => {
    const peer = fakes.connect();
    void comeBack(peer, 0);
    breakLog(0);
    await log.answer([], outOfReach);
    await mendLog();
    await log.answer([1]);

    expect(log.reads).toHaveLength(2);
    expect(eventsOf(peer)).toEqual(['push:welcome', 'm1']);
  });
});
