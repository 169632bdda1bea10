import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { OutgoingMessage } from '../../../src/core/outgoing-message.js';
import { CloseCode } from '../../../src/protocol/close-codes.js';
import { SseTransport } from '../../../src/transports/sse/sse.transport.js';

const HEAD_END = '\r\n\r\n';

/** A socket that takes a write when the test lets it. */
class HeldSocket extends Duplex {
  taken = '';
  /** How often it was given bytes. */
  writes = 0;
  isHeld = false;
  private release: (() => void) | undefined;

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.accept([chunk], done);
  }

  override _writev(chunks: readonly { readonly chunk: Buffer }[], done: () => void): void {
    this.accept(
      chunks.map(({ chunk }) => chunk),
      done,
    );
  }

  letGo(): void {
    this.isHeld = false;
    this.release?.();
  }

  private accept(chunks: readonly Buffer[], done: () => void): void {
    this.writes++;
    this.taken += Buffer.concat(chunks).toString();
    if (this.isHeld) this.release = done;
    else done();
  }
}

interface Stream {
  readonly transport: SseTransport;
  readonly socket: HeldSocket;
  readonly response: ServerResponse;
  /** What followed the head. */
  readonly body: () => string;
}

/** A stream that has begun; `assigns` false: behind a pipelined request, whose answer has the socket still. */
function open({ minor = 1, isNamed = false, isReleased = true, assigns = true } = {}): Stream {
  const socket = new HeldSocket();
  const request = new IncomingMessage(socket as unknown as Socket);
  request.method = 'GET';
  request.httpVersionMajor = 1;
  request.httpVersionMinor = minor;
  const response = new ServerResponse(request);
  if (minor === 0) response.shouldKeepAlive = false;
  if (assigns) response.assignSocket(socket as unknown as Socket);
  const transport = new SseTransport(response, isNamed);
  transport.begin(1_500);
  if (isReleased) transport.release();
  const body = () => socket.taken.slice(socket.taken.indexOf(HEAD_END) + HEAD_END.length);
  return { transport, socket, response, body };
}

