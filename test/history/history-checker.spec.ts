import { describe, expect, it } from '@jest/globals';
import { check } from './history-checker.js';
import type { History, MembershipChange, Publication, RecipientEvent, RecipientLog } from './history.js';

/** A message of the moment `at` for everyone, unless it says otherwise. */
function published(key: string, at: number, more: Partial<Publication> = {}): Publication {
  const target = { all: true as const };
  const id = `id-${key}`;
  return { key, id, outcome: 'accepted', target, isStored: true, startedAt: at, finishedAt: at + 1, ...more };
}

function connecting(at: number, cursor?: string): RecipientEvent {
  return { type: 'connecting', at, transport: 'ws', cursor };
}

function welcome(at: number, connectionId = 'c1'): RecipientEvent {
  return { type: 'welcome', at, connectionId, cursor: 'place', isResumed: false };
}

function came(key: string, at: number, id = `id-${key}`): RecipientEvent {
  return { type: 'message', at, key, id, cursor: 'place' };
}

function gap(at: number): RecipientEvent {
  return { type: 'gap', at, reason: 'expired', cursor: 'place' };
}

const CONNECTED: readonly RecipientEvent[] = [connecting(0), welcome(1)];

/** A recipient that has been connected since 1. */
function recipient(name: string, userId: string, ...events: RecipientEvent[]): RecipientLog {
  return { name, userId, events: [...CONNECTED, ...events] };
}

interface HandMade {
  readonly publications?: readonly Publication[];
  readonly recipients: readonly RecipientLog[];
  readonly memberships?: readonly MembershipChange[];
}

function history({ publications = [], recipients, memberships = [] }: HandMade): History {
  return { publications, recipients, memberships, endedAt: 1_000 };
}

function defectsOf(handMade: HandMade): string[] {
  return check(history(handMade)).defects.map(({ type, recipient: name, key }) => `${name} ${type} ${key}`);
}

const joins = (at: number): MembershipChange => ({
  user: '7',
  group: 'g',
  type: 'join',
  startedAt: at,
  finishedAt: at + 1,
});
const leaves = (at: number): MembershipChange => ({ ...joins(at), type: 'leave' });
const toGroup = { target: { groups: ['g'] } };

describe('a clean history', () => {
  it('has no defects and is counted', () => {
    const publications = [published('a', 10), published('b', 20, { target: { users: ['8'] } })];
    const recipients = [recipient('r', '7', came('a', 12)), recipient('s', '8', came('a', 12), came('b', 22))];
    expect(check(history({ publications, recipients }))).toEqual({
      defects: [],
      published: 2,
      due: 3,
      received: 3,
      toldAsGap: 0,
      gaps: 0,
      sessions: 2,
    });
  });

  it('asks nobody for what was published before it had a place', () => {
    expect(defectsOf({ publications: [published('a', 0.5)], recipients: [recipient('r', '7')] })).toEqual([]);
  });

  it('asks nobody for what is not kept, was refused or was never answered', () => {
    const publications = [
      published('a', 10, { isStored: false }),
      published('b', 20, { outcome: 'refused', id: undefined }),
      published('c', 30, { outcome: 'unknown', id: undefined }),
    ];
    expect(defectsOf({ publications, recipients: [recipient('r', '7')] })).toEqual([]);
  });

  it('accepts once what was never answered', () => {
    const publications = [published('a', 10, { outcome: 'unknown', id: undefined, finishedAt: Infinity })];
    expect(defectsOf({ publications, recipients: [recipient('r', '7', came('a', 12))] })).toEqual([]);
  });

  it('accepts what was published side by side in either order', () => {
    const publications = [published('a', 10, { finishedAt: 30 }), published('b', 20)];
    const recipients = [recipient('r', '7', came('b', 31), came('a', 32))];
    expect(defectsOf({ publications, recipients })).toEqual([]);
  });
});

