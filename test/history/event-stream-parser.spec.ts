import { expect, it } from '@jest/globals';
import { EventStreamParser } from './event-stream-parser.js';

it('reads events that arrive in any pieces, and gives out none that is not whole', () => {
  const stream = 'retry: 5\n: note\nid: a\ndata: {"ü":\ndata: 1}\n\nid: b\r\ndata: 2\r\n\r\nid: c\ndata: 3\n';
  const bytes = Buffer.from(stream);
  for (let size = 1; size < bytes.length; size++) {
    const events: unknown[] = [];
    const parser = new EventStreamParser((event) => events.push(event));
    for (let at = 0; at < bytes.length; at += size) parser.push(bytes.subarray(at, at + size));
    expect(events).toEqual([
      { id: 'a', data: '{"ü":\n1}' },
      { id: 'b', data: '2' },
    ]);
  }
});
