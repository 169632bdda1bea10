import * as fc from 'fast-check';
import { group, headerValue, mostly, oddText } from './odd-values.js';
import { tokenLike } from './token-grammar.js';

/** One GET of a transport, or of the dry run. */
export interface DoorAttack {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

const cursorLike = fc.oneof(
  fc.constantFrom(
    '1.AAAAAAAA.0',
    '1.AAAAAAAA.zzzzzzzzzzzzzzzz',
    '1.AAAAAAAA.-1',
    '1..',
    '2.AAAAAAAA.0',
    '1.a.1.a.1',
    'x'.repeat(1025),
  ),
  oddText,
);
const query = fc
  .record(
    {
      cursor: cursorLike,
      groups: fc.array(group, { maxLength: 5 }).map((list) => list.join(',')),
      ticket: oddText,
      access_token: tokenLike(),
      named: fc.constantFrom('1', '0', ''),
      wait: fc.constantFrom('0', '-1', '0.01', '', 'x', '0x0', '1e-3', '-1e400'),
    },
    { requiredKeys: ['wait'] },
  )
  .map((parts) => new URLSearchParams(parts as Record<string, string>).toString());

const doorHeaders = fc.record(
  {
    authorization: mostly(
      tokenLike().map((token) => `Bearer ${token}`),
      headerValue(oddText),
    ),
    origin: mostly(
      fc.constantFrom('https://shop.example', 'https://a.shop.example'),
      fc.oneof(
        fc.constantFrom(
          'null',
          'https://evil.example',
          'https://shop.example.evil',
          'https://evilshop.example',
          'https://',
        ),
        headerValue(oddText),
      ),
    ),
    cookie: mostly(
      tokenLike().map((token) => `push_token=${token}`),
      headerValue(oddText),
    ),
    'last-event-id': headerValue(cursorLike),
    'sec-fetch-site': fc.constantFrom('same-origin', 'cross-site', 'same-site'),
    'x-forwarded-for': headerValue(oddText),
    accept: fc.constantFrom('text/event-stream', 'text/html', '*/*', 'application/javascript'),
  },
  { requiredKeys: [] },
);

/** A GET of one of the doors with parameters and headers that are nearly right. */
export const doorAttack: fc.Arbitrary<DoorAttack> = fc
  .tuple(fc.constantFrom('/push/sse', '/push/poll', '/push/handshake', '/push/ws'), query, doorHeaders)
  .map(([path, parameters, headers]) => ({ path: `${path}?${parameters}`, headers }));
