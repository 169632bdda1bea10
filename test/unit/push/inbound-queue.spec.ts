import { beforeEach, describe, expect, it } from '@jest/globals';
import { DenyingAuthorizer } from '../../../src/auth/push-authorizer.js';
import { PushAuthenticator } from '../../../src/auth/push-authenticator.js';
import { MemoryMemberships } from '../../../src/backing/memory/memory-memberships.js';
import { MemoryMessageLog } from '../../../src/backing/memory/memory-message-log.js';
import { MemoryRevocationList } from '../../../src/backing/memory/memory-revocation-list.js';
import type { Connection } from '../../../src/core/connection.js';
import type { ClientFrame, Envelope } from '../../../src/protocol/frames.js';
import { encodeFrame } from '../../../src/protocol/frame-encoder.js';
import { AccessService } from '../../../src/push/access.service.js';
import type { TokenVerdict } from '../../../src/backing/shared-limits.interface.js';
import { FrameService } from '../../../src/push/frame.service.js';
import type { HostHandlers, Reply } from '../../../src/push/host-handlers.interface.js';
import { InboundQueue } from '../../../src/push/inbound-queue.js';
import { MessageStamper } from '../../../src/push/message-stamper.js';
import { Publisher } from '../../../src/push/publisher.js';
import { FakeConnections } from '../../support/fake-connections.js';
import type { FakePeer } from '../../support/fake-connections.js';

const RATE = 10;
const MAX_WAITING = 4;

class NoTokens extends PushAuthenticator {
  override async authenticate(): Promise<undefined> {
    return undefined;
  }
}

/** Handlers that each wait until the test lets them go on. */
class HeldHandlers implements HostHandlers {
  readonly begun: string[] = [];
  private readonly held: (() => void)[] = [];

  handles(_connection: Connection, event: string): boolean {
    return event.startsWith('hold');
  }

  async handle(_connection: Connection, frame: ClientFrame, reply: Reply): Promise<void> {
    this.begun.push(frame.event);
    await new Promise<void>((resolve) => this.held.push(resolve));
    reply(encodeFrame('push:ok', frame.event, frame.ref));
  }

  connected(): void {}

  disconnected(): void {}

