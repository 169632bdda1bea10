import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { CloseCode } from '../../../src/protocol/close-codes.js';
import { FakeTransport } from '../../../src/testing/fake-transport.js';
import { SESSION_OPTIONS } from '../../support/fake-sessions.js';
import { FakeUpstream } from '../../support/fake-upstream.js';
import type { SentFrame } from '../../support/fake-upstream.js';
import { turn } from '../../support/scripted-log.js';

let upstream: FakeUpstream;

beforeEach(() => {
  upstream = new FakeUpstream();
});

const ok = (data: unknown, ref?: string) => ({ event: 'push:ok', data, ...(ref !== undefined && { ref }) });
const codesOf = ({ answers }: SentFrame) => answers.map(({ data }) => (data as { readonly code: string }).code);

/** As many frames as may be sent at once, each when the one before is done. */
async function useUpRate(send: () => SentFrame): Promise<void> {
  for (let count = 0; count < SESSION_OPTIONS.maxFramesPerSecond; count++) {
    send();
    await turn();
  }
}

const begun = () => upstream.handlers.begun.map(({ event }) => event);

describe('UpstreamService', () => {
  describe('answers', () => {
    it('with the first reply to the frame, and once', async () => {
      const { answers } = upstream.send({ event: 'many', ref: 'm' });
      await turn();
      expect(answers).toEqual([ok(1, 'm')]);
    });

    it('where the handler says nothing', async () => {
      const { answers } = upstream.send({ event: 'silent', ref: 's' });
      await turn();
      expect(answers).toEqual([ok(null, 's')]);
    });

    it('what is no frame with what is wrong with it, and its ref', async () => {
      const { answers } = upstream.send('{"event":7,"ref":"r"}');
      await turn();
      expect(answers).toMatchObject([{ event: 'push:error', data: { code: 'bad_message' }, ref: 'r' }]);
    });

    it.each(['push:join', 'push:leave', 'push:auth'])(
      '%s with connection_required, and does no more',
      async (event) => {
        const handle = jest.spyOn(upstream.sessions.frames, 'handle');
        const sent = upstream.send({ event, data: { group: 'room:1', token: 'x' }, ref: 'r' });
        await turn();
        expect([codesOf(sent), sent.answers[0]?.ref]).toEqual([['connection_required'], 'r']);
        expect(handle).not.toHaveBeenCalled();
      },
    );
  });

  describe('carries out', () => {
    it('the frames of a user one at a time, in order', async () => {
      const sent = ['hold', 'a', 'b'].map((event) => upstream.send({ event }));
      await turn();
      expect([begun(), sent.map(({ answers }) => answers.length)]).toEqual([['hold'], [0, 0, 0]]);
      await upstream.handlers.release();
      expect(begun()).toEqual(['hold', 'a', 'b']);
      expect(sent.map(({ answers }) => answers)).toEqual([[ok('hold')], [ok('a')], [ok('b')]]);
    });

    it('those of another user meanwhile', async () => {
      upstream.send({ event: 'hold' });
      const { answers } = upstream.send({ event: 'a' }, { userId: '8' });
      await turn();
      expect(answers).toEqual([ok('a')]);
    });

    it('each as the bearer of its own token, also one that waited', async () => {
      upstream.send({ event: 'hold' }, { scopes: ['one'] });
      upstream.send({ event: 'a' }, { scopes: ['two'] });
      upstream.send({ event: 'b' }, { scopes: ['three'] });
      await turn();
      await upstream.handlers.release();
      expect(upstream.handlers.begun.map(({ scopes }) => scopes)).toEqual([['one'], ['two'], ['three']]);
    });

    it('no frame of a request that has ended', async () => {
      const call = upstream.begin();
      if (!('carryOut' in call)) throw new Error('no place');
      call.end();
      call.carryOut({ type: 'frame', frame: { event: 'a', data: 1, ref: undefined } }, undefined, () => {});
      await turn();
      expect(begun()).toEqual([]);
    });

    it('the frame of a client that has left meanwhile, and answers nobody', async () => {
      const { call, answers } = upstream.send({ event: 'hold' });
      upstream.send({ event: 'a' }).call.end();
      await turn();
      call.end();
      await upstream.handlers.release();
      expect([answers, begun()]).toEqual([[], ['hold', 'a']]);
    });
  });

  describe('refuses', () => {
    it('frames past the rate each time, with a time to come back', async () => {
      await useUpRate(() => upstream.send({ event: 'push:ping' }));
      const past = Array.from({ length: 15 }, () => upstream.send({ event: 'push:ping', ref: 'p' }));
      const limited = { data: { code: 'rate_limited', retryAfterMs: 100 }, ref: 'p' };
      expect(past.map(({ answers }) => answers)).toMatchObject(past.map(() => [limited]));
      upstream.fakes.clock.advance(100);
      const { answers } = upstream.send({ event: 'push:ping' });
      await turn();
      expect(answers).toEqual([{ event: 'push:pong' }]);
    });

    it('a frame for which the queue of its user has no room', async () => {
      upstream.send({ event: 'hold' });
      for (let count = 0; count < 4; count++) upstream.send({ event: 'a' });
      const refused = upstream.send({ event: 'a', ref: 'r' });
      expect([codesOf(refused), refused.answers[0]?.ref]).toEqual([['rate_limited'], 'r']);
      await upstream.handlers.release();
      expect(begun()).toHaveLength(5);
    });

    it('a request when its user has too many under way, until one was answered', async () => {
      upstream = new FakeUpstream({ maxPerUser: 2 });
      upstream.send({ event: 'hold' });
      upstream.begin();
      expect(upstream.begin()).toMatchObject({ status: 429, code: 'user_limit' });
      expect(upstream.begin({ userId: '8' })).not.toHaveProperty('status');
      await upstream.handlers.release();
      expect(upstream.begin()).not.toHaveProperty('status');
      expect(upstream.begin()).toHaveProperty('status', 429);
    });

    it('a request when too many are under way, until a client has left; leaving twice frees one place', () => {
      upstream = new FakeUpstream({ maxConnections: 2 });
      const { call } = upstream.send({ event: 'hold' });
      upstream.begin({ userId: '8' });
      expect(upstream.begin({ userId: '9' })).toMatchObject({ status: 503, code: 'server_full' });
      call.end();
      call.end();
      expect(upstream.begin({ userId: '9' })).not.toHaveProperty('status');
      expect(upstream.begin({ userId: '9' })).toHaveProperty('status', 503);
    });
  });

  describe('tells a request that takes too long so', () => {
    it('after upstreamTimeoutMs, whether its frame is here or not', () => {
      const sent = upstream.send({ event: 'hold' });
      upstream.fakes.clock.advance(29_999);
      expect(sent.isLate).toBe(false);
      upstream.fakes.clock.advance(1);
      expect(sent.isLate).toBe(true);
    });

    it('unless it was answered, or its client has left', async () => {
      const answered = upstream.send({ event: 'a' });
      const left = upstream.send({ event: 'hold' });
      await turn();
      left.call.end();
      upstream.fakes.clock.advance(60_000);
      expect([answered.isLate, left.isLate]).toEqual([false, false]);
    });

    it('and lets none of the user’s later ones wait for a handler that hangs', async () => {
      upstream.send({ event: 'hold' });
      await turn();
      upstream.fakes.clock.advance(30_000);
      const next = upstream.send({ event: 'a' });
      await turn();
      expect(next.answers).toEqual([ok('a')]);
      expect(upstream.handlers.gone).toEqual([upstream.handlers.connections[0]]);
    });

    it('and no more than one of them where the client left whose handler hangs', async () => {
      upstream.send({ event: 'hold' }).call.end();
      await turn();
      upstream.fakes.clock.advance(60_000);
      expect(upstream.send({ event: 'a' }).answers).toEqual([]);
      upstream.fakes.clock.advance(30_000);
      const next = upstream.send({ event: 'a' });
      await turn();
      expect(next.answers).toEqual([ok('a')]);
    });

    it('but goes on with those that wait behind a slow one that is done', async () => {
      upstream.send({ event: 'hold' });
      await turn();
      upstream.fakes.clock.advance(20_000);
      const sent = ['hold', 'a'].map((event) => upstream.send({ event }));
      await upstream.handlers.release();
      upstream.fakes.clock.advance(29_999);
      await upstream.handlers.release();
      expect(sent.map(({ answers }) => answers)).toEqual([[ok('hold')], [ok('a')]]);
    });
  });

  describe('for a stream', () => {
    it('carries the frame out as that connection, with its principal', async () => {
      const { connection } = upstream.stream();
      const { answers } = upstream.send({ event: 'a' }, { scopes: ['other'] }, connection.id);
      await turn();
      expect(answers).toEqual([ok('a')]);
      expect(upstream.handlers.begun).toEqual([{ event: 'a', id: connection.id, scopes: [] }]);
      expect(upstream.handlers.connections).toEqual([]);
    });

    it('tells later replies on the stream', async () => {
      const peer = upstream.stream();
      const { answers } = upstream.send({ event: 'many', ref: 'm' }, {}, peer.connection.id);
      await turn();
      expect(answers).toEqual([ok(1, 'm')]);
      expect(upstream.fakes.receivedBy(peer)).toEqual([ok(2, 'm'), ok(3, 'm')]);
    });

    it('tells only the later ones there when the client of the request has left', async () => {
      const peer = upstream.stream();
      upstream.send({ event: 'hold' }, {}, peer.connection.id);
      const { call, answers } = upstream.send({ event: 'many' }, {}, peer.connection.id);
      call.end();
      await turn();
      await upstream.handlers.release();
      expect([answers, upstream.fakes.receivedBy(peer)]).toEqual([[], [ok(2), ok(3)]]);
    });

    it('answers where the handler says nothing, and nothing on the stream', async () => {
      const peer = upstream.stream();
      const { answers } = upstream.send({ event: 'silent' }, {}, peer.connection.id);
      await turn();
      expect([answers, upstream.fakes.receivedBy(peer)]).toEqual([[ok(null)], []]);
    });

    it.each([
      ['of nobody', () => 'unknown'],
      ['of another user', () => upstream.stream('8').connection.id],
      ['that is a WebSocket', () => upstream.stream('7', new FakeTransport('ws')).connection.id],
      ['that is a poll', () => upstream.stream('7', new FakeTransport('poll')).connection.id],
    ])('%s is forbidden', async (_what, idOf) => {
      const sent = upstream.send({ event: 'a', ref: 'r' }, {}, idOf());
      await turn();
      expect([codesOf(sent), sent.answers[0]?.ref, begun()]).toEqual([['forbidden'], 'r', []]);
    });

    it('says so where the frame, or one before it, has ended the stream', async () => {
      const { connection } = upstream.stream();
      const sent = ['leave', 'a'].map((event) => upstream.send({ event }, {}, connection.id));
      await turn();
      expect([sent.map(codesOf), begun()]).toEqual([[['forbidden'], ['forbidden']], ['leave']]);
    });

    it('ends it when it goes on past the rate, and says why', async () => {
      const peer = upstream.stream();
      const send = () => upstream.send({ event: 'push:ping' }, {}, peer.connection.id);
      await useUpRate(send);
      const past = Array.from({ length: 11 }, send);
      await turn();
      expect(past.map(codesOf)).toEqual(Array.from({ length: 11 }, () => ['rate_limited']));
      // The answer that the end of the stream took away says when to come back, like the others.
      for (const { answers } of past) expect(answers[0]).toHaveProperty('data.retryAfterMs', expect.any(Number));
      expect(peer.transport.closed?.code).toBe(CloseCode.RateLimited);
    });
  });
});
