import { describe, expect, it } from '@jest/globals';
import { HistoryShelf } from '../../../../src/backing/memory/history-shelf.js';
import { MemoryMessageLog } from '../../../../src/backing/memory/memory-message-log.js';
import type { MessageLogLimits, MessageRouting } from '../../../../src/backing/message-log.interface.js';
import type { Target } from '../../../../src/core/delivery-target.js';
import type { Cursor } from '../../../../src/protocol/cursor.js';
import { nobody } from '../../../support/silent-follower.js';

let nowMs: number;
let log: MemoryMessageLog;

function open(limits: MessageLogLimits): Cursor {
  nowMs = 1_700_000_000_000;
  log = new MemoryMessageLog(limits, { now: () => nowMs });
  log.follow(nobody);
  return log.position;
}

function send(target: Target, routing: Partial<MessageRouting> = {}, payload = ''): void {
  const content = { event: 'e', dataText: JSON.stringify(payload), id: 'n-1', ts: '2026-01-01T00:00:00.000Z' };
  void log.publish(content, { target, store: 'history', ...routing });
}

function read(after: Cursor, userId = '7') {
  return log.read({ after, audience: { userId, groups: [] }, maxMessages: 1_000_000, maxBytes: 1_000_000_000 });
}

describe('MemoryMessageLog', () => {
  it('weighs what it holds and nothing else, whatever came and went', () => {
    open({ historySeconds: 10, historyCount: 5 });
    for (let index = 0; index < 300; index++) {
      send({ users: [`${index % 7}`, `${index % 5}`], groups: [`${index % 3}`] }, { collapseKey: `${index % 4}` });
      send({ all: true });
      nowMs += 100;
    }
    nowMs += 10_000;
    send({ users: ['last'] });
    const weight = log.bytes;

    open({});
    send({ users: ['last'] });
    // The text of a cursor grows with the number in it.
    expect(weight - log.bytes).toBeLessThan(10);
  });

  it('never weighs more than it may', () => {
    open({ maxHistoryBytes: 50_000 });
    const weights = Array.from({ length: 2_000 }, (_, index) => {
      send({ users: [`${index % 90}`, `${index % 13}`], groups: ['g'] }, {}, 'x'.repeat(index % 3_000));
      return log.bytes;
    });
    expect(Math.max(...weights)).toBeLessThanOrEqual(50_000);
    expect(Math.max(...weights)).toBeGreaterThan(40_000);
  });

  it('drops targets that are quiet when others are sent to', () => {
    open({ historySeconds: 10 });
    for (let user = 0; user < 1_000; user++) send({ users: [`${user}`] });
    const before = log.bytes;
    nowMs += 10_000;
    send({ users: ['other'] });
    expect(log.bytes).toBeLessThan(before / 500);
  });

  it('drops each target when its own time has come', () => {
    open({ historySeconds: 10 });
    send({ users: ['first'] });
    const one = log.bytes;
    nowMs += 5_000;
    send({ users: ['second'] });
    const weights = [4_999, 1, 4_999, 1].map((laterMs) => {
      nowMs += laterMs;
      send({ users: ['third'] }, { collapseKey: 'one alone' });
      return Math.round(log.bytes / one);
    });
    expect(weights).toEqual([3, 2, 2, 1]);
  });

  it('drops targets whose messages seem to be from far ahead when others are sent to', () => {
    open({ historySeconds: 10 });
    for (let user = 0; user < 1_000; user++) send({ users: [`${user}`] });
    const before = log.bytes;
    nowMs -= 3_600_000;
    send({ users: ['other'] });
    expect(log.bytes).toBeLessThan(before / 500);
  });

  it('tells of a gap to users beyond those that it remembers one by one', async () => {
    const start = open({ historyCount: 1, historySeconds: 1 });
    for (let user = 0; user < 200_001; user++) send({ users: [`${user}`] });
    nowMs += 1_000;
    send({ users: ['other'] });

    expect((await read(start, '0')).gap).toBe('expired');
    expect((await read(start, '200000')).gap).toBe('expired');
  });

  it('lets go of messages that seem to be from far ahead because the clock was set back', async () => {
    const start = open({ historySeconds: 10 });
    send({ users: ['7'] });
    nowMs -= 3_600_000;
    send({ users: ['7'] });
    const { messages, gap } = await read(start);

    expect(messages.map(({ number }) => number)).toEqual([2]);
    expect(gap).toBe('expired');
  });

  it('keeps a long list in order while it is taken from at both ends', async () => {
    const start = open({ historyAllCount: 1_000 });
    for (let index = 0; index < 5_000; index++) {
      send({ all: true }, index % 10 === 0 ? { collapseKey: `${index % 70}` } : {});
    }
    const numbers = (await read(start)).messages.map(({ number }) => number);

    expect(numbers).toHaveLength(1_000);
    expect(numbers).toEqual(numbers.toSorted((one, other) => one - other));
    expect(numbers.at(-1)).toBe(5_000);
  });

  it('merges the histories of more than a hundred groups', async () => {
    const start = open({});
    const groups = Array.from({ length: 120 }, (_, index) => `g${index}`);
    for (let index = 0; index < 6_000; index++) {
      send({ groups: [`g${index % 120}`, `g${(index + 1) % 120}`] });
    }
    const request = { audience: { userId: '7', groups }, maxMessages: 100, maxBytes: 1_000_000 };
    const numbers: number[] = [];
    let after = start;
    for (let hasMore = true; hasMore;) {
      const page = await log.read({ ...request, after });
      expect(page.gap).toBeUndefined();
      numbers.push(...page.messages.map(({ number }) => number));
      ({ through: after, hasMore } = page);
    }

    expect(numbers).toEqual(Array.from({ length: 6_000 }, (_, index) => index + 1));
  });

  it('takes little more memory than it may hold, whatever lengths come after which others', () => {
    nowMs = 1_700_000_000_000;
    const maxHistoryBytes = 8 * 1024 * 1024;
    const shelf = new HistoryShelf({ historySeconds: 300, maxHistoryBytes });
    log = new MemoryMessageLog({ maxHistoryBytes }, { now: () => nowMs }, shelf);
    log.follow(nobody);
    const busy = Array.from({ length: 150 }, (_, user) => `busy-${user}`);
    let mostBytes = 0;
    for (let phase = 0; phase < 20; phase++) {
      const payload = 'x'.repeat(60 + 150 * phase);
      for (let sent = 0; sent < maxHistoryBytes / (payload.length + 400); sent++) {
        send({ users: [`once-${phase}-${sent}`] }, {}, payload);
        const user = busy[sent % busy.length] ?? '';
        // A message of this length that stays, and small ones that keep its user from being the quietest.
        if (sent < busy.length * 8 && sent % 8 === 0) send({ users: [user] }, {}, payload);
        else send({ users: [user] }, { collapseKey: 'k' });
      }
      mostBytes = Math.max(mostBytes, shelf.messages.slabBytes);
    }
    expect(mostBytes).toBeGreaterThan(maxHistoryBytes / 2);
    expect(mostBytes).toBeLessThanOrEqual(1.5 * maxHistoryBytes + 4.1 * 1024 * 1024);
  });
});
