/**
 * What a client may say, and what is nearly that: each part is right most of the time, so that the rest is reached, and
 * now and then wrong in one of the ways that parsers get wrong.
 */
import * as fc from 'fast-check';

/** Mostly the first, sometimes the second. */
export function mostly<A, B>(right: fc.Arbitrary<A>, wrong: fc.Arbitrary<B>, weight = 5): fc.Arbitrary<A | B> {
  return fc.oneof({ arbitrary: right, weight }, { arbitrary: wrong, weight: 1 });
}

/** Texts that have broken parsers. */
export const oddText = fc.oneof(
  fc.constantFrom(
    ...['', ' ', '\0', '\r\n', '\n\ndata: x', '__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'],
    ...[
      '../..',
      '..%2f',
      '%00',
      '{tag}',
      't2:user',
      '*',
      '@all',
      'push:',
      'push:all',
      'NaN',
      '1e309',
      '-0',
      'null',
      'ＡＬＬ',
    ],
    ...['<script>', '\u2028', '\ud800', '\u202e', 'a'.repeat(129), 'a'.repeat(256), '\u0130'.repeat(100)],
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
);

export const oddNumber = fc.oneof(
  fc.constantFrom(0, -0, -1, 1.5, 2 ** 31, 2 ** 53, 2 ** 53 + 2, 1e300, -1e300, 5e-324),
  fc.double({ noDefaultInfinity: true, noNaN: true }),
);

/** Any JSON, keys that are dangerous included. */
export const anyJson: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(oddText, oddNumber, fc.boolean(), fc.constant(null)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(fc.oneof(fc.string({ maxLength: 5 }), oddText), tie('value')), { maxLength: 4 }).map(ownMembers),
  ),
})).value;

/** Also an own `__proto__`, which an object literal would not have. */
function ownMembers(members: readonly (readonly [string, unknown])[]): object {
  const object = {};
  for (const [key, value] of members) {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  }
  return object;
}

/** An object with these members, of which some may be missing, wrong or too many. */
export function nearly(members: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<object> {
  const each = Object.entries(members).map(([name, value]) =>
    fc.tuple(fc.constant(name), mostly(value, anyJson, 12), fc.integer({ min: 0, max: 14 })),
  );
  const extra = fc.array(fc.tuple(oddText, anyJson), { maxLength: 1 });
  return fc.tuple(fc.tuple(...each), mostly(fc.constant([]), extra, 8)).map(([own, more]) =>
    ownMembers([
      // One in fifteen is left out.
      ...own.filter(([, , chance]) => chance > 0).map(([name, value]) => [name, value] as const),
      ...more,
    ]),
  );
}

/** Node's own client refuses to send what is no header value. */
export function headerValue(source: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return source.map((value) => value.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '?'));
}

export function text(value: unknown): string {
  return JSON.stringify(value) ?? 'undefined';
}

/** JSON that somebody has cut, doubled or written over. */
export function cutOrRepeated(source: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(source, fc.nat(), fc.nat(), oddText).map(([json, from, to, between]) => {
    const start = from % (json.length + 1);
    return json.slice(0, start) + between + json.slice(Math.min(start, to % (json.length + 1)));
  });
}

/** Names of groups, users and events. */
export const group = mostly(fc.constantFrom('room:a', 'room:b', 'members:x'), oddText, 6);
export const user = mostly(fc.constantFrom('7', 'attacker', 'nobody', 'ü', 'a/b'), oddText, 6);
export const event = mostly(fc.constantFrom('order.status', 'a', 'chat:x', 'echo'), oddText, 6);
export const ref = mostly(fc.string({ maxLength: 10 }), anyJson, 6);
