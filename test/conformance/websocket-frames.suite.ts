import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { WireClients } from './wire-client.js';
import type { ConformanceServer, Frame, WireClient } from './wire-client.js';

function codeOf({ data }: Frame): unknown {
  return (data as { readonly code?: unknown } | undefined)?.code;
}

/** Section "Frames": what a client sends and what it is answered. */
export function describeFrames(server: () => ConformanceServer): void {
  describe('frames', () => {
    const clients = new WireClients(server);
    let client: WireClient;
    beforeEach(async () => {
      client = await clients.connect('framer');
    });
    afterEach(() => clients.endAll());

    /** The one error that a raw text is answered with. */
    const errorFor = async (text: string): Promise<Frame> => {
      client.send(text);
      return client.next('push:error');
    };

    describe('shape', () => {
      it('errors say what a client needs and nothing of what it sent', async () => {
        const error = await client.request('no.such.event', { private: 'matter' });
        expect(error).toEqual({
          event: 'push:error',
          data: {
            code: 'unknown_event',
            title: expect.any(String),
            status: expect.any(Number),
            detail: expect.any(String),
            retryable: false,
          },
          ref: expect.any(String),
        });
        expect(JSON.stringify(error)).not.toContain('matter');
      });

      it('unknown members are ignored', async () => {
        client.send('{"event":"push:ping","ref":"r","id":5,"cursor":{},"whatever":[1]}');
        expect(await client.next('push:pong')).toEqual({ event: 'push:pong', ref: 'r' });
      });

      it.each([
        ['{'],
        [''],
        ['nonsense'],
        ['[]'],
        ['7'],
        ['null'],
        ['"text"'],
        ['{}'],
        ['{"event":5}'],
        ['{"event":""}'],
      ])('what is no frame (%s) is answered with bad_message', async (text) => {
        expect(codeOf(await errorFor(text))).toBe('bad_message');
      });

      it('an event that is no name is answered with an error', async () => {
        expect(codeOf(await errorFor('{"event":"not a name"}'))).toBe('bad_message');
        expect(codeOf(await errorFor(`{"event":"${'x'.repeat(129)}"}`))).toBe('bad_message');
      });

      it('an own key __proto__ at any depth is invalid_data, however it is spelled', async () => {
        expect(codeOf(await errorFor('{"event":"e","data":{"a":[{"__proto__":1}]}}'))).toBe('invalid_data');
        expect(codeOf(await errorFor('{"event":"e","data":{"\\u005f_proto__":1}}'))).toBe('invalid_data');
      });

      it('bad JSON three times in a row closes with 4500', async () => {
        for (let sent = 0; sent < 3; sent++) client.send('{');
        expect((await client.end()).code).toBe(4500);
        expect(client.frames.map(codeOf)).toEqual(['bad_message', 'bad_message', 'bad_message']);
      });

      it('bad JSON with good frames between does not', async () => {
        for (let sent = 0; sent < 4; sent++) {
          client.send('{');
          await client.request('push:ping');
        }
        expect(client.closed).toBeUndefined();
      });

      it('a binary frame closes with 1003', async () => {
        client.socket.send(Buffer.from('{"event":"push:ping"}'));
        expect((await client.end()).code).toBe(1003);
      });

      it('a frame past maxFrameBytes closes with 1009', async () => {
        const other = await clients.open({ token: server().sign({ sub: 'large' }) });
        const { maxFrameBytes } = (await other.next('push:welcome')).data as { readonly maxFrameBytes: number };
        other.send(JSON.stringify({ event: 'push:ping', data: 'x'.repeat(maxFrameBytes) }));
        expect((await other.end()).code).toBe(1009);
      });

      it('are answered in the order in which they came', async () => {
        const events = ['push:ping', 'push:join', 'unknown', 'push:leave', 'push:send', 'push:ping'];
        for (const [index, event] of events.entries()) {
          client.send(JSON.stringify({ event, data: { group: 'room:order' }, ref: `${index}` }));
        }
        await client.settled();
        expect(client.frames.map(({ ref }) => ref)).toEqual(events.map((_, index) => `${index}`));
      });
    });

    describe('push:ping', () => {
      it('is answered with push:pong', async () => {
        expect(await client.request('push:ping')).toMatchObject({ event: 'push:pong' });
      });
    });

    describe('push:join and push:leave', () => {
      it('are answered with the group', async () => {
        for (const event of ['push:join', 'push:leave']) {
          const answer = await client.request(event, { group: 'room:1' });
          expect(answer).toMatchObject({ event: 'push:ok', data: { group: 'room:1' } });
        }
      });

      it('are forbidden where the host does not allow them', async () => {
        expect(codeOf(await client.request('push:join', { group: 'staff' }))).toBe('forbidden');
      });

      it.each([[undefined], [{}], [{ group: 5 }], [{ group: '' }], [{ group: 'a b' }], [{ group: 'x'.repeat(129) }]])(
        'are invalid with %j',
        async (data) => {
          expect(codeOf(await client.request('push:join', data))).toBe('invalid_data');
        },
      );
    });

    describe('push:send', () => {
      it("reaches every member's connection, the sender's too, with from", async () => {
        const other = await clients.connect('listener');
        for (const member of [client, other]) await member.request('push:join', { group: 'room:send' });

        const to = { group: 'room:send' };
        const answer = await client.request('push:send', { to, event: 'chat', data: { constructor: 'kept' } });

        const { id } = answer.data as { readonly id: string };
        for (const member of [client, other]) {
          expect(await member.next('chat')).toMatchObject({ data: { constructor: 'kept' }, from: 'framer', id });
        }
      });

      it.each([
        [{ to: { group: 'staff' }, event: 'e' }, 'forbidden'],
        [{ to: { group: 'room:1' }, event: 'push:welcome' }, 'reserved_event'],
        [{ to: { group: 'room:1' }, event: 'a b' }, 'invalid_data'],
        [{ to: { group: 'room:1' } }, 'invalid_data'],
        [{ event: 'e' }, 'invalid_data'],
      ])('of %j is refused as %s', async (data, code) => {
        expect(codeOf(await client.request('push:send', data))).toBe(code);
      });
    });

    describe('push:auth', () => {
      it('takes a fresh token of the same user and answers its end', async () => {
        const exp = Math.floor(Date.now() / 1000) + 5_000;
        const answer = await client.request('push:auth', { token: server().sign({ sub: 'framer', exp }) });
        expect(answer).toMatchObject({ event: 'push:ok', data: { expiresAt: new Date(exp * 1000).toISOString() } });
      });

      it('answers a bad token with an error and goes on', async () => {
        expect(await client.request('push:auth', { token: 'junk' })).toMatchObject({ event: 'push:error' });
        expect(await client.request('push:ping')).toMatchObject({ event: 'push:pong' });
      });

      it("closes with 4503 at another user's token", async () => {
        client.send(JSON.stringify({ event: 'push:auth', data: { token: server().sign({ sub: 'another' }) } }));
        expect((await client.end()).code).toBe(4503);
      });
    });

    describe('the end of the token', () => {
      it('is announced and closes with 4001', async () => {
        const exp = Math.floor(Date.now() / 1000) + 2;
        const brief = await clients.connect('brief', { exp });

        expect((await brief.next('push:expiring')).data).toEqual({ at: new Date(exp * 1000).toISOString() });
        expect((await brief.end(15_000)).code).toBe(4001);
        expect(Date.now()).toBeGreaterThanOrEqual(exp * 1000);
      });
    });
  });
}
