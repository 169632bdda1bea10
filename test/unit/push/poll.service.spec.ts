import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { CloseCode } from '../../../src/protocol/close-codes.js';
import { FakePolls } from '../../support/fake-polls.js';
import { SESSION_OPTIONS } from '../../support/fake-sessions.js';
import { at, cursorAt, turn } from '../../support/scripted-log.js';

const { WAIT_MS, MAX_QUEUE_BYTES } = FakePolls;

let polls: FakePolls;

beforeEach(() => {
  polls = new FakePolls();
});

function closeWith(code: CloseCode): void {
  for (const connection of polls.fakes.registry.ofUser('7')) connection.close(code);
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

describe('PollService', () => {
  it('leaves a client where it is when it ends before the node hears for it', async () => {
    polls.log.position = at(9);
    polls.log.unheard.add('7');
    polls.comeBack(4);
    await turn();
    closeWith(CloseCode.GoingAway);
    expect(polls.told()).toEqual([{ events: [], cursor: cursorAt(4), more: false }]);
  });

  describe('without a place', () => {
    it('waits, as a connection that messages reach', async () => {
      polls.open();
      await turn();
      expect([polls.answers, polls.log.reads, polls.fakes.registry.transportCounts.poll]).toEqual([[], [], 1]);
    });

    it('answers everything that comes in one turn at once, and frees the connection', async () => {
      polls.open();
      for (const number of [1, 2, 3]) polls.deliver(number);
      await turn();
      expect(polls.told()).toEqual([{ events: ['m1', 'm2', 'm3'], cursor: cursorAt(3), more: false }]);
      expect(polls.connectionCounts).toEqual([0, 0]);
    });

    it('answers what is flushed later in the same turn with it', async () => {
      polls.open();
      for (const number of [1, 2]) {
        polls.deliver(number);
        polls.fakes.scheduler.flushAll();
      }
      await turn();
      expect(polls.told()).toMatchObject([{ events: ['m1', 'm2'] }]);
    });

    it('is empty after its wait, at the place where the log is by then', async () => {
      polls.open();
      polls.log.position = at(4);
      polls.fakes.clock.advance(WAIT_MS - 1);
      expect(polls.answers).toEqual([]);
      polls.fakes.clock.advance(1);
      expect(polls.told()).toEqual([{ events: [], cursor: cursorAt(4), more: false }]);
      expect(polls.connectionCounts).toEqual([0, 0]);
    });

    it('has what was on the way when its wait ends', () => {
      polls.open();
      polls.deliver(1);
      polls.log.position = at(1);
      polls.fakes.clock.advance(WAIT_MS);
      expect(polls.told()).toEqual([{ events: ['m1'], cursor: cursorAt(1), more: false }]);
    });

    it('answers at once where it is not to wait', () => {
      polls.log.position = at(4);
      polls.open({}, 0);
      expect(polls.told()).toEqual([{ events: [], cursor: cursorAt(4), more: false }]);
    });

    it('leaves no timer behind when it is answered', async () => {
      const cancel = jest.fn();
      jest.spyOn(polls.fakes.clock, 'after').mockReturnValue(cancel);
      polls.open();
      polls.deliver(1);
      await turn();
      expect(cancel).toHaveBeenCalledTimes(1);
    });

    it('answers once, though its wait ends later and more comes', async () => {
      polls.open();
      polls.deliver(1);
      await turn();
      polls.deliver(2);
      polls.fakes.clock.advance(WAIT_MS);
      await turn();
      expect(polls.told()).toHaveLength(1);
    });

    it('answers 100 of those that come in one turn', async () => {
      polls.open();
      for (const number of range(1, 130)) polls.deliver(number);
      await turn();
      expect(polls.answers).toMatchObject([{ cursor: cursorAt(100), more: true }]);
    });

    it('does not collect more bytes than a queue may have', () => {
      polls.open();
      for (const number of range(1, 4)) polls.deliver(number, MAX_QUEUE_BYTES / 2);
      polls.fakes.scheduler.flushAll();
      expect(polls.told()).toEqual([{ events: ['m1', 'm2', 'm3', 'm4'], cursor: cursorAt(4), more: false }]);
    });
  });

  describe('with something to be told', () => {
    const refusedGroups = [{ group: 'staff', code: 'forbidden' }] as const;

    it('tells of a refused group with the answer, and does not end the wait for it', async () => {
      polls.open({ refusedGroups });
      await turn();
      expect(polls.answers).toEqual([]);
      polls.deliver(1);
      await turn();
      expect(polls.told()).toEqual([{ events: ['push:error', 'm1'], cursor: cursorAt(1), more: false }]);
    });

    it('tells of it where nothing comes', () => {
      polls.open({ refusedGroups });
      polls.fakes.clock.advance(WAIT_MS);
      expect(polls.told()).toEqual([{ events: ['push:error'], cursor: cursorAt(0), more: false }]);
    });

    it('tells of it before what was missed and what is live, and beside a text that is no cursor', async () => {
      polls.open({ cursor: cursorAt(0), refusedGroups });
      polls.deliver(2);
      await polls.log.answer([1]);
      polls.open({ cursor: 'nonsense', refusedGroups });
      expect(polls.told()).toMatchObject([
        { events: ['push:error', 'm1', 'm2'] },
        { events: ['push:error', 'push:gap'] },
      ]);
    });

    it.each([
      ['is about to end', SESSION_OPTIONS.expiringNoticeMs, ['push:expiring']],
      ['lasts', SESSION_OPTIONS.expiringNoticeMs + 1, []],
    ])('is told of a token that %s', (_how, leftMs, events) => {
      const expiresAtMs = polls.fakes.clock.now() + leftMs;
      polls.open({}, 1_000, { expiresAtMs });
      expect([...polls.fakes.registry.ofUser('7')].map(({ isExpiryAnnounced }) => isExpiryAnnounced)).toEqual([
        events.length > 0,
      ]);
      expect(polls.answers).toEqual([]);
      polls.fakes.clock.advance(1_000);
      expect(polls.told()).toMatchObject([{ events }]);
    });
  });

  describe('that ends before its time', () => {
    it('is answered with what its close code means, and is freed', () => {
      polls.open();
      closeWith(CloseCode.TokenExpired);
      expect(polls.answers).toMatchObject([{ type: 'refused', refusal: { status: 401, code: 'unauthorized' } }]);
      expect(polls.connectionCounts).toEqual([0, 0]);
    });

    it('has what was on the way instead', () => {
      polls.open();
      polls.deliver(1);
      closeWith(CloseCode.TokenExpired);
      expect(polls.told()).toEqual([{ events: ['m1'], cursor: cursorAt(1), more: false }]);
    });

    it('says goodbye with the place that it came with, when that was all it had', async () => {
      polls.comeBack(3);
      await polls.log.answer([], { through: at(3) });
      polls.log.position = at(8);
      closeWith(CloseCode.GoingAway);
      expect(polls.told()).toEqual([{ events: [], cursor: cursorAt(3), more: false }]);
    });

    it('is answered once although its read ends later', async () => {
      polls.comeBack(0);
      closeWith(CloseCode.DisconnectedByAdmin);
      await polls.log.answer([1]);
      expect(polls.answers).toMatchObject([{ type: 'refused', refusal: { status: 403 } }]);
      expect(polls.log.reads).toHaveLength(1);
    });

    it('is answered once although nothing was missed and it would wait now', async () => {
      polls.comeBack(0);
      closeWith(CloseCode.DisconnectedByAdmin);
      const after = jest.spyOn(polls.fakes.clock, 'after');
      await polls.log.answer([]);
      expect([polls.answers.length, after.mock.calls]).toEqual([1, []]);
    });
  });

  describe('whose client leaves', () => {
    it('is freed and never answered', async () => {
      const handle = polls.open();
      polls.deliver(1);
      handle.abandon();
      expect(polls.connectionCounts).toEqual([0, 0]);
      await turn();
      polls.fakes.clock.advance(WAIT_MS);
      expect(polls.answers).toEqual([]);
    });

    it('is freed during a read, whatever that finds', async () => {
      polls.open({ cursor: cursorAt(0), grantedGroups: ['room:1'] }).abandon();
      expect(polls.connectionCounts).toEqual([0, 0]);
      await polls.log.answer([1]);
      expect([polls.answers, polls.log.reads.length]).toEqual([[], 1]);
    });

    it('settles what was on its way', () => {
      const handle = polls.open();
      const message = polls.deliver(1);
      handle.abandon();
      expect([message.isSettled, message.written]).toEqual([true, 0]);
    });
  });
});
