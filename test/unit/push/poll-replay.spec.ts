import { beforeEach, describe, expect, it } from '@jest/globals';
import { MembershipSource } from '../../../src/core/connection-registry.js';
import { PushError } from '../../../src/core/push-error.js';
import { encodeCursor } from '../../../src/protocol/cursor.js';
import type { Cursor } from '../../../src/protocol/cursor.js';
import { FakePolls } from '../../support/fake-polls.js';
import { eventually } from '../../support/eventually.js';
import { at, cursorAt, loggedAt, turn } from '../../support/scripted-log.js';

const { MAX_QUEUE_BYTES } = FakePolls;

let polls: FakePolls;

beforeEach(() => {
  polls = new FakePolls();
});

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

describe('what a poll was not there for', () => {
  describe('with a place', () => {
    it('asks for what its principal may see after it, as much as fits one answer', () => {
      polls.open({ cursor: cursorAt(3), grantedGroups: ['room:1'] });
      expect(polls.log.reads).toEqual([
        { after: at(3), audience: { userId: '7', groups: ['room:1'] }, maxMessages: 100, maxBytes: MAX_QUEUE_BYTES },
      ]);
    });

    it('answers what was missed at once', async () => {
      polls.comeBack(0);
      await polls.log.answer([1, 2], { through: at(5) });
      expect(polls.told()).toEqual([{ events: ['m1', 'm2'], cursor: cursorAt(5), more: false }]);
      expect(polls.connectionCounts).toEqual([0, 0]);
    });

    it('says that there is more to be read', async () => {
      polls.comeBack(0);
      await polls.log.answer([1, 2], { hasMore: true });
      expect(polls.told()).toEqual([{ events: ['m1', 'm2'], cursor: cursorAt(2), more: true }]);
    });

    it('waits where nothing was missed', async () => {
      polls.comeBack(3);
      await polls.log.answer([], { through: at(3) });
      expect(polls.answers).toEqual([]);
      polls.deliver(4);
      await turn();
      expect(polls.told()).toEqual([{ events: ['m4'], cursor: cursorAt(4), more: false }]);
    });

    it('answers at once where nothing was missed and it is not to wait', async () => {
      polls.comeBack(3, 0);
      await polls.log.answer([], { through: at(3) });
      expect(polls.answers).toHaveLength(1);
    });

    it('has no message twice that came during the read and was read', async () => {
      polls.comeBack(0);
      for (const number of [1, 2, 3]) polls.deliver(number);
      await turn();
      await polls.log.answer([1, 2]);
      expect(polls.told()).toEqual([{ events: ['m1', 'm2', 'm3'], cursor: cursorAt(3), more: false }]);
    });

    it('has what was still on its way when the read ended, once', async () => {
      polls.comeBack(0);
      const read = polls.log.answer([1, 2]);
      for (const number of [2, 3]) polls.deliver(number);
      await read;
      expect(polls.told()).toEqual([{ events: ['m1', 'm2', 'm3'], cursor: cursorAt(3), more: false }]);
    });

    it('has nothing whose time was over before the read ended, whether it came meanwhile or was read', async () => {
      polls.comeBack(0);
      const brief = polls.deliver(2, 0, performance.now() + 20);
      polls.deliver(3);
      await turn();
      await eventually(() => brief.isOver);
      await polls.log.answer([1], { messages: [loggedAt(1, performance.now() - 1)] });
      expect(polls.told()).toEqual([{ events: ['m3'], cursor: cursorAt(3), more: false }]);
    });

    it('waits where the time of all that it would have had was over', async () => {
      polls.comeBack(1);
      const brief = polls.deliver(2, 0, performance.now() + 20);
      await turn();
      await eventually(() => brief.isOver);
      await polls.log.answer([], { through: at(1) });
      expect(polls.answers).toEqual([]);
    });

    it('answers what came during a read that found nothing', async () => {
      polls.comeBack(3);
      polls.deliver(4);
      await turn();
      expect(polls.answers).toEqual([]);
      await polls.log.answer([], { through: at(3) });
      expect(polls.told()).toEqual([{ events: ['m4'], cursor: cursorAt(4), more: false }]);
    });

    it('is not set back by a message that is not kept', async () => {
      polls.comeBack(0);
      polls.deliverFleeting('passing', 1);
      await turn();
      await polls.log.answer([1, 2]);
      expect(polls.told()).toEqual([{ events: ['m1', 'm2', 'passing'], cursor: cursorAt(2), more: false }]);
    });

    it('leaves for the next answer what was too much during the read', async () => {
      polls.comeBack(0);
      for (const number of range(2, 5)) polls.deliver(number, MAX_QUEUE_BYTES / 2);
      await turn();
      await polls.log.answer([1]);
      expect(polls.told()).toEqual([{ events: ['m1'], cursor: cursorAt(1), more: true }]);
    });

    it('answers at once that there is more where the read found nothing and too much came meanwhile', async () => {
      polls.comeBack(1);
      for (const number of range(2, 5)) polls.deliver(number, MAX_QUEUE_BYTES / 2);
      await turn();
      await polls.log.answer([], { through: at(1) });
      expect(polls.told()).toEqual([{ events: [], cursor: cursorAt(1), more: true }]);
    });

    it('reads again when its groups changed during the read', async () => {
      polls.comeBack(0);
      const [connection] = polls.fakes.registry.ofUser('7');
      if (connection) polls.fakes.registry.join(connection, 'late', MembershipSource.Server);
      await polls.log.answer([1]);
      expect(polls.answers).toEqual([]);
      await polls.log.answer([1, 2]);
      expect(polls.log.reads.map(({ audience }) => audience.groups)).toEqual([[], ['late']]);
      expect(polls.told()).toEqual([{ events: ['m1', 'm2'], cursor: cursorAt(2), more: false }]);
    });

    it('is refused for a while when the read fails', async () => {
      const cause = new Error('out of reach');
      polls.comeBack(0);
      await polls.log.answer([], cause);
      expect(polls.answers).toMatchObject([{ type: 'refused', refusal: { status: 503, code: 'unavailable' } }]);
      expect([polls.failures, polls.connectionCounts]).toEqual([[cause], [0, 0]]);
    });

    it('is no failure where the log is out of reach for a while', async () => {
      polls.comeBack(0);
      await polls.log.answer([], new PushError('PUSH_ERR_UNAVAILABLE', 'no', { retryAfterMs: 1_000 }));
      expect(polls.answers).toMatchObject([{ type: 'refused', refusal: { status: 503, code: 'unavailable' } }]);
      expect(polls.failures).toEqual([]);
    });
  });

  describe('after a gap', () => {
    const resumedFrom: Cursor = [{ epoch: 'epoch', number: 0, toldThrough: 4 }];
    const gapText = `{"event":"push:gap","data":{"reason":"expired"},"cursor":"${encodeCursor(resumedFrom)}"}`;

    it('tells of it first, with the place to go on from', async () => {
      polls.comeBack(0);
      await polls.log.answer([5], { gap: 'expired', resumedFrom });
      expect(polls.told()).toEqual([{ events: ['push:gap', 'm5'], cursor: cursorAt(5), more: false }]);
      expect(polls.answers).toMatchObject([{ messages: [gapText, expect.any(String)] }]);
    });

    it('answers at once for the sake of the gap alone', async () => {
      polls.comeBack(0);
      await polls.log.answer([], { gap: 'reset', through: at(0) });
      expect(polls.told()).toEqual([{ events: ['push:gap'], cursor: cursorAt(0), more: false }]);
    });

    it('keeps room for the gap in a full answer', async () => {
      polls.comeBack(0);
      await polls.log.answer(range(5, 104), { gap: 'expired', resumedFrom });
      await polls.log.answer(range(5, 103), { hasMore: true });
      expect(polls.log.reads[1]).toMatchObject({ after: resumedFrom, maxMessages: 99 });
      const [{ events, ...rest }] = polls.told() as [{ readonly events: readonly string[] }];
      expect(polls.answers[0]).toMatchObject({ messages: expect.arrayContaining([gapText]) });
      expect([events.length, events[0], rest]).toEqual([100, 'push:gap', { cursor: cursorAt(103), more: true }]);
    });

    it('tells a text that is no cursor where to go on from, at once', () => {
      polls.log.position = at(9);
      polls.open({ cursor: 'nonsense' });
      expect(polls.answers).toEqual([
        {
          type: 'messages',
          messages: [`{"event":"push:gap","data":{"reason":"invalid_cursor"},"cursor":"${cursorAt(9)}"}`],
          cursor: cursorAt(9),
          more: false,
        },
      ]);
      expect(polls.log.reads).toEqual([]);
    });
  });
});
