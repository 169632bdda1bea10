import { beforeEach, describe, expect, it } from '@jest/globals';
import { OutgoingMessage } from '../../../src/core/outgoing-message.js';
import { CloseCode } from '../../../src/protocol/close-codes.js';
import { MAX_POLL_MESSAGES, OpenPoll } from '../../../src/push/open-poll.js';
import type { PollAnswer, PollOwner } from '../../../src/push/open-poll.js';
import { at, cursorAt } from '../../support/scripted-log.js';

const MAX_BYTES = 10_000;
const START = cursorAt(0);

class RecordingOwner implements PollOwner {
  arrivals = 0;
  readonly answers: PollAnswer[] = [];

  arrived(): void {
    this.arrivals++;
  }

  closed(_poll: OpenPoll, answer: PollAnswer): void {
    this.answers.push(answer);
  }
}

let owner: RecordingOwner;
let poll: OpenPoll;

beforeEach(() => {
  owner = new RecordingOwner();
  poll = new OpenPoll(owner, MAX_BYTES, START);
});

/** A kept message as the log numbers it. */
function kept(number: number, data: unknown = ''): OutgoingMessage {
  const cursor = cursorAt(number);
  return new OutgoingMessage(JSON.stringify({ event: `m${number}`, data, cursor }), cursor, number);
}

/** A message that is not kept: it carries the place before it. */
function fleeting(name: string, place: number): OutgoingMessage {
  const cursor = cursorAt(place);
  return new OutgoingMessage(JSON.stringify({ event: name, data: '', cursor }), cursor);
}

function notice(event: string): OutgoingMessage {
  return new OutgoingMessage(JSON.stringify({ event }));
}