  /** Lets the handler that waits longest go on, and everything happen that follows at once. */
  async release(count = 1): Promise<void> {
    for (let released = 0; released < count; released++) {
      this.held.shift()?.();
      await nextTurn();
    }
  }
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

let fakes: FakeConnections;
let peer: FakePeer;
let handlers: HeldHandlers;
let queue: InboundQueue;
/** What the rate of the user says to each frame. */
let verdict: () => TokenVerdict | Promise<TokenVerdict> | undefined;

beforeEach(() => {
  fakes = new FakeConnections();
  peer = fakes.connect();
  handlers = new HeldHandlers();
  const { clock, scheduler } = fakes;
  verdict = () => undefined;
  const frames = new FrameService({
    frameRate: { take: () => verdict() },
    access: new AccessService(new NoTokens(), new MemoryRevocationList({}, clock), clock, 5_000),
    authorizer: new DenyingAuthorizer(),
    groups: fakes.groupsOver(new MemoryMemberships(), 10),
    resumes: { heard: async () => {} },
    publisher: new Publisher(new MessageStamper(clock, 'n'), fakes.follow(new MemoryMessageLog()), scheduler, clock),
    limits: { maxPayloadBytes: 65_536, authTimeoutMs: 5_000 },
    clock,
    onFailure: (cause) => {
      throw cause;
    },
  });
  frames.hostHandlers = handlers;
  queue = new InboundQueue(peer.connection, frames, clock, {
    maxFramesPerSecond: RATE,
    maxWaitingFrames: MAX_WAITING,
    maxFrameBytes: 65_536,
  });
});

function receive(event: string, ref?: string): void {
  queue.receive(JSON.stringify({ event, ref }));
}

async function replies(): Promise<readonly Envelope[]> {
  await nextTurn();
  return fakes.receivedBy(peer);
}

async function codes(): Promise<unknown[]> {
  return (await replies()).map(({ data }) => (data as { code?: string } | undefined)?.code);
}

describe('InboundQueue', () => {
  describe('the rate of the user', () => {
    const granted = { isGranted: true, remaining: 5, retryAfterMs: 0 };
    const refused = { isGranted: false, remaining: 0, retryAfterMs: 700 };

    it('refuses a frame, says when to come back, and does not carry it out', async () => {
      verdict = () => refused;
      receive('hold.1', 'a');
      const [reply] = await replies();
      expect(reply).toMatchObject({ event: 'push:error', ref: 'a', data: { code: 'rate_limited', retryAfterMs: 700 } });
      expect(handlers.begun).toEqual([]);
      expect(peer.connection.isOpen).toBe(true);
    });

    it('is waited for in the order of the frames', async () => {
      let answer: (verdict: TokenVerdict) => void = () => {};
      verdict = () => new Promise((resolve) => (answer = resolve));
      receive('push:ping', 'a');
      verdict = () => granted;
      receive('push:ping', 'b');
      expect(await replies()).toEqual([]);
      answer(granted);
      expect((await replies()).map(({ ref }) => ref)).toEqual(['a', 'b']);
    });

    it('ends a connection that goes on after ten refusals in a row', async () => {
      verdict = () => refused;
      for (let frame = 0; frame < 10; frame++) {
        receive('push:ping');
        await nextTurn();
        fakes.clock.advance(1_000);
      }
      expect(peer.connection.isOpen).toBe(true);
      receive('push:ping');
      await nextTurn();
      expect(peer.connection.closeCode).toBe(4003);
    });

    it('begins the count anew with a frame that is let through', async () => {
      for (let frame = 0; frame < 30; frame++) {
        const isTenth = frame % 10 === 9;
        verdict = () => (isTenth ? granted : refused);
        receive('push:ping');
        await nextTurn();
        fakes.clock.advance(1_000);
      }
      expect(peer.connection.isOpen).toBe(true);
    });
  });

  describe('order', () => {
    it('carries out one frame at a time, in order', async () => {
      receive('hold.1', 'a');
      receive('push:ping', 'b');
      receive('hold.2', 'c');
      expect([handlers.begun, await replies()]).toEqual([['hold.1'], []]);

      await handlers.release(2);

      expect((await replies()).map(({ ref }) => ref)).toEqual(['a', 'b', 'c']);
      expect(handlers.begun).toEqual(['hold.1', 'hold.2']);
    });

    it('answers a frame that is no message in its place', async () => {
      receive('hold.1', 'a');
      queue.receive('{');
      receive('push:ping', 'b');

      await handlers.release();

      expect((await replies()).map(({ event }) => event)).toEqual(['push:ok', 'push:error', 'push:pong']);
    });

    it('carries out nothing that waited when the connection was closed', async () => {
      receive('hold.1');
      receive('hold.2');

      peer.connection.close(4505);
      await handlers.release();
      receive('hold.3');

      expect(handlers.begun).toEqual(['hold.1']);
    });
  });

  describe('waiting frames', () => {
    it('stops reading when maxWaitingFrames wait and goes on when half of them are done', async () => {
      for (let frame = 0; frame < MAX_WAITING; frame++) receive(`hold.${frame}`);
      expect(peer.transport.isPaused).toBe(false);
      receive('hold.4');
      expect(peer.transport.isPaused).toBe(true);

      await handlers.release(1);
      expect(peer.transport.isPaused).toBe(true);
      await handlers.release(2);

      expect(peer.transport.isPaused).toBe(false);
    });

    it('takes the silence of a peer that it does not read for none', async () => {
      for (let frame = 0; frame <= MAX_WAITING; frame++) receive(`hold.${frame}`);
      expect(peer.connection.isRead).toBe(false);
      fakes.clock.advance(60_000);
      await handlers.release(3);

      expect([peer.connection.isRead, peer.connection.lastHeardAtMs]).toEqual([true, fakes.clock.now()]);
    });

    it('loses nothing that had been read before it stopped', async () => {
      for (let frame = 0; frame < RATE; frame++) receive(`hold.${frame}`, `${frame}`);

      await handlers.release(RATE);

      expect((await replies()).map(({ ref }) => ref)).toEqual(Array.from({ length: RATE }, (_, ref) => `${ref}`));
    });
  });

  describe('frames that are no messages', () => {
    it('closes with 4500 at the third in a row', async () => {
      for (const text of ['{', 'GET /', '['.repeat(200)]) queue.receive(text);

      expect(await codes()).toEqual(['bad_message', 'bad_message', 'bad_message']);
      expect(peer.transport.closed).toEqual({ code: 4500, reason: 'protocol violation' });
    });

    it('begins to count anew after a good frame', async () => {
      queue.receive('{');
      queue.receive('{');
      receive('push:ping');
      queue.receive('{');
      queue.receive('{');

      expect(await codes()).toHaveLength(5);
      expect(peer.transport.closed).toBeUndefined();
    });

    it('does not take JSON that is no frame for another protocol', async () => {
      for (const text of ['{', '{', '[]', '{', '{', '"text"', '{}', '7', 'null', '[]']) queue.receive(text);

      expect(await codes()).toEqual(Array.from({ length: 10 }, () => 'bad_message'));
      expect(peer.transport.closed).toBeUndefined();
    });

    it('does not take data that is not valid for another protocol', async () => {
      for (let frame = 0; frame < 5; frame++) queue.receive('{"event":"e","data":{"__proto__":1},"ref":"r"}');

      expect(await codes()).toEqual(Array.from({ length: 5 }, () => 'invalid_data'));
      expect(peer.transport.closed).toBeUndefined();
    });
  });

  describe('rate', () => {
    it('refuses frames past the rate with their ref and when to come back, and carries out those before', async () => {
      for (let frame = 0; frame < RATE; frame++) receive('push:ping');
      receive('push:ping', 'late');

      const answers = await replies();
      expect(answers.filter(({ event }) => event === 'push:pong')).toHaveLength(RATE);
      expect(answers.find(({ ref }) => ref === 'late')).toMatchObject({
        event: 'push:error',
        data: { code: 'rate_limited', status: 429, retryable: true, retryAfterMs: 1_000 / RATE },
      });
    });

    it('takes frames again as time passes', async () => {
      for (let frame = 0; frame < RATE; frame++) receive('push:ping');

      fakes.clock.advance(1_000);
      for (let frame = 0; frame < RATE; frame++) receive('push:ping');

      expect((await replies()).map(({ event }) => event)).toEqual(Array.from({ length: 2 * RATE }, () => 'push:pong'));
    });

    it('closes a peer that goes on regardless with 4003', async () => {
      for (let frame = 0; frame < RATE + 10; frame++) receive('push:ping');
      await nextTurn();
      expect(peer.transport.closed).toBeUndefined();

      receive('push:ping');
      await nextTurn();

      expect(peer.transport.closed).toEqual({ code: 4003, reason: 'rate limited' });
    });

    it('answers what was within the rate before it ends a peer that sent too much at once', async () => {
      receive('hold.0', '0');
      for (let frame = 1; frame < RATE + 50; frame++) receive('push:ping', `${frame}`);
      expect(await replies()).toEqual([]);

      await handlers.release();

      const answers = await replies();
      const expected = Array.from({ length: RATE + 10 }, (_, frame) => [
        frame === 0 ? 'push:ok' : frame < RATE ? 'push:pong' : 'push:error',
        `${frame}`,
      ]);
      expect(answers.map(({ event, ref }) => [event, ref])).toEqual(expected);
      expect(peer.transport.closed).toEqual({ code: 4003, reason: 'rate limited' });
    });

    it('ends a peer whose control frames are too many', async () => {
      const taken = Array.from({ length: RATE + 11 }, () => queue.takeControlFrame());
      await nextTurn();

      expect(taken.filter(Boolean)).toHaveLength(RATE);
      expect(peer.transport.closed).toEqual({ code: 4003, reason: 'rate limited' });
    });

    it('counts control frames, which are answered with nothing', async () => {
      const taken = Array.from({ length: RATE + 1 }, () => queue.takeControlFrame());

      expect(taken).toEqual([...Array.from({ length: RATE }, () => true), false]);
      expect(await replies()).toEqual([]);
    });
  });
});
