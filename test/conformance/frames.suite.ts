import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { dataOf } from './frame-inbox.js';
import type { TransportRules } from './suite.js';
import { WireClients } from './transport-driver.js';
import type { WireClient } from './transport-driver.js';

/** Sections "Frames from the client", "Error codes" and "Bad input": what any client may send. */
export const describeFrames: TransportRules = (target, driver) => {
  describe('frames', () => {
    const clients = new WireClients();
    let client: WireClient;
    beforeEach(async () => {
      client = await clients.open(driver, target.shared(), 'framer');
    });
    afterEach(() => clients.endAll());

    const codeFor = async (text: string) => dataOf(await client.sendText(text), 'code');
    const codeOf = async (event: string, data?: unknown) => dataOf(await client.request(event, data), 'code');

    it('are answered by errors that say what a client needs and nothing of what it sent', async () => {
      const error = await client.request('no.such.event', { private: 'matter' });
      expect(error).toEqual({
        event: 'push:error',
        data: {
          code: 'unknown_event',
          title: expect.any(String),
          status: 404,
          detail: expect.any(String),
          retryable: false,
        },
        ref: expect.any(String),
      });
      expect(JSON.stringify(error)).not.toContain('matter');
    });

    it('may have members that nobody knows', async () => {
      const reply = await client.sendText('{"event":"push:ping","ref":"r","id":5,"cursor":{},"whatever":[1]}');
      expect(reply).toEqual({ event: 'push:pong', ref: 'r' });
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
    ])('that are none (%s) are bad_message', async (text) => {
      expect(await codeFor(text)).toBe('bad_message');
    });

    it('of an event that is no name are bad_message', async () => {
      expect(await codeFor('{"event":"not a name"}')).toBe('bad_message');
      expect(await codeFor(`{"event":"${'x'.repeat(129)}"}`)).toBe('bad_message');
    });

    it('with an own key __proto__ at any depth are invalid_data, however it is spelled', async () => {
      expect(await codeFor('{"event":"e","data":{"a":[{"__proto__":1}]}}')).toBe('invalid_data');
      expect(await codeFor('{"event":"e","data":{"\\u005f_proto__":1}}')).toBe('invalid_data');
    });

    it('of the protocol that are none of a client’s are reserved', async () => {
      expect(await codeOf('push:welcome')).toBe('reserved_event');
    });

    it('push:ping is answered with push:pong', async () => {
      expect(await client.request('push:ping')).toMatchObject({ event: 'push:pong' });
    });

    describe('push:send', () => {
      it("reaches every member's connection, the sender's too, with from", async () => {
        const groups = ['room:send'];
        const sender = await clients.open(driver, target.shared(), 'sender', { groups });
        const other = await clients.open(driver, target.shared(), 'listener', { groups });

        const to = { group: 'room:send' };
        const reply = await sender.request('push:send', { to, event: 'chat', data: { constructor: 'kept' } });

        expect(reply.event).toBe('push:ok');
        for (const member of [sender, other]) {
          const chat = { data: { constructor: 'kept' }, from: 'sender', id: dataOf(reply, 'id') };
          expect(await member.next('chat')).toMatchObject(chat);
        }
      });

      it.each([
        [{ to: { group: 'staff' }, event: 'e' }, 'forbidden'],
        [{ to: { group: 'room:1' }, event: 'push:welcome' }, 'reserved_event'],
        [{ to: { group: 'room:1' }, event: 'a b' }, 'invalid_data'],
        [{ to: { group: 'room:1' } }, 'invalid_data'],
        [{ to: { group: 'room:1', user: '7' }, event: 'e' }, 'invalid_data'],
        [{ event: 'e' }, 'invalid_data'],
      ])('of %j is refused as %s', async (data, code) => {
        expect(await codeOf('push:send', data)).toBe(code);
      });
    });
  });
};