/** One write, as a flush makes it. */
function write(...messages: readonly OutgoingMessage[]): void {
  poll.write(Buffer.concat(messages.map((message) => poll.format.encode(message))));
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** The answer with the events for the envelopes. */
function told(answer: PollAnswer | undefined): unknown {
  if (answer?.type !== 'messages') return answer;
  const { messages, cursor, more } = answer;
  return { events: messages.map((text) => (JSON.parse(text) as { event: string }).event), cursor, more };
}

const missed = (number: number) => kept(number).text;

describe('OpenPoll', () => {
  describe('while it waits', () => {
    it('tells its owner of the first messages, once', () => {
      write(kept(1), kept(2));
      write(kept(3));
      expect(owner.arrivals).toBe(1);
      expect(told(poll.answerLive(START))).toEqual({ events: ['m1', 'm2', 'm3'], cursor: cursorAt(3), more: false });
    });

    it('carries envelopes unchanged, whatever is in them', () => {
      const message = kept(1, 'tab \t, line \n, täglich 🚚, 5\tcursor\t{}');
      write(message);
      expect(poll.answerLive(START)).toMatchObject({ messages: [message.text] });
    });

    it('does not end the wait for a notice, and puts it behind the messages of the answer', () => {
      write(notice('push:expiring'));
      expect([owner.arrivals, poll.hasMessages]).toEqual([0, false]);
      write(kept(1));
      expect(told(poll.answerLive(START))).toEqual({
        events: ['m1', 'push:expiring'],
        cursor: cursorAt(1),
        more: false,
      });
    });

    it('has the place that it is given when nothing has come', () => {
      write(notice('push:expiring'));
      expect(told(poll.answerLive(cursorAt(9)))).toEqual({
        events: ['push:expiring'],
        cursor: cursorAt(9),
        more: false,
      });
    });

    it('answers the most messages of one answer, with the place of the last and that there are others', () => {
      write(...range(1, MAX_POLL_MESSAGES + 1).map((number) => kept(number)));
      const { events, ...rest } = told(poll.answerLive(START)) as { readonly events: readonly string[] };
      expect([events.length, events.at(-1), rest]).toEqual([100, 'm100', { cursor: cursorAt(100), more: true }]);
    });

    it('says of exactly so many that they are all', () => {
      write(...range(1, MAX_POLL_MESSAGES).map((number) => kept(number)));
      expect(poll.answerLive(START)).toMatchObject({ cursor: cursorAt(100), more: false });
    });

    it('tells its owner again when there is no room for more messages', () => {
      write(kept(1));
      write(...range(2, MAX_POLL_MESSAGES - 1).map((number) => kept(number)));
      expect([owner.arrivals, poll.isTooMuch]).toEqual([1, false]);
      write(kept(MAX_POLL_MESSAGES));
      expect([owner.arrivals, poll.isTooMuch]).toEqual([2, true]);
    });

    it('tells its owner again when it has more bytes than it may', () => {
      const first = poll.format.encode(kept(1)).length;
      const padding = MAX_BYTES - first - poll.format.encode(kept(2)).length;
      write(kept(1));
      write(kept(2, 'x'.repeat(padding)));
      expect([owner.arrivals, poll.isTooMuch]).toEqual([1, false]);
      write(kept(3));
      expect([owner.arrivals, poll.isTooMuch]).toEqual([2, true]);
    });

    it('takes nothing once it is answered', () => {
      poll.isOpen = false;
      write(kept(1));
      expect([owner.arrivals, poll.hasMessages]).toEqual([0, false]);
    });
  });

  describe('while what was missed is read', () => {
    beforeEach(() => {
      poll.isReading = true;
    });

    it('does not ask for an answer', () => {
      write(kept(1));
      expect(owner.arrivals).toBe(0);
    });

    it('has no message twice that came and was read', () => {
      write(kept(1), kept(2), kept(3));
      const answer = poll.answerMissed([missed(1), missed(2)], at(2), false);
      expect(told(answer)).toEqual({ events: ['m1', 'm2', 'm3'], cursor: cursorAt(3), more: false });
    });

    it('has each message once where all that came was read', () => {
      write(kept(1), kept(2));
      const answer = poll.answerMissed([missed(1), missed(2)], at(2), false);
      expect(told(answer)).toEqual({ events: ['m1', 'm2'], cursor: cursorAt(2), more: false });
    });

    it('leaves what came for later where there is more to be read before it', () => {
      write(kept(5));
      const answer = poll.answerMissed([missed(1)], at(1), true);
      expect(told(answer)).toEqual({ events: ['m1'], cursor: cursorAt(1), more: true });
    });

    it('fills up the room that is left, and says that there is more', () => {
      write(kept(100), kept(101));
      const answer = poll.answerMissed(range(1, 99).map(missed), at(99), false);
      expect(answer).toMatchObject({ cursor: cursorAt(100), more: true });
      expect((answer as { readonly messages: readonly string[] }).messages).toHaveLength(100);
    });

    it('passes no message for which there is no room', () => {
      write(kept(101));
      const answer = poll.answerMissed(range(1, 100).map(missed), at(100), false);
      expect(answer).toMatchObject({ cursor: cursorAt(100), more: true });
    });

    it('gives up what came when that is too much, and has it read', () => {
      write(kept(2), kept(3, 'x'.repeat(MAX_BYTES)));
      expect(poll.hasMessages).toBe(false);
      write(kept(4));
      expect(poll.hasMessages).toBe(false);
      const answer = poll.answerMissed([missed(1)], at(1), false);
      expect(told(answer)).toEqual({ events: ['m1'], cursor: cursorAt(1), more: true });
    });

    it('holds as many bytes as it may', () => {
      const padding = MAX_BYTES - poll.format.encode(kept(2)).length;
      write(kept(2, 'x'.repeat(padding)));
      const answer = poll.answerMissed([], at(1), false);
      expect(told(answer)).toEqual({ events: ['m2'], cursor: cursorAt(2), more: false });
    });

    it('lets no message that is not kept set the client back behind what was read', () => {
      write(fleeting('passing', 1), kept(2));
      const answer = poll.answerMissed([missed(2)], at(2), false);
      expect(told(answer)).toEqual({ events: ['m2', 'passing'], cursor: cursorAt(2), more: false });
      expect((answer as { readonly messages: readonly string[] }).messages[1]).toBe(fleeting('passing', 2).text);
    });

    it('holds no message that is not kept and was published before the place of the client', () => {
      poll = new OpenPoll(owner, MAX_BYTES, cursorAt(3));
      write(fleeting('at 2', 2), fleeting('at 3', 3), fleeting('at 4', 4));
      const answer = poll.answerMissed([missed(4)], at(4), false);
      expect(told(answer)).toEqual({ events: ['m4', 'at 4'], cursor: cursorAt(4), more: false });
    });

    it('leaves a message that is not kept its place where that lies behind a live one', () => {
      write(fleeting('before', 1), kept(3), fleeting('after', 3), kept(4));
      const answer = poll.answerMissed([missed(2)], at(2), false);
      expect((answer as { readonly messages: readonly string[] }).messages).toEqual([
        missed(2),
        fleeting('before', 2).text,
        missed(3),
        fleeting('after', 3).text,
        missed(4),
      ]);
    });

    it('sets nobody back by the last message, which is not kept and came behind those that were read', () => {
      write(kept(1), fleeting('passing', 1));
      const answer = poll.answerMissed([missed(1), missed(2)], at(2), false);
      expect(told(answer)).toEqual({ events: ['m1', 'm2', 'passing'], cursor: cursorAt(2), more: false });
    });
  });

  describe('when it is closed', () => {
    it.each([
      [CloseCode.TokenExpired, 401, 'unauthorized'],
      [CloseCode.TokenRevoked, 401, 'unauthorized'],
      [CloseCode.Forbidden, 403, 'closed'],
      [CloseCode.DisconnectedByAdmin, 403, 'closed'],
      [CloseCode.Replaced, 403, 'closed'],
      [CloseCode.RateLimited, 429, 'rate_limited'],
      [CloseCode.HeartbeatMissed, 503, 'unavailable'],
      [CloseCode.SlowConsumer, 503, 'unavailable'],
      [4_100, 503, 'unavailable'],
      [4_600, 403, 'closed'],
    ])('with %d is refused with %d', (closeCode, status, code) => {
      write(notice('push:expiring'));
      poll.close(closeCode, 'because');
      expect(owner.answers).toMatchObject([{ type: 'refused', refusal: { status, code, detail: 'because' } }]);
    });

    it('says when to come back, where it was told', () => {
      poll.close(CloseCode.RateLimited, '', { reconnectInMs: 7_000, withinMs: 0 });
      expect(owner.answers).toMatchObject([{ refusal: { headers: { 'Retry-After': '7' } } }]);
    });

    it.each([CloseCode.GoingAway, CloseCode.ServiceRestart])('with %d says goodbye at the place it had', (code) => {
      write(notice('push:draining'));
      poll.close(code, 'restart');
      expect(owner.answers.map(told)).toEqual([{ events: ['push:draining'], cursor: START, more: false }]);
    });

    it.each([CloseCode.ServiceRestart, CloseCode.TokenExpired])('with %d has the messages that it was owed', (code) => {
      write(kept(1));
      poll.close(code, '');
      expect(owner.answers.map(told)).toEqual([{ events: ['m1'], cursor: cursorAt(1), more: false }]);
    });

    it('during a read has no message, for those before it are not known', () => {
      poll.isReading = true;
      write(kept(2), notice('push:draining'));
      poll.close(CloseCode.ServiceRestart, '');
      expect(owner.answers.map(told)).toEqual([{ events: ['push:draining'], cursor: START, more: false }]);
    });

    it('during a read is refused although messages came', () => {
      poll.isReading = true;
      write(kept(2));
      poll.close(CloseCode.TokenExpired, '');
      expect(owner.answers).toMatchObject([{ type: 'refused', refusal: { status: 401 } }]);
    });

    it('by force says goodbye', () => {
      poll.terminate();
      expect(owner.answers.map(told)).toEqual([{ events: [], cursor: START, more: false }]);
    });

    it('after its answer says nothing', () => {
      poll.isOpen = false;
      poll.close(CloseCode.ServiceRestart, '');
      poll.terminate();
      expect(owner.answers).toEqual([]);
    });
  });
});