describe('lost messages', () => {
  it('are found', () => {
    const publications = [published('a', 10), published('b', 20)];
    expect(defectsOf({ publications, recipients: [recipient('r', '7', came('b', 22))] })).toEqual(['r lost a']);
  });

  it('are found at the end, when nothing came after them', () => {
    expect(defectsOf({ publications: [published('a', 10)], recipients: [recipient('r', '7')] })).toEqual(['r lost a']);
  });

  it('are no defect when a gap was told after they were published, and are counted', () => {
    const publications = [published('a', 10), published('b', 20)];
    const recipients = [recipient('r', '7', connecting(15, 'place'), welcome(16), gap(17), came('b', 22))];
    expect(check(history({ publications, recipients }))).toMatchObject({ defects: [], toldAsGap: 1, gaps: 1 });
  });

  it('are found when the gap was told before they were published', () => {
    const recipients = [recipient('r', '7', connecting(5, 'place'), welcome(6), gap(7))];
    expect(defectsOf({ publications: [published('a', 10)], recipients })).toEqual(['r lost a']);
  });

  it('are found when the recipient was past them before the gap was told', () => {
    const publications = [published('a', 10), published('b', 20)];
    const recipients = [recipient('r', '7', came('b', 22), connecting(30, 'place'), welcome(31), gap(32))];
    expect(defectsOf({ publications, recipients })).toEqual(['r lost a']);
  });

  it('are found in a group during the membership', () => {
    const publications = [published('a', 20, toGroup)];
    expect(defectsOf({ publications, memberships: [joins(10)], recipients: [recipient('r', '7')] })).toEqual([
      'r lost a',
    ]);
  });

  it.each([
    ['before the join', [joins(10)], 5],
    ['while the join is under way', [joins(10)], 10.5],
    ['after the leave', [joins(10), leaves(20)], 25],
    ['shortly before a leave, which may have come first', [joins(10), leaves(20)], 18],
  ])('are not suspected in a group %s', (_when, memberships, at) => {
    const publications = [published('a', at, toGroup)];
    expect(defectsOf({ publications, memberships, recipients: [recipient('r', '7')] })).toEqual([]);
  });

  it('are found before a leave when something later came before it', () => {
    const publications = [published('a', 12, toGroup), published('b', 14)];
    const recipients = [recipient('r', '7', came('b', 16))];
    expect(defectsOf({ publications, memberships: [joins(10), leaves(20)], recipients })).toEqual(['r lost a']);
  });

  it('are the newest of a collapse key only', () => {
    const publications = [published('a', 10, { collapseKey: 'k' }), published('b', 20, { collapseKey: 'k' })];
    expect(defectsOf({ publications, recipients: [recipient('r', '7')] })).toEqual(['r lost b']);
  });

  it('are not suspected when a later message to more users took their place for this one', () => {
    const publications = [
      published('a', 10, { collapseKey: 'k', target: { users: ['7'] } }),
      published('b', 20, { collapseKey: 'k', target: { users: ['8', '7'] } }),
    ];
    expect(defectsOf({ publications, recipients: [recipient('r', '7', came('b', 22))] })).toEqual([]);
  });

  it('are found when they are kept for a group as well, where nothing took their place', () => {
    const publications = [
      published('a', 20, { collapseKey: 'k', target: { users: ['7'], groups: ['g'] } }),
      published('b', 30, { collapseKey: 'k', target: { users: ['7'] } }),
    ];
    const recipients = [recipient('r', '7', came('b', 32))];
    expect(defectsOf({ publications, memberships: [joins(5)], recipients })).toEqual(['r lost a']);
  });

  it('are not suspected when their ttl was over before anything later came', () => {
    const publications = [published('a', 10, { ttlMs: 200 }), published('b', 600)];
    expect(defectsOf({ publications, recipients: [recipient('r', '7', came('b', 610))] })).toEqual([]);
  });

  it('are found within their ttl', () => {
    const publications = [published('a', 10, { ttlMs: 5_000 }), published('b', 600)];
    expect(defectsOf({ publications, recipients: [recipient('r', '7', came('b', 610))] })).toEqual(['r lost a']);
  });
});

describe('repeated messages', () => {
  it('are found across sessions', () => {
    const recipients = [recipient('r', '7', came('a', 12), connecting(20, 'place'), welcome(21), came('a', 22))];
    expect(defectsOf({ publications: [published('a', 10)], recipients })).toEqual(['r repeated a']);
  });

  it('are found where the send was never answered', () => {
    const publications = [published('a', 10, { outcome: 'unknown', id: undefined })];
    const recipients = [recipient('r', '7', came('a', 12, 'one'), came('a', 13, 'two'))];
    expect(defectsOf({ publications, recipients })).toEqual(['r repeated a']);
  });
});

