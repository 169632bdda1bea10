import { createHmac } from 'node:crypto';
import * as fc from 'fast-check';
import { TEST_SECRET } from '../../support/tokens.js';
import { group, headerValue, mostly, nearly, oddNumber, oddText, text } from './odd-values.js';

/** A token, good or nearly so. */
export interface TokenAttack {
  readonly token: string;
  /** Whether it must be refused whatever else is wrong with it; undefined where it may be either. */
  readonly isForged: boolean;
}

const base64url = (value: unknown) => Buffer.from(text(value)).toString('base64url');

function signed(header: unknown, payload: unknown, secret = TEST_SECRET): string {
  const input = `${base64url(header)}.${base64url(payload)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

const soon = () => Math.floor(Date.now() / 1000) + 600;
const header = nearly({
  alg: fc.constantFrom('HS256', 'HS256', 'none', 'HS512', 'RS256'),
  typ: fc.constantFrom('JWT', 'at+jwt'),
});
const claims = nearly({
  sub: mostly(fc.constant('attacker'), oddText),
  exp: mostly(fc.constant(0).map(soon), oddNumber, 8),
  groups: fc.array(group, { maxLength: 3 }),
  scope: fc.constantFrom('', 'push:send', 'push:admin push:send'),
});

/** Tokens whose holder has the key, and whose claims are nearly right; and those whose holder has not. */
export const tokenAttack: fc.Arbitrary<TokenAttack> = fc.oneof(
  fc.tuple(header, claims).map(([head, payload]) => ({ token: signed(head, payload), isForged: false })),
  fc
    .tuple(header, claims, fc.string({ minLength: 1, maxLength: 40 }))
    .map(([head, payload, secret]) => ({ token: signed(head, payload, secret), isForged: true })),
  fc.tuple(claims, fc.nat()).map(([payload, at]) => ({ token: withOtherPayload(payload, at), isForged: true })),
  headerValue(oddText).map((token) => ({ token, isForged: true })),
);

/** The signature of one token under the payload of another. */
function withOtherPayload(payload: object, at: number): string {
  const [head = '', , signature = ''] = signed({ alg: 'HS256' }, { sub: 'attacker', exp: soon() }).split('.');
  return [head, base64url({ ...payload, sub: 'admin', exp: soon() + (at % 1000) }), signature].join('.');
}

/** A token in a place where one may stand. */
export function tokenLike(): fc.Arbitrary<string> {
  return fc.oneof(
    headerValue(oddText),
    fc.constant(0).map(() => signed({ alg: 'HS256', typ: 'JWT' }, { sub: 'attacker', exp: soon() })),
    fc.constant(0).map(() => signed({ alg: 'HS256', typ: 'JWT' }, { sub: 'somebody', exp: soon() })),
    fc.constant('a.b.c'),
  );
}
