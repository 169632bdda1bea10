import { describe, expect, it } from '@jest/globals';
import type {
  Arrival,
  NodeAnswers,
  NodeMessage,
  OtherNodes,
  Question,
} from '../../../src/backing/node-link.interface.js';
import { latenessOf } from '../../../src/push/membership-word.js';
import { announce } from '../../../src/push/node-questions.js';

const IN_TIME: Arrival = { ageMs: 0, hasWaited: false, wasDropped: false, wasAlive: true };
const CHANGE = { userId: '7', group: 'g', revision: 1 };

/** Other nodes that take what is told, and answer when the test says so. */
class SlowNodes implements OtherNodes {
  readonly nodeCount = 2;
  readonly told: string[] = [];
  readonly asked: Question[] = [];
  answer: (answers: NodeAnswers) => void = () => {};

  tell({ operation }: NodeMessage): Promise<void> {
    this.told.push(operation);
    return Promise.resolve();
  }

  ask(_message: NodeMessage, question: Question): Promise<NodeAnswers> {
    this.asked.push(question);
    return new Promise((resolve) => (this.answer = resolve));
  }
}

describe('a change of memberships', () => {
  it('is told, where what is sent afterwards comes after it', async () => {
    const nodes = new SlowNodes();
    await announce({ nodes, log: { isInOneOrder: true } }, 'released', CHANGE);
    expect([nodes.told, nodes.asked]).toEqual([['released'], []]);
  });

  it('is done only when the other nodes have carried it out, where what is sent could overtake it', async () => {
    const nodes = new SlowNodes();
    let isDone = false;
    const done = announce({ nodes, log: {} }, 'released', CHANGE).then(() => (isDone = true));
    await new Promise(setImmediate);
    expect([isDone, nodes.asked.length, nodes.told]).toEqual([false, 1, []]);
    nodes.answer({ answers: [null], isPartial: false });
    expect(await done).toBe(true);
  });

  it('is kept for nodes that are cut off, and overtaken there before it counts as done here', async () => {
    const nodes = new SlowNodes();
    void announce({ nodes, log: {} }, 'released', CHANGE);
    const { withinMs, keepMs = 0, waitsForCutOff } = nodes.asked[0] ?? { withinMs: 0 };
    expect(keepMs).toBeGreaterThan(withinMs);
    // Messages reach them over another line, which may be well.
    expect(waitsForCutOff).toBe(true);
    expect([0, withinMs].map((ageMs) => latenessOf({}, { ...IN_TIME, ageMs }))).toEqual(['none', 'overtaken']);
    expect(latenessOf({ isInOneOrder: true }, { ...IN_TIME, ageMs: withinMs })).toBe('none');
  });

  it('is overtaken by what was said before the node was cut off only where the word of it was there and dropped', () => {
    const lateness = (wasDropped: boolean) =>
      latenessOf({ isInOneOrder: true }, { ...IN_TIME, hasWaited: true, wasDropped });
    expect([false, true].map(lateness)).toEqual(['cut-off', 'overtaken']);
  });

  it('is not overtaken where a node that could not hear is waited for all the same', () => {
    const lateness = (wasAlive: boolean) => latenessOf({}, { ...IN_TIME, hasWaited: true, wasAlive });
    expect([true, false].map(lateness)).toEqual(['none', 'overtaken']);
  });
});