describe('messages out of order', () => {
  it('are found by the time of their publication', () => {
    const publications = [published('a', 10), published('b', 20)];
    const recipients = [recipient('r', '7', came('b', 22), came('a', 23))];
    expect(defectsOf({ publications, recipients })).toEqual(['r disordered a']);
  });

  it('are found where two recipients disagree about what was published side by side', () => {
    const publications = [published('a', 10, { finishedAt: 30 }), published('b', 20)];
    const recipients = [
      recipient('r', '7', came('a', 31), came('b', 32)),
      recipient('s', '8', came('b', 31), came('a', 32)),
    ];
    expect(defectsOf({ publications, recipients })).toEqual(['s disordered a']);
  });

  it('are not suspected where a message is not kept and has no place', () => {
    const publications = [published('a', 10, { isStored: false }), published('b', 20)];
    const recipients = [recipient('r', '7', came('b', 22), came('a', 23))];
    expect(defectsOf({ publications, recipients })).toEqual([]);
  });
});

describe('messages that were not for them', () => {
  it.each<[string, Partial<Publication>]>([
    ['another user', { target: { users: ['8'] } }],
    ['a group it never was in', toGroup],
    ['another connection', { target: { connections: ['c2'] } }],
    ['all but this user', { target: { all: true, except: { users: ['7'] } } }],
  ])('are found when they were for %s', (_whom, more) => {
    const publications = [published('a', 10, more)];
    expect(defectsOf({ publications, recipients: [recipient('r', '7', came('a', 12))] })).toEqual(['r not-for-them a']);
  });

  it('are found when they were for all but the members of its group', () => {
    const publications = [published('a', 20, { target: { all: true, except: { groups: ['g'] } } })];
    const recipients = [recipient('r', '7', came('a', 22))];
    expect(defectsOf({ publications, memberships: [joins(5)], recipients })).toEqual(['r not-for-them a']);
  });

  it('are found when they are replayed to someone who has left the group since', () => {
    const recipients = [recipient('r', '7', connecting(50, 'place'), welcome(51), came('a', 52))];
    const memberships = [joins(5), leaves(30)];
    expect(defectsOf({ publications: [published('a', 20, toGroup)], memberships, recipients })).toEqual([
      'r not-for-them a',
    ]);
  });

  it('are accepted when someone has joined by the time of the replay', () => {
    const recipients = [recipient('r', '7', connecting(50, 'place'), welcome(51), came('a', 52))];
    expect(defectsOf({ publications: [published('a', 20, toGroup)], memberships: [joins(30)], recipients })).toEqual(
      [],
    );
  });

  it('are accepted on the connection that they name', () => {
    const publications = [published('a', 10, { target: { connections: ['c1'] } })];
    expect(defectsOf({ publications, recipients: [recipient('r', '7', came('a', 12))] })).toEqual([]);
  });

  it('are found when a recipient without a cursor gets what was before it', () => {
    const events = [connecting(50), welcome(51), came('a', 52)];
    const recipients = [{ name: 'r', userId: '7', events }];
    expect(defectsOf({ publications: [published('a', 20)], recipients })).toEqual(['r not-for-them a']);
  });
});

describe('what nobody published', () => {
  it.each<[string, Publication[], string]>([
    ['unknown', [], 'id-a'],
    ['refused', [published('a', 10, { outcome: 'refused', id: undefined, isStored: false })], 'id-a'],
    ['known by another id', [published('a', 10)], 'other'],
  ])('is found when it is %s', (_what, publications, id) => {
    const recipients = [recipient('r', '7', came('a', 12, id))];
    expect(defectsOf({ publications, recipients })).toEqual(['r never-published a']);
  });

  it('is found when it cannot be read', () => {
    const recipients = [recipient('r', '7', { type: 'garbled', at: 5, detail: '{"ev' })];
    expect(defectsOf({ recipients })).toEqual(['r garbled ']);
  });
});

it('finds what is replayed after its time', () => {
  const publications = [published('a', 10, { ttlMs: 100 })];
  const recipients = [recipient('r', '7', connecting(500, 'place'), welcome(501), came('a', 502))];
  expect(defectsOf({ publications, recipients })).toEqual(['r stale a']);
});
