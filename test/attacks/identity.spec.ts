/** Attacks on who somebody is and whose they are: tokens of others handed in, and names made to look like those of others. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import type { DisconnectedEvent } from '../../src/core/lifecycle-events.js';
import { OnPush } from '../../src/ops/on-push.decorator.js';
import { eventually } from '../support/eventually.js';
import { ask } from '../support/http-request.js';
import { PLATFORMS, PushApp } from '../support/push-app.js';
import { RoomsAuthorizer } from '../support/rooms.authorizer.js';
import { SseClient } from '../support/sse-client.js';
import { TEST_SECRET, bearer, signToken } from '../support/tokens.js';
import { WsClient } from '../support/ws-client.js';

/** As an audit log of the host would. */
@Injectable()
class Audit {
  readonly ended: DisconnectedEvent[] = [];

  @OnPush('disconnected')
  hear(event: DisconnectedEvent): void {
    this.ended.push(event);
  }
}

const OTHERS = [
  'acme:room:1',
  't2:room:1',
  'tenant.room:1',
  '{acme}room:1',
  '../acme/room:1',
  'room:1%00',
  'Room:1',
  'r\u043e\u043em:1',
];

describe.each(PLATFORMS)('on %s', (platform) => {
  let app: PushApp;
  let audit: Audit;

  beforeAll(async () => {
    app = await PushApp.start({
      platform,
      push: {
        auth: { jwt: { secret: TEST_SECRET, algorithms: ['HS256'] }, tenantClaim: 'tenant' },
        authorizer: RoomsAuthorizer,
      },
      metadata: { providers: [Audit] },
    });
    audit = app.app.get(Audit);
  });
  afterAll(() => app.close());

  const tokenOf = (sub: string, tenant = 'acme') => signToken({ sub, tenant });
  const upstream = (token: string, frame: unknown, connectionId?: string) =>
    ask(`${app.origin}/push/upstream`, {
      method: 'POST',
      headers: {
        ...bearer(token),
        'content-type': 'application/json',
        ...(connectionId !== undefined && { 'push-connection': connectionId }),
      },
      body: JSON.stringify(frame),
    });

  describe.each([
    ['another user', tokenOf('eve')],
    ['the same user of another tenant', tokenOf('anna', 'bolt')],
  ])('the token of %s', (_whose, foreign) => {
    it('handed in on a WebSocket ends the connection with 4503, and the host hears of it', async () => {
      const socket = await WsClient.connect(app.wsUrl, { token: tokenOf('anna') });
      await socket.next('push:welcome');
      const before = audit.ended.length;
      socket.send('push:auth', { token: foreign }, 'a');
      expect((await socket.end()).code).toBe(4503);
      await app.push.forTenant('bolt').toUser('anna', 'secret');
      await eventually(() => audit.ended.length > before);
      expect(audit.ended.at(-1)).toMatchObject({ userId: 'anna', tenant: 'acme', code: 4503 });
      expect(socket.frames.filter(({ event }) => event === 'secret')).toEqual([]);
    });

    it('handed in for an event stream is answered 403, ends the stream with 4503, and the host hears of it', async () => {
      const stream = await SseClient.open(`${app.origin}/push/sse`, bearer(tokenOf('anna')));
      const welcome = (await stream.next('push:welcome')) as { data: { connectionId: string } };
      const before = audit.ended.length;
      const frame = { event: 'push:auth', data: { token: foreign } };
      const answer = await upstream(tokenOf('anna'), frame, welcome.data.connectionId);
      expect([answer.status, answer.text.includes('push:error')]).toEqual([403, true]);
      expect((await stream.next('push:closing')).data).toMatchObject({ code: 4503, reconnect: false });
      await stream.end();
      await eventually(() => audit.ended.length > before);
      expect(audit.ended.at(-1)).toMatchObject({ userId: 'anna', tenant: 'acme', code: 4503 });
    });

    it('handed in by who only polls belongs to no connection, and changes nobody', async () => {
      const frame = { event: 'push:auth', data: { token: foreign } };
      const { text } = await upstream(tokenOf('anna'), frame);
      expect(JSON.parse(text)).toMatchObject({ event: 'push:error', data: { code: 'connection_required' } });
    });
  });

  describe.each(['ws', 'sse', 'poll'] as const)('names made up to be those of another tenant, over %s', (transport) => {
    it('are groups that nobody is let into, and nothing of the other tenant comes', async () => {
      const groups = OTHERS.map(encodeURIComponent).join(',');
      const { codes, rest } = await firstFramesOf(transport, groups);
      expect(codes).toHaveLength(OTHERS.length);
      expect(new Set(codes)).toEqual(new Set(['forbidden']));
      expect(rest).toEqual([]);
    });
  });

  /** Comes as somebody of tenant `bolt` and asks for the groups, while `acme` sends to its own: what it hears. */
  async function firstFramesOf(transport: 'ws' | 'sse' | 'poll', groups: string) {
    const token = tokenOf('mallory', 'bolt');
    const acme = app.push.forTenant('acme');
    const say = () => acme.send({ target: { users: ['mallory'], groups: ['room:1'] }, event: 'secret', data: 1 });
    const frames: { readonly event: string; readonly data?: unknown }[] = [];
    if (transport === 'ws') {
      const socket = await WsClient.connect(`${app.wsUrl}?groups=${groups}`, { token });
      await say();
      frames.push(...(await socket.settled()));
      await socket.close();
    } else if (transport === 'sse') {
      const stream = await SseClient.open(`${app.origin}/push/sse?groups=${groups}`, bearer(token));
      await say();
      await app.push.forTenant('bolt').toUser('mallory', 'last');
      for (let frame = await stream.next(); frame.event !== 'last'; frame = await stream.next()) frames.push(frame);
      stream.close();
    } else {
      const poll = ask(`${app.origin}/push/poll?wait=20&groups=${groups}`, { headers: bearer(token) });
      // The stream of before may not be gone yet.
      await eventually(async () => {
        const { items } = await app.push.forTenant('bolt').connections({ user: 'mallory' }, {});
        return items.some((connection) => connection.transport === 'poll');
      });
      await say();
      await app.push.forTenant('bolt').toUser('mallory', 'last');
      const { messages } = JSON.parse((await poll).text) as { messages: typeof frames };
      frames.push(...messages.filter(({ event }) => event !== 'last'));
    }
    const errors = frames.filter(({ event }) => event === 'push:error');
    const codes = errors.map(({ data }) => (data as { readonly code: string }).code);
    return { codes, rest: frames.filter(({ event }) => event !== 'push:error' && event !== 'push:welcome') };
  }
});