function write({ transport }: Stream, text = '{"event":"a"}'): void {
  transport.write(transport.format.encode(new OutgoingMessage(text)));
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

const RETRY_CHUNK = 'd\r\nretry: 1500\n\n\r\n';
const CLOSING = '{"event":"push:closing","data":{"code":4501,"reason":"token revoked","reconnect":false}}';
const GOODBYE = { reconnectInMs: 70, withinMs: 20_000 };
const RESTART = '{"event":"push:closing","data":{"code":1012,"reason":"restart","reconnect":true,"retryAfterMs":70}}';

function chunk(block: string): string {
  return `${Buffer.byteLength(block).toString(16)}\r\n${block}\r\n`;
}

describe('SseTransport', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  describe('begins', () => {
    it('with its head and when to come back, which leave together with what follows', () => {
      const stream = open({ isReleased: false });
      write(stream);
      expect(stream.socket.taken).toBe('');
      stream.transport.release();
      expect(stream.socket.writes).toBe(1);
      expect(stream.body()).toBe(RETRY_CHUNK + chunk('data: {"event":"a"}\n\n'));
    });

    it('as chunks over HTTP/1.1, said once', () => {
      const { socket } = open();
      const [head = ''] = socket.taken.split(HEAD_END);
      expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      expect(head.match(/transfer-encoding: chunked/gi)).toHaveLength(1);
      for (const line of [
        'Content-Type: text/event-stream',
        'Cache-Control: no-cache, no-transform',
        'X-Accel-Buffering: no',
      ]) {
        expect(head.split('\r\n')).toContain(line);
      }
    });

    it('as bare blocks over HTTP/1.0', async () => {
      const stream = open({ minor: 0 });
      write(stream);
      await turn();
      expect(stream.socket.taken).not.toMatch(/transfer-encoding/i);
      expect(stream.body()).toBe('retry: 1500\n\ndata: {"event":"a"}\n\n');
    });

    it('with nothing on the wire while another answer has the socket, then as Node writes it', () => {
      const stream = open({ assigns: false });
      write(stream);
      expect(stream.socket.taken).toBe('');
      stream.response.assignSocket(stream.socket as unknown as Socket);
      (stream.response as unknown as { _flush(): void })._flush();
      expect(stream.body()).toBe(chunk('retry: 1500\n\n') + chunk('data: {"event":"a"}\n\n'));
    });
  });

  describe('writes', () => {
    it('named events where they were asked for', () => {
      const stream = open({ isNamed: true });
      write(stream, '{"event":"a","data":"ü"}');
      expect(stream.body()).toBe(RETRY_CHUNK + chunk('event: a\ndata: "ü"\n\n'));
    });

    it('a comment as a sign of life', () => {
      const { transport, body } = open();
      transport.probe();
      expect(body()).toBe(`${RETRY_CHUNK}3\r\n:\n\n\r\n`);
    });

    it('no sign of life behind what is not taken', () => {
      const stream = open();
      stream.socket.isHeld = true;
      write(stream, JSON.stringify('x'.repeat(stream.socket.writableHighWaterMark)));
      const { bufferedBytes } = stream.transport;
      stream.transport.probe();
      expect(stream.transport.bufferedBytes).toBe(bufferedBytes);
    });
  });

  it('is blocked while the socket holds more than it wants, and says when it takes bytes again', async () => {
    const stream = open();
    const { transport, socket } = stream;
    expect([transport.isBlocked, transport.bufferedBytes]).toEqual([false, 0]);
    socket.isHeld = true;
    const message = new OutgoingMessage(JSON.stringify('x'.repeat(socket.writableHighWaterMark)));
    const bytes = transport.format.encode(message);
    transport.write(bytes);
    expect([transport.isBlocked, transport.bufferedBytes]).toEqual([true, bytes.length]);
    const drained = jest.fn();
    transport.onceDrained(drained);
    expect(drained).not.toHaveBeenCalled();
    socket.letGo();
    await turn();
    expect([drained.mock.calls.length, transport.isBlocked, transport.bufferedBytes]).toEqual([1, false, 0]);
  });

  describe('closes', () => {
    it('with the reason as its last event, then the end', async () => {
      const { transport, body, response } = open();
      transport.close(CloseCode.TokenRevoked, 'token revoked');
      await turn();
      expect(body()).toBe(`${RETRY_CHUNK}${chunk(`data: ${CLOSING}\n\n`)}0\r\n\r\n`);
      expect(response.writableFinished).toBe(true);
    });

    it('with when to come back before it', async () => {
      const { transport, body } = open();
      transport.close(CloseCode.ServiceRestart, 'restart', GOODBYE);
      await turn();
      expect(body()).toBe(`${RETRY_CHUNK}${chunk('retry: 70\n\n')}${chunk(`data: ${RESTART}\n\n`)}0\r\n\r\n`);
    });

    it('over HTTP/1.0 with the same, unframed', async () => {
      const { transport, body } = open({ minor: 0 });
      transport.close(CloseCode.ServiceRestart, 'restart', GOODBYE);
      await turn();
      expect(body()).toBe(`retry: 1500\n\nretry: 70\n\ndata: ${RESTART}\n\n`);
    });

    it('once, and writes nothing after', async () => {
      const stream = open();
      stream.transport.close(CloseCode.TokenRevoked, 'token revoked');
      await turn();
      const { taken } = stream.socket;
      stream.transport.close(CloseCode.ServiceRestart, 'restart', GOODBYE);
      write(stream);
      stream.transport.probe();
      await turn();
      expect(stream.socket.taken).toBe(taken);
    });

    it('no less gently when it is found too slow for its end', () => {
      const stream = open();
      stream.socket.isHeld = true;
      write(stream);
      stream.transport.close(CloseCode.TokenRevoked, 'token revoked');
      stream.transport.close(CloseCode.SlowConsumer, 'too slow');
      expect(stream.socket.destroyed).toBe(false);
    });

    it('a reader that is too slow without a word', () => {
      const { transport, socket, body } = open();
      transport.close(CloseCode.SlowConsumer, 'too slow', GOODBYE);
      expect([body(), socket.destroyed]).toEqual([RETRY_CHUNK, true]);
    });

    it.each([
      ['not before it had time to take the rest', undefined, 4_999, false],
      ['when it does not take the rest in time', undefined, 5_000, true],
      ['not before the time that it has when the process ends', GOODBYE, 19_999, false],
      ['when that is over', GOODBYE, 20_000, true],
    ])('by force %s', (_when, goodbye, elapsedMs, isDestroyed) => {
      jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] });
      const stream = open();
      stream.socket.isHeld = true;
      write(stream);
      stream.transport.close(CloseCode.ServiceRestart, 'restart', goodbye);
      jest.advanceTimersByTime(elapsedMs);
      expect(stream.socket.destroyed).toBe(isDestroyed);
    });
  });

  describe('terminated', () => {
    it('destroys its socket and writes no more', () => {
      const stream = open();
      const { taken } = stream.socket;
      stream.transport.terminate();
      write(stream);
      stream.transport.close(CloseCode.TokenRevoked, 'token revoked');
      expect([stream.socket.destroyed, stream.socket.taken]).toEqual([true, taken]);
    });

    it('leaves a socket alone on which the stream has left whole', async () => {
      const { transport, socket } = open();
      transport.close(CloseCode.TokenRevoked, 'token revoked');
      await turn();
      transport.terminate();
      expect(socket.destroyed).toBe(false);
    });
  });
});
