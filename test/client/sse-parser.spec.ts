import { describe, expect, it } from '@jest/globals';
import { sseParser } from '../../src/client/sse-parser.js';

const STREAM =
  ': hello\nretry: 10\n\nid: 1\ndata: {"a":1}\n\n:\n\nevent: x\ndata: two\ndata:lines\n\ndata: ü\u2028€😀\n\n';
const EVENTS = ['{"a":1}', 'two\nlines', 'ü\u2028€😀'];

function read(pieces: readonly Uint8Array[]): string[] {
  const events: string[] = [];
  const parse = sseParser((data) => events.push(data));
  const decoder = new TextDecoder();
  for (const piece of pieces) parse(decoder.decode(piece, { stream: true }));
  return events;
}

describe.each([
  ['line feeds', '\n'],
  ['carriage returns and line feeds', '\r\n'],
])('a stream with %s', (_name, lineEnd) => {
  const bytes = new TextEncoder().encode(STREAM.replaceAll('\n', lineEnd));

  it('gives the same events wherever it is cut', () => {
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(read([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(EVENTS);
    }
  });

  it('gives the same events byte by byte', () => {
    expect(read([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(EVENTS);
  });
});

it('gives nothing of an event that has not ended', () => {
  expect(read([new TextEncoder().encode('data: a\n\ndata: b\n')])).toEqual(['a']);
});
