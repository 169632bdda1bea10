/** Attacks by frames, as a client on a WebSocket sends them and as one without sends them by POST. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Envelope } from '../../src/protocol/frames.js';
import { ask } from '../support/http-request.js';
import { PLATFORMS } from '../support/push-app.js';
import { SseClient } from '../support/sse-client.js';
import { bearer, signToken } from '../support/tokens.js';
import type { WsClient } from '../support/ws-client.js';
import { AttackedApp } from './attacked-app.js';

const WAYS = ['over a WebSocket', 'by POST for an event stream', 'by POST alone'] as const;
type Way = (typeof WAYS)[number];

const NAMES_OF_OTHERS = [
  ...['user:7', 'room', 'all', '@all', 'push:all', 'conn:1', 'members:staff', 'Room:a', 'ROOM:A'],
  ...['t2:room:a', 'tenant.room:a'],
];
const NO_NAMES = [
  ...['*', 'user:*', 'room:?'],
  ...['../room:a', 'room:{tag}', 'room:a\r\n', 'room:\u0000', '', 'room:a,room:b', 'r\u043e\u043em:a', 'room:a%00'],
  ...['x'.repeat(10_240), 'room:\u202ea', 'room:a b'],
];

describe.each(PLATFORMS)('a client on %s that sends', (platform) => {
  let attacked: AttackedApp;
  let socket: WsClient;
  let stream: SseClient;
  let streamId: string;

  beforeAll(async () => {
    attacked = await AttackedApp.start(platform, { maxFramesPerSecond: 10_000 });
    socket = await attacked.app.connect('attacker');
    stream = await SseClient.open(`${attacked.app.origin}/push/sse`, bearer(signToken({ sub: 'attacker' })));
    const welcome = (await stream.next('push:welcome')) as { readonly data: { readonly connectionId: string } };
    streamId = welcome.data.connectionId;
  });
  afterAll(async () => {
    stream.close();
    await attacked.stop();
  });

  /** Sends one frame and answers the reply. */
  async function send(way: Way, frame: string, ref: string): Promise<Envelope> {
    if (way === 'over a WebSocket') {
      socket.socket.send(frame);
      return socket.next((reply) => reply.ref === ref);
    }
    const { text } = await ask(`${attacked.app.origin}/push/upstream`, {
      method: 'POST',
      headers: {
        ...bearer(signToken({ sub: 'attacker' })),
        'content-type': 'application/json',
        ...(way !== 'by POST alone' && { 'push-connection': streamId }),
      },
      body: frame,
    });
    return JSON.parse(text) as Envelope;
  }

  let refs = 0;
  async function codeOf(way: Way, event: string, data?: unknown): Promise<unknown> {
    const ref = `r${++refs}`;
    const { event: answered, data: answer } = await send(way, JSON.stringify({ event, data, ref }), ref);
    return answered === 'push:error' ? (answer as { readonly code: string }).code : answered;
  }

  describe.each(WAYS)('%s', (way) => {
    // A client without a connection has nothing to join.
    const needs = (code: string) => (way === 'by POST alone' ? 'connection_required' : code);

    it.each(NAMES_OF_OTHERS)('a join of %j is forbidden, whether it exists or not', async (group) => {
      expect(await codeOf(way, 'push:join', { group })).toBe(needs('forbidden'));
      expect(await codeOf(way, 'push:send', { to: { group }, event: 'a', data: 1 })).toBe('forbidden');
    });

    it.each(NO_NAMES)('a name that is none (%#) is no group', async (group) => {
      expect(await codeOf(way, 'push:join', { group })).toBe(needs('invalid_data'));
      expect(await codeOf(way, 'push:send', { to: { group }, event: 'a', data: 1 })).toBe('invalid_data');
    });

    it('a message to everyone, or to a user without leave, is refused and reaches nobody', async () => {
      for (const to of [{ all: true }, 'all', { group: 'room:a', user: 'x' }, {}]) {
        expect(await codeOf(way, 'push:send', { to, event: 'a', data: 1 })).toBe('invalid_data');
      }
      for (const user of ['bystander', 'nobody', '*']) {
        expect(await codeOf(way, 'push:send', { to: { user }, event: 'a', data: 1 })).toBe('forbidden');
      }
    });

    it.each([
      'push:kick',
      'push:broadcast',
      'push:disconnect',
      'push:revoke',
      'push:ack',
      'push:admin',
      'push:closing',
    ])('there is no %s: neither operations of administrators nor acknowledgements', async (event) => {
      for (const data of [{ user: 'bystander' }, { seq: -1 }, { seq: 2 ** 53 }, { id: 'x' }, 'x']) {
        expect(await codeOf(way, event, data)).toBe('reserved_event');
      }
    });

    it.each([
      '{"event":"push:send","data":{"to":{"group":"room:a"},"event":"a","data":{"x":{"__proto__":{"polluted":1}}}},"ref":"R"}',
      '{"event":"push:send","data":{"to":{"group":"room:a"},"event":"a","__proto__":{"event":"b"}},"ref":"R"}',
      String.raw`{"event":"push:ping","data":{"\u005f\u005fproto__":1},"ref":"R"}`,
    ])('an own key __proto__ is invalid_data (%#)', async (frame) => {
      const ref = `r${++refs}`;
      const { data } = await send(way, frame.replace('"R"', `"${ref}"`), ref);
      expect(data).toMatchObject({ code: 'invalid_data' });
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    });

    it('the keys constructor and prototype are data like any other', async () => {
      const member = await attacked.app.connect('member', { groups: ['room:keys'] });
      const data = { constructor: { prototype: { polluted: 1 } }, prototype: null };
      expect(await codeOf(way, 'push:send', { to: { group: 'room:keys' }, event: 'a', data })).toBe('push:ok');
      expect((await member.next('a')).data).toEqual(data);
      await member.close();
    });

    it('its own name in the place of another, or stamps of the server, changes nothing', async () => {
      const member = await attacked.app.connect('member', { groups: ['room:stamps'] });
      const forged = { from: 'admin', id: 'x', cursor: 'x', ts: 'x' };
      const data = { to: { group: 'room:stamps' }, event: 'a', data: 1, ...forged };
      expect(await codeOf(way, 'push:send', data)).toBe('push:ok');
      const message = await member.next('a');
      expect(message).toMatchObject({ from: 'attacker', data: 1 });
      for (const stamp of ['id', 'cursor', 'ts'] as const) expect(message[stamp]).not.toBe('x');
      await member.close();
    });
  });

  it('with ?groups= full of names of others joins none of them', async () => {
    const groups = [...NAMES_OF_OTHERS, ...NO_NAMES.filter((name) => name.length < 100)]
      .map(encodeURIComponent)
      .join(',');
    const { text } = await ask(`${attacked.app.origin}/push/poll?wait=0&groups=${groups}`, {
      headers: bearer(signToken({ sub: 'attacker' })),
    });
    const { messages } = JSON.parse(text) as { messages: { event: string; data: { code: string } }[] };
    expect(new Set(messages.map(({ event, data }) => `${event} ${data.code}`))).toEqual(
      new Set(['push:error forbidden']),
    );
    expect(text).not.toContain('\u202e');
  });

  it('thousands of names in ?groups= joins no more than the limit', async () => {
    const groups = Array.from({ length: 1_000 }, (_, index) => `room:${index}`).join(',');
    const client = await attacked.app.connect('attacker', {}, { query: `?groups=${groups}` });
    await client.settled();
    const { items } = await attacked.app.push.connections({ user: 'attacker' }, {});
    for (const { groups: joined } of items) expect(joined.length).toBeLessThanOrEqual(100);
    await client.close();
  });
});
