import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { PushModuleExtras, PushModuleOptions } from '../../src/push-options.interface.js';
import { eventually } from '../support/eventually.js';
import { PLATFORMS, PushApp } from '../support/push-app.js';
import { RawClient } from '../support/raw-client.js';
import { Opcode, closeFrame, fragments, rawFrame } from '../support/raw-frame.js';
import type { RawFrameOptions } from '../support/raw-frame.js';
import { RoomsAuthorizer } from '../support/rooms.authorizer.js';
import type { WsClient } from '../support/ws-client.js';

const PING = '{"event":"push:ping"}';
const LIMIT = 65_536;

let app: PushApp;
let attacker: RawClient;
let bystander: WsClient;

function text(payload: string | Buffer, options?: RawFrameOptions): Buffer {
  return rawFrame(payload, options);
}

function control(opcode: number, payload: string | Buffer = '', options?: RawFrameOptions): Buffer {
  return rawFrame(payload, { ...options, opcode });
}

/** A frame of exactly so many bytes that is answered with push:pong. */
function pingOf(bytes: number): string {
  const empty = '{"event":"push:ping","data":""}';
  return empty.replace('""', `"${'x'.repeat(bytes - empty.length)}"`);
}

/** The head of a masked text frame that says it is so long. */
function headOf(length: bigint): Buffer {
  const head = Buffer.alloc(14);
  head.writeUInt8(0x81, 0);
  head.writeUInt8(0x80 | 127, 1);
  head.writeBigUInt64BE(length, 2);
  return head;
}

/** The next frame is the answer to a push:ping. */
async function expectPong(): Promise<void> {
  expect((await attacker.nextEnvelope('push:pong')).event).toBe('push:pong');
}

