import { describe, expect, it } from '@jest/globals';
import type { NodeAnswers, NodeMessage, OtherNodes, Question } from '../../../src/backing/node-link.interface.js';
import { announce, isOvertaken } from '../../../src/push/node-questions.js';

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
    const at = (ageMs: number) => ({ ageMs, isKept: false, wasAlive: true });
    expect([at(0), at(withinMs)].map((arrival) => isOvertaken({}, arrival))).toEqual([false, true]);
    expect(isOvertaken({ isInOneOrder: true }, at(withinMs))).toBe(false);
  });

  it('may have been overtaken by anything, where it was kept for a node that could not hear', () => {
    expect(isOvertaken({ isInOneOrder: true }, { ageMs: 0, isKept: true, wasAlive: true })).toBe(true);
  });

  it('is not overtaken where a node that could not hear is waited for all the same', () => {
    expect(isOvertaken({}, { ageMs: 0, isKept: true, wasAlive: true })).toBe(false);
    expect(isOvertaken({}, { ageMs: 0, isKept: true, wasAlive: false })).toBe(true);
  });
});
