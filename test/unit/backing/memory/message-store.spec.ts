import { beforeEach, describe, expect, it } from '@jest/globals';
import { MessageStore } from '../../../../src/backing/memory/message-store.js';
import type { MessageHandle } from '../../../../src/backing/memory/message-store.js';
import type { MessageTerms } from '../../../../src/backing/memory/message-terms.js';
import { SeededRandom } from '../../../contract/seeded-random.js';

const kept = (text: string, number = 1, storedAtMs = 5) => ({
  number,
  text,
  byteLength: Buffer.byteLength(text),
  storedAtMs,
});

/** Four of them fill a slab. */
const QUARTER = 'x'.repeat(4_000);

describe('a store of messages', () => {
  let store: MessageStore;

  beforeEach(() => {
    store = new MessageStore();
  });

  it.each([
    ['plain', '{"event":"a"}'],
    ['empty', ''],
    ['of two bytes a letter', 'äöü'.repeat(50)],
    ['of four bytes a letter', '😀🎉'.repeat(30)],
    ['as long as a record gets', 'x'.repeat(4_064)],
    ['a byte longer than a record gets', 'x'.repeat(4_065)],
    ['of a megabyte', 'é'.repeat(500_000)],
  ])('gives back what it was given: a text that is %s', (_, text) => {
    const before = store.add(kept('before', 1));
    const handle = store.add(kept(text, 2 ** 40, 1.7e12));
    const after = store.add(kept('after', 3));
    expect(store.textOf(handle)).toBe(text);
    expect(store.byteLengthOf(handle)).toBe(Buffer.byteLength(text));
    expect(store.numberOf(handle)).toBe(2 ** 40);
    expect(store.storedAtMsOf(handle)).toBe(1.7e12);
    expect([store.textOf(before), store.textOf(after)]).toEqual(['before', 'after']);
  });

  it('keeps terms for as long as the message, and none for the next one in its place', () => {
    const terms = { expiresAtMs: 10, collapseId: 'k', except: undefined };
    const handle = store.add(kept('a'), terms);
    expect(store.termsOf(handle)).toBe(terms);
    expect([store.isExpired(handle, 9), store.isExpired(handle, 10)]).toEqual([false, true]);
    store.release(handle);
    const next = store.add(kept('b'));
    expect(store.termsOf(next)).toBeUndefined();
    expect(store.isExpired(next, 10)).toBe(false);
  });

  it('frees a record with the last holder, and takes it for the next message', () => {
    store.add(kept('stays'));
    const handle = store.add(kept('a'));
    store.hold(handle);
    expect(store.release(handle)).toBe(0);
    expect(store.textOf(handle)).toBe('a');
    const weight = store.weightOf(handle);
    expect(store.release(handle)).toBe(weight);
    expect(store.add(kept('b'))).toBe(handle);
  });

  it('weighs what it takes: the text, and little beside', () => {
    for (const text of ['', 'x'.repeat(200), 'ü'.repeat(200), 'x'.repeat(3_000), 'x'.repeat(100_000)]) {
      const weight = store.weightOf(store.add(kept(text)));
      const bytes = Buffer.byteLength(text);
      expect(weight).toBeGreaterThanOrEqual(bytes + 40);
      expect(weight).toBeLessThanOrEqual(bytes + Math.max(136, bytes / 4));
    }
  });

  it('weighs terms too, by what is in them, and gives all of it back', () => {
    const weightOf = (terms?: MessageTerms) => {
      const handle = store.add(kept('a'), terms);
      const weight = store.weightOf(handle);
      expect(store.release(handle)).toBe(weight);
      return weight;
    };
    const none = { expiresAtMs: undefined, collapseId: undefined, except: undefined };
    const ttl = weightOf({ ...none, expiresAtMs: 1 });
    expect(ttl).toBeGreaterThan(weightOf() + 50);
    expect(weightOf({ ...none, collapseId: 'x'.repeat(100) })).toBeGreaterThan(ttl + 100);
    const except = { users: Array.from({ length: 50 }, (_, user) => `user-${user}`) };
    expect(weightOf({ ...none, except })).toBeGreaterThan(ttl + 50 * 7);
  });

  it('gives memory back when the last message of a slab is gone, whichever that is', () => {
    const handles = Array.from({ length: 40 }, (_, number) => store.add(kept(QUARTER, number)));
    const full = store.slabBytes;
    expect(full).toBeGreaterThanOrEqual(40 * QUARTER.length);
    for (const handle of handles.filter((_, index) => index % 2 === 0)) store.release(handle);
    for (const handle of handles.filter((_, index) => index % 2 === 1)) store.release(handle);
    expect(store.slabBytes).toBe(0);
    const again = Array.from({ length: 40 }, (_, number) => store.add(kept(QUARTER, number)));
    expect(store.slabBytes).toBe(full);
    expect(again.map((handle) => store.numberOf(handle))).toEqual(Array.from({ length: 40 }, (_, number) => number));
  });

  it('mixes up no two messages, whatever comes and goes', () => {
    const random = new SeededRandom(7);
    const model = new Map<MessageHandle, { text: string; number: number; holders: number }>();
    const pick = () => random.oneOf([...model.keys()]);
    let weight = 0;
    for (let number = 1; number <= 10_000; number++) {
      const step = random.upTo(9);
      if (step < 5 || model.size === 0) {
        const text = (step === 0 ? 'ß' : 'x').repeat(random.upTo(step === 1 ? 9_000 : 400)) + String(number);
        const handle = store.add(kept(text, number));
        expect(model.has(handle)).toBe(false);
        model.set(handle, { text, number, holders: 1 });
        weight += store.weightOf(handle);
      } else {
        const handle = pick();
        const known = model.get(handle);
        if (!known) throw new Error('the model has lost a message');
        expect(store.textOf(handle)).toBe(known.text);
        expect(store.numberOf(handle)).toBe(known.number);
        if (step === 5) {
          store.hold(handle);
          known.holders++;
        } else {
          weight -= store.release(handle);
          if (--known.holders === 0) model.delete(handle);
        }
      }
      if (model.size > 300) for (const handle of [...model.keys()].slice(0, 200)) weight -= letGo(model, handle);
    }
    expect(weight).toBe([...model.keys()].reduce((sum, handle) => sum + store.weightOf(handle), 0));
    for (const handle of [...model.keys()]) letGo(model, handle);
    expect(store.slabBytes).toBe(0);
  });

  function letGo(model: Map<MessageHandle, { holders: number }>, handle: MessageHandle): number {
    let given = 0;
    for (let left = model.get(handle)?.holders ?? 0; left > 0; left--) given += store.release(handle);
    model.delete(handle);
    return given;
  }
});