describe.each(PLATFORMS)('a client that sends what it should not, on %s', (platform) => {
  async function start(push: PushModuleOptions & PushModuleExtras = {}): Promise<void> {
    app = await PushApp.start({ platform, push });
    bystander = await app.connect('bystander');
    attacker = await RawClient.open(app.port, 'attacker');
  }

  afterEach(async () => {
    // Whatever the attacker did, the process goes on serving the others.
    await app.push.toUser('bystander', 'still.served');
    await bystander.next('still.served');
    attacker.destroy();
    await eventually(async () => !(await app.push.isOnline('attacker')));
    await app.close();
  });

  describe('on the level of frames', () => {
    beforeEach(() => start());

    it.each<[string, Buffer]>([
      ['an unmasked frame', text(PING, { isMasked: false })],
      ...[1, 2, 4, 7].map((bits): [string, Buffer] => [`reserved bits ${bits}`, text(PING, { reservedBits: bits })]),
      ...[3, 4, 5, 6, 7, 0xb, 0xc, 0xf].map((opcode): [string, Buffer] => [`opcode ${opcode}`, control(opcode, PING)]),
      ['a continuation of nothing', control(Opcode.Continuation, PING)],
      ['a message within a fragmented message', Buffer.concat([text('{', { isFinal: false }), text(PING)])],
      ['a ping in fragments', control(Opcode.Ping, '', { isFinal: false })],
      ['a ping of 126 bytes', control(Opcode.Ping, 'x'.repeat(126))],
      ['a close frame of one byte', control(Opcode.Close, 'x')],
      ['a close frame with a reason of 124 bytes', closeFrame(1000, 'x'.repeat(124))],
      ...[0, 999, 1004, 1005, 1006, 1015, 2999, 5000].map((code): [string, Buffer] => [
        `close code ${code}`,
        closeFrame(code),
      ]),
    ])('is closed with 1002 for %s', async (_what, bytes) => {
      attacker.write(bytes);
      expect(await attacker.closeCode()).toBe(1002);
      await attacker.end();
    });

    it.each<[string, Buffer]>([
      ['a lone continuation byte', text(Buffer.from([0x22, 0x80, 0x22]))],
      ['an overlong form', text(Buffer.from([0xc0, 0xaf]))],
      ['a surrogate', text(Buffer.from([0xed, 0xa0, 0x80]))],
      ['a code point past the last', text(Buffer.from([0xf4, 0x90, 0x80, 0x80]))],
      ['a character cut at the end of the message', text(Buffer.from([0x22, 0xe2, 0x82]))],
      ['a reason of a close frame that is none', control(Opcode.Close, Buffer.from([0x03, 0xe8, 0xc0, 0xaf]))],
    ])('is closed with 1007 for text that is not UTF-8: %s', async (_what, bytes) => {
      attacker.write(bytes);
      expect(await attacker.closeCode()).toBe(1007);
      await attacker.end();
    });

    it('may cut a character between two fragments', async () => {
      const message = Buffer.from('{"event":"push:ping","ref":"€"}');
      const cut = message.indexOf(0x82);
      attacker.write(text(message.subarray(0, cut), { isFinal: false }));
      attacker.write(control(Opcode.Continuation, message.subarray(cut)));
      expect(await attacker.nextEnvelope('push:pong')).toMatchObject({ ref: '€' });
    });

    it.each<[string, Buffer]>([
      ['in one piece', text(pingOf(LIMIT + 1))],
      ['in fragments', fragments(pingOf(LIMIT + 1), 16)],
      ['announced and not sent', headOf(BigInt(LIMIT + 1))],
      ['announced as 16 EiB', headOf(2n ** 64n - 1n)],
      ['binary', control(Opcode.Binary, Buffer.alloc(LIMIT + 1))],
    ])('is closed with 1009 for a message past maxFrameBytes, %s', async (_how, bytes) => {
      attacker.write(bytes);
      expect(await attacker.closeCode()).toBe(1009);
      await attacker.end();
    });

    it.each<[string, Buffer]>([
      ['in one piece', text(pingOf(LIMIT))],
      ['in fragments', fragments(pingOf(LIMIT), 16)],
      ['in 256 fragments', fragments(pingOf(LIMIT), 256)],
    ])('may send a message of maxFrameBytes %s', async (_how, bytes) => {
      attacker.write(bytes);
      await expectPong();
    });

    it.each([257, 20_000])('is closed with 1008 for a message in %d fragments', async (count) => {
      attacker.write(fragments('x'.repeat(count), count));
      expect(await attacker.closeCode()).toBe(1008);
      await attacker.end();
    });

    it('is closed with 1008 for empty fragments without end', async () => {
      const empty = control(Opcode.Continuation, '', { isFinal: false });
      attacker.write(Buffer.concat([text('', { isFinal: false }), ...Array<Buffer>(100_000).fill(empty)]));
      expect(await attacker.closeCode()).toBe(1008);
      await attacker.end();
    });

    it.each<[string, Buffer]>([
      ['a binary frame', control(Opcode.Binary, Buffer.from([0, 1, 2]))],
      ['an empty binary frame', control(Opcode.Binary)],
      ['JSON in a binary frame', control(Opcode.Binary, PING)],
      [
        'binary fragments',
        Buffer.concat([control(Opcode.Binary, 'a', { isFinal: false }), control(Opcode.Continuation, 'b')]),
      ],
    ])('is closed with 1003 for %s', async (_what, bytes) => {
      attacker.write(bytes);
      expect(await attacker.closeCode()).toBe(1003);
    });

    it('is gone for the others at once, even when it does not hang up', async () => {
      attacker.write(text(PING, { isMasked: false }));
      expect(await attacker.closeCode()).toBe(1002);
      await eventually(async () => !(await app.push.isOnline('attacker')), { timeoutMs: 1_000 });
    });

    it('may send a frame one byte at a time', async () => {
      for (const byte of text(PING)) {
        attacker.write(Buffer.from([byte]));
        await new Promise((resolve) => setImmediate(resolve));
      }
      await expectPong();
    });

    it('may hang up in any way, at any byte', async () => {
      const clients = await Promise.all(Array.from({ length: 10 }, () => RawClient.open(app.port, 'attacker')));
      for (const [index, client] of clients.entries()) {
        client.write(text(PING).subarray(0, index * 3));
        if (index % 2 === 0) client.reset();
        else client.finish();
      }
      attacker.destroy();
      await eventually(async () => !(await app.push.isOnline('attacker')));
    });
  });

  describe('on the level of messages', () => {
    beforeEach(() => start());

    it.each([
      ['nothing', ''],
      ['no JSON', 'hello'],
      ['JSON that is cut', '{"event":"push:ping"'],
      ['JSON with something behind it', `${PING}x`],
      ['an array', `[${PING}]`],
      ['a number', '5'],
      ['null', 'null'],
      ['a string', '"push:ping"'],
      ['no event', '{"data":1}'],
      ['an event that is no string', '{"event":["push:ping"]}'],
      ['an empty event', '{"event":""}'],
      ['an event with a space', '{"event":"a b"}'],
      ['an event of 129 characters', `{"event":"${'x'.repeat(129)}"}`],
      ['a ref that is no string', '{"event":"push:ping","ref":1}'],
      ['a ref of 129 characters', `{"event":"push:ping","ref":"${'x'.repeat(129)}"}`],
      ['arrays 1,000 deep', `{"event":"push:ping","data":${'['.repeat(1_000)}${']'.repeat(1_000)}}`],
      ['objects 5,000 deep', `{"event":"push:ping","data":${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}}`],
      ['brackets without end', '['.repeat(60_000)],
    ])('is told bad_message for %s, and may go on', async (_what, message) => {
      attacker.write(text(message));
      expect(await attacker.nextEnvelope('push:error')).toMatchObject({ data: { code: 'bad_message', status: 400 } });
      attacker.write(text(PING));
      await expectPong();
    });

    it('is closed with 4500 for the third text in a row that is no JSON, after its error', async () => {
      for (const message of ['{', 'GET /', 'x', PING]) attacker.write(text(message));
      for (let error = 0; error < 3; error++) await attacker.nextEnvelope('push:error');
      const { opcode, payload } = await attacker.nextFrame();
      expect({ opcode, code: payload.readUInt16BE(0) }).toEqual({ opcode: Opcode.Close, code: 4500 });
    });

    it('begins anew with every good message', async () => {
      for (let round = 0; round < 3; round++) {
        for (const message of ['{', '{', '{"event":"unknown"}']) attacker.write(text(message));
        for (let error = 0; error < 3; error++) await attacker.nextEnvelope('push:error');
      }
      attacker.write(text(PING));
      await expectPong();
    });

    it.each([
      'order',
      'constructor',
      '__proto__',
      'toString',
      'error',
      'close',
      'exception',
      'connection',
      'PUSH:ping',
    ])('is told unknown_event for an event that nothing handles (%s)', async (event) => {
      attacker.write(text(`{"event":"${event}","ref":"r"}`));
      expect(await attacker.nextEnvelope('push:error')).toMatchObject({ ref: 'r', data: { code: 'unknown_event' } });
    });

    it.each(['push:welcome', 'push:ok', 'push:closing', 'push:', 'push:Ping'])(
      'is told reserved_event for what is not a client’s (%s)',
      async (event) => {
        attacker.write(text(`{"event":"${event}","ref":"r"}`));
        expect(await attacker.nextEnvelope('push:error')).toMatchObject({ ref: 'r', data: { code: 'reserved_event' } });
      },
    );

    it.each([
      '{"event":"push:ping","data":{"__proto__":{"polluted":true}}}',
      '{"event":"push:ping","data":[{"a":{"__proto__":1}}]}',
      '{"event":"push:ping","__proto__":{"polluted":true}}',
      '{"event":"push:ping","data":{"\\u005f_proto__":{"polluted":true}}}',
    ])('is told invalid_data for an own key __proto__ (%s)', async (message) => {
      attacker.write(text(message));
      expect(await attacker.nextEnvelope('push:error')).toMatchObject({ data: { code: 'invalid_data' } });
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    });

    it.each([
      ['push:join', undefined],
      ['push:join', null],
      ['push:join', { group: 5 }],
      ['push:join', { group: ['a'] }],
      ['push:join', { group: 'a b' }],
      ['push:join', { group: 'x'.repeat(129) }],
      ['push:leave', { group: 'a\u0000' }],
      ['push:send', {}],
      ['push:send', { to: 'all', event: 'e' }],
      ['push:send', { to: { all: true }, event: 'e' }],
      ['push:send', { to: { group: 'a', user: 'b' }, event: 'e' }],
      ['push:send', { to: { user: 'x'.repeat(256) }, event: 'e' }],
      ['push:send', { to: { user: '7' } }],
      ['push:auth', { token: 5 }],
      ['push:auth', 'a.b.c'],
    ])('is told invalid_data for %s with %j', async (event, data) => {
      attacker.write(text(JSON.stringify({ event, data, ref: 'r' })));
      expect(await attacker.nextEnvelope('push:error')).toMatchObject({ ref: 'r', data: { code: 'invalid_data' } });
    });

    it('hears nothing of what it sent', async () => {
      for (const message of ['<secret>', '{"event":"secret"}', '{"event":"push:join","data":{"group":"secret "}}']) {
        attacker.write(text(message));
        expect(JSON.stringify(await attacker.nextEnvelope('push:error'))).not.toContain('secret');
      }
    });

    it('is told forbidden in the same words whether the target exists or not', async () => {
      const answers = [];
      for (const user of ['bystander', 'nobody']) {
        attacker.write(text(JSON.stringify({ event: 'push:send', data: { to: { user }, event: 'e' } })));
        answers.push(await attacker.nextEnvelope('push:error'));
      }
      expect(answers[0]).toMatchObject({ data: { code: 'forbidden' } });
      expect(answers[1]).toEqual(answers[0]);
    });
  });

  describe('in floods', () => {
    /** What came back by event or opcode, up to the close frame, and its code. */
    async function outcome(): Promise<{ counts: Record<string, number>; code: number }> {
      const counts: Record<string, number> = {};
      for (;;) {
        const { opcode, payload } = await attacker.nextFrame();
        if (opcode === Opcode.Close) return { counts, code: payload.readUInt16BE(0) };
        const envelope = opcode === Opcode.Text ? (JSON.parse(payload.toString()) as ErrorEnvelope) : undefined;
        const what = envelope ? (envelope.data?.code ?? envelope.event) : `opcode ${opcode}`;
        counts[what] = (counts[what] ?? 0) + 1;
      }
    }

    function flood(frame: Buffer, count = 1_000): void {
      attacker.write(Buffer.concat(Array<Buffer>(count).fill(frame)));
    }

    it('of messages is told rate_limited ten times and then closed with 4003', async () => {
      await start({ maxFramesPerSecond: 5 });
      flood(text(PING));
      const { counts, code } = await outcome();
      expect({ refused: counts['rate_limited'], code }).toEqual({ refused: 10, code: 4003 });
      expect(counts['push:pong'] ?? 0).toBeLessThan(20);
    });

    it('is told when there is room again', async () => {
      await start({ maxFramesPerSecond: 1 });
      attacker.write(text(PING));
      await expectPong();
      attacker.write(text('{"event":"push:ping","ref":"r"}'));
      const { ref, data } = await attacker.nextEnvelope('push:error');
      expect(ref).toBe('r');
      expect(data).toMatchObject({ code: 'rate_limited', status: 429, retryable: true });
      expect((data as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(0);
    });

    it.each<[string, Buffer, number]>([
      ['unknown events', text('{"event":"unknown"}'), 4003],
      ['pings', control(Opcode.Ping, 'x'.repeat(125)), 4003],
      ['pongs', control(Opcode.Pong), 4003],
      ['bad messages', text('x'), 4500],
      ['empty messages', text(''), 4500],
    ])('of %s is closed', async (_what, frame, code) => {
      await start({ maxFramesPerSecond: 5 });
      flood(frame);
      expect((await outcome()).code).toBe(code);
    });

    it('of pings gets no more pongs than the rate allows', async () => {
      await start({ maxFramesPerSecond: 5 });
      flood(control(Opcode.Ping));
      expect((await outcome()).counts['opcode 10']).toBeLessThan(20);
    });

    it('that goes on after the close changes nothing', async () => {
      await start({ maxFramesPerSecond: 5 });
      flood(text(pingOf(1_000)), 20_000);
      await outcome();
      flood(text(pingOf(1_000)), 5_000);
      expect(await bystander.request('push:ping')).toMatchObject({ event: 'push:pong' });
      expect(await app.push.isOnline('attacker')).toBe(false);
    });

    it('of joins gets limit_groups past maxGroupsPerConnection', async () => {
      await start({ maxGroupsPerConnection: 5, maxFramesPerSecond: 1_000, authorizer: RoomsAuthorizer });
      for (let room = 0; room < 100; room++) {
        attacker.write(text(JSON.stringify({ event: 'push:join', data: { group: `room:${room}` } })));
      }
      const events = [];
      for (let room = 0; room < 100; room++) events.push(await attacker.nextFrame());
      const codes = events.map(({ payload }) => JSON.parse(payload.toString()) as ErrorEnvelope);
      expect(codes.filter(({ event }) => event === 'push:ok')).toHaveLength(5);
      expect(codes.filter(({ data }) => data?.code === 'limit_groups')).toHaveLength(95);
    });

    it('of joins and leaves stays in no group', async () => {
      await start({ maxGroupsPerConnection: 2, maxFramesPerSecond: 10_000, authorizer: RoomsAuthorizer });
      for (let round = 0; round < 500; round++) {
        for (const event of ['push:join', 'push:leave']) {
          attacker.write(text(JSON.stringify({ event, data: { group: `room:${round}` } })));
        }
      }
      for (let answer = 0; answer < 1_000; answer++) await attacker.nextEnvelope('push:ok');
      const { items } = await app.push.connections({ user: 'attacker' });
      expect(items.map(({ groups }) => groups)).toEqual([[]]);
    });
  });

  describe('without a sign of life', () => {
    beforeEach(() => start({ heartbeatMs: 60, heartbeatTimeoutMs: 60 }));

    it('is pinged, then closed with 4000 and gone for the others', async () => {
      expect((await attacker.nextFrame()).opcode).toBe(Opcode.Ping);
      expect(await attacker.closeCode()).toBe(4000);
      await eventually(async () => !(await app.push.isOnline('attacker')), { timeoutMs: 1_000 });
    });

    it('is cut when it takes no notice of the close', async () => {
      expect(await attacker.closeCode()).toBe(4000);
      attacker.socket.pause();
      const sockets = () =>
        new Promise<number>((resolve) => app.server.getConnections((_error, count) => resolve(count)));
      await eventually(async () => (await sockets()) === 1, { timeoutMs: 10_000 });
    });

    it('is kept as long as it answers pings', async () => {
      for (let round = 0; round < 5; round++) {
        const { opcode, payload } = await attacker.nextFrame();
        expect(opcode).toBe(Opcode.Ping);
        attacker.write(control(Opcode.Pong, payload));
      }
      attacker.write(text(PING));
      await expectPong();
    });
  });
});

interface ErrorEnvelope {
  readonly event: string;
  readonly data?: { readonly code?: string };
}
