import { describe, expect, it } from '@jest/globals';
import { OutgoingMessage } from '../../../src/core/outgoing-message.js';
import { sseFormat } from '../../../src/transports/sse/sse-format.js';

const envelopeChunks = sseFormat(true, false);
const envelopeBlocks = sseFormat(false, false);
const namedChunks = sseFormat(true, true);
const namedBlocks = sseFormat(false, true);

const TEXT = '{"event":"order.status","data":{"note":"täglich 🚚"},"id":"i","cursor":"1.e.1"}';
const message = new OutgoingMessage(TEXT, '1.e.1', 1);
const control = new OutgoingMessage('{"event":"push:pong"}');

describe('the format of an event stream', () => {
  it.each([
    [
      'whole envelopes in chunks, their length in bytes',
      envelopeChunks,
      `64\r\nid: 1.e.1\ndata: ${TEXT}\n\n\r\n`,
      '1d\r\ndata: {"event":"push:pong"}\n\n\r\n',
    ],
    ['whole envelopes', envelopeBlocks, `id: 1.e.1\ndata: ${TEXT}\n\n`, 'data: {"event":"push:pong"}\n\n'],
    [
      'named events in chunks, their length in bytes',
      namedChunks,
      '3e\r\nid: 1.e.1\nevent: order.status\ndata: {"note":"täglich 🚚"}\n\n\r\n',
      '1d\r\nevent: push:pong\ndata: null\n\n\r\n',
    ],
    [
      'named events',
      namedBlocks,
      'id: 1.e.1\nevent: order.status\ndata: {"note":"täglich 🚚"}\n\n',
      'event: push:pong\ndata: null\n\n',
    ],
  ])('is %s', (_what, format, bytes, controlBytes) => {
    expect(format.encode(message).toString()).toBe(bytes);
    expect(format.encode(control).toString()).toBe(controlBytes);
  });

  it('frames blocks that are no messages in the same way', () => {
    for (const format of [envelopeChunks, namedChunks]) {
      expect(format.frame(': ü\n\n').toString()).toBe('6\r\n: ü\n\n\r\n');
    }
    for (const format of [envelopeBlocks, namedBlocks]) expect(format.frame(':\n\n').toString()).toBe(':\n\n');
  });

  it('is one object per kind', () => {
    expect(new Set([envelopeChunks, envelopeBlocks, namedChunks, namedBlocks]).size).toBe(4);
    expect(sseFormat(true, false)).toBe(envelopeChunks);
    expect(sseFormat(false, true)).toBe(namedBlocks);
  });

  it.each([
    ['null', 'null'],
    ['0', '0'],
    ['""', '""'],
    ['false', 'false'],
    [String.raw`"two\nlines"`, String.raw`"two\nlines"`],
  ])('gives bare data of %s as it was sent', (sent, data) => {
    const text = `{"event":"a","data":${sent}}`;
    expect(namedBlocks.encode(new OutgoingMessage(text)).toString()).toBe(`event: a\ndata: ${data}\n\n`);
  });

  it.each([String.raw`a\nid: 9`, String.raw`a\r\nid: 9`, String.raw`a\rid: 9`])(
    'lets no line break in the name begin another field: %p',
    (event) => {
      const text = `{"event":"${event}","data":1}`;
      expect(namedBlocks.encode(new OutgoingMessage(text)).toString()).toBe('event: a id: 9\ndata: 1\n\n');
    },
  );
});
