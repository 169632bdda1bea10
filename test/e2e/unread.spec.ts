/** Peers over WebSocket that stop reading, which is seen long before the kernel has taken all that it can for them. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { SubscribeMessage } from '@nestjs/websockets';
import { PushEvent, PushGateway, PushWsAdapter } from '../../src/index.js';
import { eventually } from '../support/eventually.js';
import { Scrape } from '../support/metrics.js';
import { PushApp } from '../support/push-app.js';
import type { PushAppOptions } from '../support/push-app.js';
import { RawClient } from '../support/raw-client.js';
import { Opcode, closeFrame, rawFrame } from '../support/raw-frame.js';
import type { WsClient } from '../support/ws-client.js';

const EVENT = 'tick';
/** So much is sent in these tests at most: less than half of what the kernels take for a peer on loopback. */
const MOST_BYTES = 1_000_000;
const MESSAGE_BYTES = 4_000;

let app: PushApp;

afterEach(async () => {
  await app.close();
});

async function start(push: PushAppOptions['push'], rest: PushAppOptions = {}): Promise<void> {
  app = await PushApp.start({ ...rest, push: { metrics: {}, ...push } });
}

/** Sends the user a numbered message every few milliseconds until the condition holds; answers how many. */
async function sendUntil(user: string, condition: (sent: number) => Promise<boolean>): Promise<number> {
  const padding = 'x'.repeat(MESSAGE_BYTES);
  let sent = 0;
  await eventually(async () => {
    await app.push.toUser(user, EVENT, { number: ++sent, padding }, { collapseKey: 'value' });
    return (sent + 1) * MESSAGE_BYTES > MOST_BYTES || condition(sent);
  });
  return sent;
}

async function metric(series: string): Promise<number> {
  return (await Scrape.of(`${app.origin}/metrics`)).value(series) ?? 0;
}

const isHeldBack = async () => (await metric('push_queue_bytes_max')) > 0;

/** A peer that reads all and says nothing by itself. */
class RawPeer {
  /** Payloads of the pings that have come. */
  readonly questions: string[] = [];
  /** How many text frames have come. */
  texts = 0;
  /** Whether it answers each ping. */
  answers = false;

  private constructor(
    private readonly client: RawClient,
    private readonly isOver = (async () => {
      for (;;) {
        const { opcode, payload } = await client.nextFrame();
        if (opcode === Opcode.Text) this.texts++;
        else if (opcode !== Opcode.Ping) return;
        else if (this.questions.push(payload.toString()) && this.answers) this.pong(payload.toString());
      }
    })(),
  ) {}

  static async open(user: string): Promise<RawPeer> {
    return new RawPeer(await RawClient.open(app.port, user));
  }

  pong(payload: string): void {
    this.client.write(rawFrame(payload, { opcode: Opcode.Pong }));
  }

  /** Takes no more than 64 KiB in `pauseMs`, until it is enough. */
  async readSlowly(pauseMs: number, isEnough: () => Promise<boolean>): Promise<void> {
    const { socket } = this.client;
    do {
      socket.resume();
      await once(socket, 'data');
      socket.pause();
      await sleep(pauseMs);
    } while (!(await isEnough()));
    socket.resume();
  }

  async end(): Promise<void> {
    this.client.write(closeFrame(1000));
    await this.isOver;
    this.client.destroy();
  }
}

function numbersOf({ frames }: WsClient): number[] {
  return frames.filter(({ event }) => event === EVENT).map(({ data }) => (data as { readonly number: number }).number);
}

describe('a reader over WebSocket that stands still', () => {
  it('is sent the newest value when it reads on, for what it cannot take waits where it can be skipped', async () => {
    @PushEvent(EVENT, { slowReader: 'coalesce' })
    class Tick {}
    await start({ events: [Tick] });
    const reader = await app.connect('still');
    reader.socket.pause();

    const isSkipped = async () => (await metric('push_messages_dropped_total{reason="coalesced"}')) >= 5;
    const sent = await sendUntil('still', isSkipped);
    expect(await metric('push_messages_dropped_total{reason="coalesced"}')).toBeGreaterThanOrEqual(5);
    reader.socket.resume();

    await eventually(() => numbersOf(reader).at(-1) === sent);
    expect(numbersOf(reader).length).toBeLessThanOrEqual(sent - 5);
  });

  it('misses nothing of what may not be skipped', async () => {
    await start({});
    const reader = await app.connect('still');
    reader.socket.pause();

    let heldBackAt = Infinity;
    const sent = await sendUntil('still', async (soFar) => {
      if (heldBackAt === Infinity && (await isHeldBack())) heldBackAt = soFar;
      return soFar >= heldBackAt + 20;
    });
    expect(heldBackAt).toBeLessThan(sent);
    reader.socket.resume();

    await eventually(() => numbersOf(reader).length === sent);
    expect(numbersOf(reader)).toEqual(Array.from({ length: sent }, (_, index) => index + 1));
    await eventually(async () => !(await isHeldBack()));
  });

  it('is cut off with 4002 by the bound of its queue alone', async () => {
    await start({ maxQueueBytes: 40_000 });
    const reader = await app.connect('still');
    reader.socket.pause();

    await sendUntil('still', async () => !(await app.push.isOnline('still')));
    expect(await app.push.isOnline('still')).toBe(false);
    reader.socket.resume();
    await eventually(() => reader.closed?.code === 4002);
  });
});

