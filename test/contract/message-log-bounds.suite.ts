import { afterEach, describe, expect, it } from '@jest/globals';
import type { MessageLogLimits } from '../../src/backing/message-log.interface.js';
import { decodeCursor, encodeCursor } from '../../src/protocol/cursor.js';
import { ALL, LogProbe, countsOf, groups, users } from './message-log.subject.js';
import type { CreateMessageLog } from './message-log.subject.js';

/** What a log must keep to when messages are lost. */
export function describeLogBounds(create: CreateMessageLog, heedsBytes: boolean, partitions: number): void {
  describe('has bounds and', () => {
    let probe: LogProbe;

    const open = async (limits: MessageLogLimits) => {
      probe = new LogProbe(await create(limits));
      return probe.position;
    };
    afterEach(() => probe.subject.close());

    it.each([
      ['one user', users('7'), 3],
      ['one group', groups('g'), 3],
      ['everyone', ALL, 5],
    ])('keeps the newest messages to %s', async (_, target, kept) => {
      const start = await open({ historyCount: 3, historyAllCount: 5 });
      const all = Array.from({ length: kept + 2 }, (_value, index) => index + 1);
      await probe.sendMany(kept, target);
      expect(await probe.read(start, { groups: ['g'] })).toMatchObject({ gap: undefined });
      await probe.sendMany(2, target);
      const page = await probe.read(start, { groups: ['g'] });

      expect(countsOf(page)).toEqual(all.slice(2));
      expect(page.gap).toBe('expired');
    });

    it('keeps no fewer messages to everyone than to one user where nothing is said of them', async () => {
      const start = await open({ historyCount: 1_500 });
      await probe.sendMany(1_500, ALL);
      expect(await probe.read(start)).toMatchObject({ gap: undefined, messages: { length: 1_500 } });
    });

    it('loses messages when they are old', async () => {
      const start = await open({ historySeconds: 10 });
      await probe.send(users('7'));
      await probe.subject.advance(9_999);
      await probe.send(users('7'));
      expect(await probe.read(start)).toMatchObject({ gap: undefined, messages: { length: 2 } });
      await probe.subject.advance(1);
      const page = await probe.read(start);

      expect(countsOf(page)).toEqual([2]);
      expect(page.gap).toBe('expired');
    });

    it.each([{ historyCount: 0 }, { historySeconds: 0 }])('keeps nothing with %p, and says so', async (limits) => {
      const start = await open(limits);
      await probe.send(users('7'));
      expect(await probe.read(start)).toMatchObject({ gap: 'expired', messages: [] });
      expect(await probe.read(start, { userId: '8' })).toMatchObject({ gap: undefined, messages: [] });
      await probe.send(ALL);
      expect(await probe.read(start, { userId: '8' })).toMatchObject({ gap: 'expired', messages: [] });
      expect(await probe.read(probe.position)).toMatchObject({ gap: undefined });
    });

    it('lets a message of another target be no reason for a gap', async () => {
      const start = await open({ historyCount: 2 });
      await probe.sendMany(9, users('8'));
      await probe.sendMany(9, groups('g'));
      await probe.send(users('7'));
      expect(await probe.read(start, { groups: ['h'] })).toMatchObject({ gap: undefined, messages: { length: 1 } });
    });

    it('lets messages before the place be no reason for a gap', async () => {
      await open({ historyCount: 2 });
      await probe.sendMany(9, users('7'));
      const between = probe.position;
      await probe.sendMany(2, users('7'));
      expect(await probe.read(between)).toMatchObject({ gap: undefined, messages: { length: 2 } });
    });

    it('tells of a gap for a target of which nothing is left', async () => {
      const start = await open({ historySeconds: 10 });
      await probe.send(groups('g'));
      await probe.subject.advance(10_000);
      await probe.send(users('8'));
      await probe.subject.advance(10_000);
      await probe.send(users('9'));

      expect(await probe.read(start, { groups: ['g'] })).toMatchObject({ gap: 'expired', messages: [] });
      expect(await probe.read(start, { groups: ['h'] })).toMatchObject({ gap: undefined });
    });

    it('still tells of the gap when the target is sent to again', async () => {
      const start = await open({ historySeconds: 10 });
      await probe.send(users('7'));
      await probe.subject.advance(10_000);
      await probe.send(users('8'));
      await probe.send(users('7'));
      const page = await probe.read(start);

      expect(countsOf(page)).toEqual([3]);
      expect(page.gap).toBe('expired');
    });

    it('does not call lost what was past its own time', async () => {
      const start = await open({ historyCount: 1 });
      await probe.send(users('7'), { expiresAtMs: probe.subject.nowMs + 1_000 });
      await probe.subject.advance(1_000);
      await probe.send(users('7'));
      expect(await probe.read(start)).toMatchObject({ gap: undefined, messages: { length: 1 } });
    });

    it('does not call lost what a newer message took the place of', async () => {
      const start = await open({ historyCount: 1 });
      for (let index = 0; index < 5; index++) await probe.send(users('7'), { collapseKey: 'price' });
      const page = await probe.read(start);

      expect(countsOf(page)).toEqual([5]);
      expect(page.gap).toBeUndefined();
    });

    describe('after a gap', () => {
      it('does not tell of it again to whom it was told', async () => {
        const start = await open({ historyCount: 2 });
        await probe.sendMany(4, users('7'));
        const { resumedFrom, gap } = await probe.read(start);
        const again = await probe.read(resumedFrom);

        expect(gap).toBe('expired');
        expect(countsOf(again)).toEqual([3, 4]);
        expect(again).toMatchObject({ gap: undefined, resumedFrom });
      });

      it('does not tell of it again on later pages', async () => {
        const start = await open({ historyCount: 2 });
        // For many, so that they are in one order however many partitions there are.
        await probe.send(groups('g', 'h'));
        await probe.sendMany(4, users('7', '8'));
        const reader = { groups: ['g'], maxMessages: 1 };
        const first = await probe.read(start, reader);
        const second = await probe.read(first.through, reader);

        expect([first.gap, second.gap]).toEqual(['expired', undefined]);
        expect([countsOf(first), countsOf(second)]).toEqual([[1], [4]]);
        expect(first.through[0]).toMatchObject({ number: 1, toldThrough: 3 });
        expect(second.through[0]).toEqual({ epoch: expect.any(String), number: 4 });
      });

      it('tells of one that came later', async () => {
        const start = await open({ historyCount: 2 });
        await probe.sendMany(4, users('7'));
        const { resumedFrom } = await probe.read(start);
        await probe.send(users('7'));
        expect(await probe.read(resumedFrom)).toMatchObject({ gap: 'expired' });
      });

      it('says so with each message that follows, for whoever is cut off before the end', async () => {
        const start = await open({ historyCount: 2 });
        await probe.sendMany(2, ALL);
        await probe.sendMany(5, users('7'));
        const page = await probe.read(start);
        expect(page).toMatchObject({ gap: 'expired', messages: { length: 4 } });
        for (const [index, { cursor, text }] of page.messages.entries()) {
          expect(JSON.parse(text)).toMatchObject({ cursor });
          const after = decodeCursor(cursor);
          if (!after) throw new Error(`no cursor: ${cursor}`);
          const rest = page.messages.slice(index + 1);
          expect(await probe.read(after)).toMatchObject({
            gap: undefined,
            messages: rest.map(({ number }) => ({ number })),
          });
        }
      });

      it('carries what was told through the text of a cursor', async () => {
        const start = await open({ historyCount: 2 });
        await probe.sendMany(4, users('7'));
        const { resumedFrom } = await probe.read(start);
        expect(decodeCursor(encodeCursor(resumedFrom))).toEqual(resumedFrom);
      });

      it('does not believe a place that was told of more than there is', async () => {
        const [place, ...others] = await open({ historyCount: 1 });
        const told = (await probe.read([{ ...place, toldThrough: 999 }, ...others])).resumedFrom;
        await probe.sendMany(2, users('7', '8'));
        expect(await probe.read(told)).toMatchObject({ gap: 'expired' });
        expect(told).toHaveLength(partitions);
      });
    });

    if (!heedsBytes) return;

    describe('with so many bytes at most', () => {
      const padding = 'x'.repeat(10_000);

      it('loses the messages of those who were quiet longest first', async () => {
        const start = await open({ maxHistoryBytes: 100_000 });
        for (const name of ['quiet', 'busy'])
          for (let index = 0; index < 4; index++) await probe.send(users(name), {}, padding);
        for (let index = 0; index < 4; index++) await probe.send(users('busy'), {}, padding);

        expect(await probe.read(start, { userId: 'busy' })).toMatchObject({ gap: undefined, messages: { length: 8 } });
        const quiet = await probe.read(start, { userId: 'quiet' });
        expect(quiet.gap).toBe('expired');
        expect(quiet.messages.length).toBeLessThan(4);
      });

      it('counts a message once that is for many', async () => {
        const start = await open({ maxHistoryBytes: 100_000 });
        await probe.send(users('1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12'), {}, padding);
        expect(await probe.countsAfter(start)).toEqual([1]);
      });

      it('has no room for a message that is longer than all of it', async () => {
        const start = await open({ maxHistoryBytes: 5_000 });
        await probe.send(users('8'));
        await probe.send(users('7'), {}, padding);
        expect(await probe.read(start)).toMatchObject({ gap: 'expired', messages: [] });
      });
    });
  });
}
