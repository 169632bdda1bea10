import { setTimeout as sleep } from 'node:timers/promises';
import type { Envelope } from '../../src/protocol/frames.js';
import { eventually } from '../support/eventually.js';
import { ask } from '../support/http-request.js';
import { SseClient } from '../support/sse-client.js';
import { bearer, signToken } from '../support/tokens.js';
import { WsClient } from '../support/ws-client.js';

/** Where the bystander is a client. */
export interface BystanderServer {
  /** `http://127.0.0.1:port`. */
  readonly origin: string;
}

const USER = 'bystander';

/**
 * User `bystander`, who has done nothing, on all three transports at once, and gets `tick` events whose data counts up. An
 * attack on others must not cost it one of them, its order, or its connection.
 */
export class Bystander {
  private hasLeft = false;
  private readonly polled: Envelope[] = [];
  private readonly streamed: Envelope[] = [];

  private constructor(
    private readonly origin: string,
    private readonly socket: WsClient,
    private readonly stream: SseClient,
  ) {}

  /** Connects, and is there for every tick from now on. */
  static async arrive({ origin }: BystanderServer): Promise<Bystander> {
    const token = signToken({ sub: USER });
    const socket = await WsClient.connect(`${origin.replace('http', 'ws')}/push/ws`, { token });
    const stream = await SseClient.open(`${origin}/push/sse`, bearer(token));
    await stream.next('push:welcome');
    const bystander = new Bystander(origin, socket, stream);
    void bystander.poll(await bystander.ask('wait=0'));
    void bystander.listen();
    return bystander;
  }

  /** Expects every tick up to this one, on each transport, in order, once, without a gap and without a new connection. */
  async expectUnharmed(last: number): Promise<void> {
    await eventually(
      () => {
        for (const [transport, frames] of Object.entries(this.received())) {
          const told = frames.find(({ event }) => /^push:(gap|error|closing|draining)$/.test(event));
          if (told) throw new Error(`${transport} was told ${JSON.stringify(told)}`);
          const ticks = frames.filter(({ event }) => event === 'tick').map(({ data }) => Number(data));
          const first = ticks[0] ?? 1;
          const due = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
          const got = ticks.filter((tick) => tick <= last);
          if (got.length !== due.length || got.some((tick, index) => tick !== due[index])) {
            throw new Error(`${transport}: ${due.length} ticks were due, got ${got.length} (${describe(got)})`);
          }
        }
      },
      { what: `the bystander gets tick ${last}` },
    );
    if (this.socket.closed) throw new Error(`ws was closed with ${this.socket.closed.code}`);
    if (this.stream.hasEnded) throw new Error('sse has ended');
  }

  /** Leaves, in good order. */
  async leave(): Promise<void> {
    this.hasLeft = true;
    this.stream.close();
    await this.socket.close();
  }

  private received(): Readonly<Record<string, readonly Envelope[]>> {
    return { ws: this.socket.frames, sse: this.streamed, poll: this.polled };
  }

  private async listen(): Promise<void> {
    while (!this.hasLeft) {
      const block = this.stream.blocks.shift();
      if (block === undefined) await sleep(5);
      else if (block.data !== undefined) this.streamed.push(JSON.parse(block.data) as Envelope);
    }
  }

  private async poll(from: string): Promise<void> {
    let cursor = from;
    while (!this.hasLeft) {
      cursor = await this.ask(`wait=1&cursor=${cursor}`).catch(() => cursor);
    }
  }

  private async ask(query: string): Promise<string> {
    const { status, text } = await ask(`${this.origin}/push/poll?${query}`, {
      headers: bearer(signToken({ sub: USER })),
    });
    if (status !== 200) {
      if (!this.hasLeft) this.polled.push({ event: 'push:error', data: { status } });
      await sleep(50);
      throw new Error(`a poll of the bystander was answered ${status}`);
    }
    const { messages, cursor } = JSON.parse(text) as { messages: Envelope[]; cursor: string };
    this.polled.push(...messages);
    return cursor;
  }
}

function describe(ticks: readonly number[]): string {
  const at = ticks.findIndex((tick, index) => index > 0 && tick !== (ticks[index - 1] ?? 0) + 1);
  return at === -1 ? `${ticks[0]} to ${ticks.at(-1)}` : `${ticks[at - 1]} then ${ticks[at]}`;
}
