import { setTimeout as sleep } from 'node:timers/promises';
import type { TransportName } from '../../src/protocol/frames.js';
import type { Pipe, PipeListener, PipeRequest } from '../history/pipe.js';
import { openPollPipe } from '../history/poll-pipe.js';
import type { SeededRandom } from '../history/seeded-random.js';
import { openSsePipe } from '../history/sse-pipe.js';
import { openWebSocketPipe } from '../history/ws-pipe.js';

type Said = readonly [event: string, data: unknown];

const OPENERS = { ws: openWebSocketPipe, sse: openSsePipe, poll: openPollPipe } as const;

/** One connection of a client that does not stay: counts what it gets and knows the last cursor. */
export class Visitor implements PipeListener {
  /** Resolves when the pipe is gone, whoever ended it. */
  readonly gone: Promise<void>;
  frames = 0;
  cursor: string | undefined;
  private hasGone: () => void = () => {};
  private readonly pipe: Pipe;
  private refs = 0;

  constructor(transport: TransportName, request: PipeRequest) {
    this.gone = new Promise((resolve) => (this.hasGone = resolve));
    this.cursor = request.cursor;
    this.pipe = OPENERS[transport](request, this);
  }

  frame(envelope: { readonly event: string; readonly cursor?: string }, cursor: string | undefined): void {
    this.frames++;
    this.cursor = cursor ?? envelope.cursor ?? this.cursor;
  }

  placed(cursor: string): void {
    this.cursor = cursor;
  }

  garbled(detail: string): void {
    throw new Error(`the server sent ${detail}`);
  }

  closed(): void {
    this.hasGone();
  }

  send(event: string, data: unknown): void {
    this.pipe.send({ event, data, ref: `v${++this.refs}` });
  }

  /** Reads nothing from now on. */
  stopReading(): void {
    this.pipe.sleep();
  }

  /** Stays for so long, or until the server ends it, and breaks off. */
  async stay(milliseconds: number): Promise<void> {
    await Promise.race([this.gone, sleep(milliseconds)]);
    this.pipe.wake();
    this.pipe.cut();
    await this.gone;
  }

  /** Sends what a client may send, right and wrong, with short breaks. */
  async chat(random: SeededRandom, count: number): Promise<void> {
    for (let sent = 0; sent < count; sent++) {
      const group = `room:${random.between(1, 5)}`;
      const frames: readonly [Said, ...Said[]] = [
        ['push:join', { group }],
        ['push:leave', { group }],
        ['push:send', { to: { group }, event: 'chat', data: 'x'.repeat(random.between(0, 2_000)) }],
        ['push:ping', undefined],
        ['echo', { sent }],
        ['push:join', { group: 'closed' }],
        ['nobody.knows', null],
      ];
      const [event, data] = random.pick(frames);
      this.send(event, data);
      await Promise.race([this.gone, sleep(random.between(0, 60))]);
    }
  }
}
