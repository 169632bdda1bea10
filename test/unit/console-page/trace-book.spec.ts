import { describe, expect, it } from '@jest/globals';
import { TraceBook } from '../../../src/console-page/trace-book.js';
import type { NodeTraceEntry } from '../../../src/protocol/console-frames.js';

function entry(step: NodeTraceEntry['step'], at: number, node = 'a'): NodeTraceEntry {
  return { node, seq: at, at, step, messageId: 'm1', event: 'note', bytes: 20 };
}

describe('TraceBook', () => {
  it.each([
    ['of the same moment in the order in which they happen', [entry('written', 5), entry('matched', 5)]],
    ['of a node whose clock is ahead behind the acceptance all the same', [entry('matched', 4, 'b'), entry('sent', 5)]],
  ])('has steps %s', (_what, entries) => {
    const book = new TraceBook();
    book.add(entries);
    expect(book.items.map(({ steps }) => steps.map(({ step }) => step))).toEqual([
      entries.map(({ step }) => step).reverse(),
    ]);
  });
});
