import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { NodeHandler, NodeLink, NodeMessage } from '../../src/backing/node-link.interface.js';
import { eventually } from '../support/eventually.js';

/** Links to be judged, and the means to part them. */
export interface NodeLinkSubject {
  /** A link of one more node, which knows those that are there and is known to them. */
  add(): Promise<NodeLink> | NodeLink;
  /** The node hears and says nothing any more until {@link rejoin}, though it lives. */
  cutOff(link: NodeLink): Promise<void> | void;
  rejoin(link: NodeLink): Promise<void> | void;
  /** The node takes its leave. */
  remove(link: NodeLink): Promise<void> | void;
  close(): Promise<void> | void;
}

const PING: NodeMessage = { operation: 'ping', payload: { text: 'ü ☃ "\n', list: [1, null, { deep: true }] } };
const LONG_MS = 5_000;

/** What every link between nodes must keep to. */
export function describeNodeLink(name: string, create: () => Promise<NodeLinkSubject> | NodeLinkSubject): void {
  describe(`${name} as a NodeLink`, () => {
    let subject: NodeLinkSubject;
    let asker: NodeLink;
    let other: NodeLink;
    let third: NodeLink;

    beforeEach(async () => {
      subject = await create();
      asker = await subject.add();
      other = await subject.add();
      third = await subject.add();
      await eventually(() => [asker, other, third].every((link) => link.nodeCount === 3));
    });
    afterEach(() => subject.close());

    it('gives each node an id of its own', () => {
      expect(new Set([asker.nodeId, other.nodeId, third.nodeId]).size).toBe(3);
    });

    it('carries a question to each other node and its answer back', async () => {
      asker.handle(() => 'not for itself');
      other.handle(({ operation, payload }) => ({ operation, payload, by: 'other' }));
      third.handle(async () => 'third');
      const { answers, isPartial } = await asker.ask(PING, { withinMs: LONG_MS });
      expect(answers).toHaveLength(2);
      expect(answers).toEqual(expect.arrayContaining([{ ...PING, by: 'other' }, 'third']));
      expect(isPartial).toBe(false);
    });

    it('keeps questions apart that are asked at once', async () => {
      for (const link of [other, third]) link.handle(({ payload }) => payload);
      const asked = Array.from({ length: 50 }, (_, index) =>
        asker.ask({ operation: 'echo', payload: index }, { withinMs: LONG_MS }),
      );
      const heard = await Promise.all(asked);
      expect(heard.map(({ answers }) => answers)).toEqual(Array.from({ length: 50 }, (_, index) => [index, index]));
    });

    it('is partial when a node that is alive is mute', async () => {
      other.handle(() => 'here');
      third.handle(() => new Promise(() => {}));
      expect(await asker.ask(PING, { withinMs: 100 })).toEqual({ answers: ['here'], isPartial: true });
    });

    it('is partial when a node fails, and does not wait for the end', async () => {
      other.handle(() => 'here');
      third.handle(() => {
        throw new Error('not today');
      });
      expect(await asker.ask(PING, { withinMs: 600_000 })).toEqual({ answers: ['here'], isPartial: true });
    });

    it('is partial when a node knows no such operation', async () => {
      other.handle(() => 'here');
      third.handle(() => undefined);
      expect(await asker.ask(PING, { withinMs: 600_000 })).toEqual({ answers: ['here'], isPartial: true });
    });

    it('takes null for an answer', async () => {
      for (const link of [other, third]) link.handle(() => null);
      expect(await asker.ask(PING, { withinMs: LONG_MS })).toEqual({ answers: [null, null], isPartial: false });
    });

    it('waits for nobody after an answer that is enough', async () => {
      other.handle(() => 'enough');
      third.handle(() => new Promise(() => {}));
      const { answers, isPartial } = await asker.ask(PING, {
        withinMs: 600_000,
        isEnough: (answer) => answer === 'enough',
      });
      expect([answers, isPartial]).toEqual([['enough'], false]);
    });

    it('tells all others, in the order in which it was said', async () => {
      const heard = [record(other), record(third)] as const;
      const own = record(asker);
      const told = Array.from({ length: 20 }, (_, index) => index);
      for (const payload of told) await asker.tell({ operation: 'note', payload });
      await eventually(() => heard.every((notes) => notes.length === 20));
      expect([heard[0], heard[1], own]).toEqual([told, told, []]);
    });

    it('does not wait for a node that has taken its leave', async () => {
      other.handle(() => 'here');
      await subject.remove(third);
      await eventually(() => asker.nodeCount === 2);
      expect(await asker.ask(PING, { withinMs: 600_000 })).toEqual({ answers: ['here'], isPartial: false });
    });

    describe('while a node is cut off', () => {
      beforeEach(() => subject.cutOff(third));

      it('has that node refuse to ask and tell', async () => {
        await expect(third.ask(PING, { withinMs: LONG_MS })).rejects.toMatchObject({ code: 'PUSH_ERR_UNAVAILABLE' });
        await expect(third.tell(PING)).rejects.toMatchObject({ code: 'PUSH_ERR_UNAVAILABLE' });
        expect(third.nodeCount).toBe(0);
      });

      it('carries out what was kept when it is back, once, in order and with its age', async () => {
        const heard: unknown[] = [];
        const ages: number[] = [];
        third.handle(({ payload }, { ageMs }) => {
          heard.push(payload);
          ages.push(ageMs);
          return null;
        });
        other.handle(() => null);
        await asker.tell({ operation: 'note', payload: 1 }, 60_000);
        await asker.ask({ operation: 'note', payload: 2 }, { withinMs: 1, keepMs: 60_000 });
        await asker.tell({ operation: 'note', payload: 3 }, 60_000);
        await subject.rejoin(third);
        await eventually(() => heard.length === 3);
        await subject.cutOff(third);
        await subject.rejoin(third);
        await asker.tell({ operation: 'note', payload: 4 });
        await eventually(() => heard.includes(4));
        expect(heard).toEqual([1, 2, 3, 4]);
        expect(ages.filter((ageMs) => !(ageMs >= 0 && ageMs < 60_000))).toEqual([]);
      });

      it('forgets what was not kept', async () => {
        const heard = record(third);
        await asker.tell({ operation: 'note', payload: 'lost' });
        await subject.rejoin(third);
        await asker.tell({ operation: 'note', payload: 'heard' });
        await eventually(() => heard.length > 0);
        expect(heard).toEqual(['heard']);
      });
    });
  });
}

function record(link: NodeLink): unknown[] {
  const heard: unknown[] = [];
  const handler: NodeHandler = ({ payload }) => {
    heard.push(payload);
    return null;
  };
  link.handle(handler);
  return heard;
}