describe('a peer over WebSocket that reads', () => {
  it('but slowly is not cut off, however long it takes for what is before it', async () => {
    await start({ stallTimeoutMs: 1_000 });
    const peer = await RawPeer.open('slow');
    peer.answers = true;
    const padding = 'x'.repeat(50_000);
    for (let number = 1; number <= 20; number++) void app.push.toUser('slow', EVENT, { number, padding });

    let sent = 20;
    await peer.readSlowly(150, async () => {
      if (peer.texts < 20) await app.push.toUser('slow', EVENT, { number: ++sent });
      return peer.texts === sent;
    });
    expect(sent).toBeGreaterThan(24);
    await peer.end();
  });

  it('may answer any number of questions: they are none of the frames that it may send so many of', async () => {
    await start({ maxFramesPerSecond: 1 });
    const reader = await app.connect('quick');
    const padding = 'x'.repeat(60_000);
    for (let number = 1; number <= 600; number++) {
      await app.push.toUser('quick', EVENT, { number, padding });
      if (number % 10 === 0) await eventually(() => numbersOf(reader).length === number);
    }
    expect(reader.closed).toBeUndefined();
  });

  it.each([
    ['', 0],
    [' although it stood still before', 600],
  ])('is written to while its own frames wait for a handler%s', async (_when, stillMs) => {
    let isOver = () => {};
    const over = new Promise<void>((resolve) => (isOver = resolve));
    @PushGateway()
    class HangingGateway {
      @SubscribeMessage('hang')
      hang(): Promise<void> {
        return over;
      }
    }
    await start(
      { maxWaitingFrames: 2 },
      {
        metadata: { providers: [HangingGateway] },
        configure: (nest) => nest.useWebSocketAdapter(new PushWsAdapter(nest)),
      },
    );
    const reader = await app.connect('busy');
    if (stillMs > 0) reader.socket.pause();
    const sentBefore = stillMs > 0 ? await sendUntil('busy', isHeldBack) : 0;
    for (let count = 0; count < 5; count++) reader.send('hang');
    if (stillMs > 0) await eventually(async () => !(await isHeldBack()));
    reader.socket.resume();

    const sent = sentBefore + (await sendUntil('busy', () => Promise.resolve(false)));
    await eventually(() => numbersOf(reader).length === sent);
    isOver();
    expect(await isHeldBack()).toBe(false);
  });

  it('but answers no ping is held back until it does', async () => {
    await start({});
    const peer = await RawPeer.open('silent');

    const sent = await sendUntil('silent', isHeldBack);
    expect(await isHeldBack()).toBe(true);
    for (const other of ['', '0', '7'.repeat(15), 'x', peer.questions.at(-1)?.replace(/$/, ' ') ?? ''])
      peer.pong(other);
    await app.push.toUser('silent', EVENT, { number: sent + 1 });
    expect(await isHeldBack()).toBe(true);

    peer.pong(peer.questions[0] ?? '');
    await eventually(() => peer.texts === sent + 1);
    await peer.end();
  });

  it('may answer the last of several pings alone, that of a heartbeat too', async () => {
    await start({ heartbeatMs: 1_500 });
    const peer = await RawPeer.open('sparing');

    const sent = await sendUntil('sparing', isHeldBack);
    const asked = peer.questions.length;
    await eventually(() => peer.questions.length > asked);
    peer.pong(peer.questions.at(-1) ?? '');
    await eventually(() => peer.texts === sent);
    await peer.end();
  });

  it('but answers no ping ends with 4002 after the time for those who take nothing', async () => {
    await start({ stallTimeoutMs: 1_000 });
    const peer = await RawClient.open(app.port, 'silent');
    await sendUntil('silent', isHeldBack);
    expect(await peer.closeCode()).toBe(4002);
    peer.destroy();
  });
});
