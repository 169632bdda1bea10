import { describe, expect, it } from '@jest/globals';
import { extractCredential } from '../../../src/auth/token-extractor.js';
import type { TokenCarrier, TokenSources } from '../../../src/auth/token-extractor.js';
import { cpuMsOf } from '../../support/cpu-time.js';

const ALL: TokenSources = { cookie: 'session', accessTokenQuery: true };

function extract(request: Partial<TokenCarrier>, sources: TokenSources = {}): string | undefined {
  const carrier = {
    method: 'GET',
    headers: {},
    query: undefined,
    isOriginListed: false,
    takesTickets: true,
    ...request,
  };
  return extractCredential(carrier, sources)?.text;
}

describe('extractCredential', () => {
  it('finds none in a bare request', () => {
    expect(extract({})).toBeUndefined();
    expect(extract({ query: new URLSearchParams() }, ALL)).toBeUndefined();
  });

  it('goes by the order Authorization, subprotocol, ticket, cookie, access_token', () => {
    const query = new URLSearchParams('access_token=d');
    const headers = {
      authorization: 'Bearer a',
      'sec-websocket-protocol': 'push.v1, bearer.b',
      cookie: 'session=c',
    };
    const { authorization: _, ...noAuthorization } = headers;
    const { 'sec-websocket-protocol': __, ...cookieOnly } = noAuthorization;
    expect(extract({ headers, query, isOriginListed: true }, ALL)).toBe('a');
    expect(extract({ headers: noAuthorization, query, isOriginListed: true }, ALL)).toBe('b');
    const withTicket = new URLSearchParams('access_token=d&ticket=t');
    expect(extract({ headers: noAuthorization, query: withTicket, isOriginListed: true }, ALL)).toBe('b');
    expect(extract({ headers: cookieOnly, query: withTicket, isOriginListed: true }, ALL)).toBe('t');
    expect(extract({ headers: cookieOnly, query, isOriginListed: true }, ALL)).toBe('c');
    expect(extract({ query, isOriginListed: true }, ALL)).toBe('d');
  });

  describe('from Authorization', () => {
    it.each(['Bearer a.b.c', 'bearer a.b.c', 'BEARER   a.b.c', 'Bearer a.b.c '])('reads %j', (authorization) => {
      expect(extract({ headers: { authorization } })).toBe('a.b.c');
    });

    it.each(['Basic YTpi', 'Bearer', 'Bearer ', 'Bearera.b.c', 'a.b.c', '', 'Token Bearer a'])(
      'finds nothing in %j and looks further',
      (authorization) => {
        expect(extract({ headers: { authorization } })).toBeUndefined();
        expect(extract({ headers: { authorization, 'sec-websocket-protocol': 'bearer.x' } })).toBe('x');
      },
    );
  });

  describe('from the list of subprotocols', () => {
    it.each([
      'push.v1, bearer.a.b.c',
      'push.v1,bearer.a.b.c',
      'bearer.a.b.c, push.v1',
      'bearer.a.b.c',
      'push.v1, other ,\tbearer.a.b.c ,x',
      'bearer., bearer.a.b.c',
    ])('reads %j', (list) => {
      expect(extract({ headers: { 'sec-websocket-protocol': list } })).toBe('a.b.c');
    });

    it.each(['push.v1', 'bearer.', 'push.v1, xbearer.a', 'Bearer.a', '', ',,,', 'bearer a'])(
      'finds nothing in %j',
      (list) => {
        expect(extract({ headers: { 'sec-websocket-protocol': list } })).toBeUndefined();
      },
    );
  });

  describe('from a cookie', () => {
    const headers = { cookie: 'other=1; session=a.b.c; last=2' };

    it('reads none unless one is configured', () => {
      expect(extract({ headers, isOriginListed: true })).toBeUndefined();
    });

    it('reads the configured one with an allowed origin, on any method', () => {
      expect(extract({ headers, isOriginListed: true }, ALL)).toBe('a.b.c');
      expect(extract({ headers, isOriginListed: true, method: 'POST' }, ALL)).toBe('a.b.c');
    });

    it('reads it without Origin on a GET of which the browser says that it is of the same origin', () => {
      expect(extract({ headers: { ...headers, 'sec-fetch-site': 'same-origin' } }, ALL)).toBe('a.b.c');
    });

    it('does not on another method', () => {
      expect(
        extract({ headers: { ...headers, 'sec-fetch-site': 'same-origin' }, method: 'POST' }, ALL),
      ).toBeUndefined();
    });

    it.each(['same-site', 'cross-site', 'none', '', undefined])('does not with Sec-Fetch-Site %j', (site) => {
      const given = site === undefined ? headers : { ...headers, 'sec-fetch-site': site };
      expect(extract({ headers: given }, ALL)).toBeUndefined();
    });

    it.each([
      ['session=x', 'x'],
      ['a=b;session=x', 'x'],
      ['session="x"', 'x'],
      ['session=x=y', 'x=y'],
      ['session=first; session=second', 'first'],
      ['session=; a=b', undefined],
      ['xsession=x', undefined],
      ['sessionx=x', undefined],
      ['Session=x', undefined],
      ['session', undefined],
      ['', undefined],
      ['=x; ;;', undefined],
    ])('reads %j as %j', (cookie, expected) => {
      expect(extract({ headers: { cookie }, isOriginListed: true }, { cookie: 'session' })).toBe(expected);
    });

    it('falls back to what comes after it', () => {
      const query = new URLSearchParams('access_token=d');
      expect(extract({ headers: { cookie: 'other=1' }, query, isOriginListed: true }, ALL)).toBe('d');
    });
  });

  describe('from access_token', () => {
    const query = new URLSearchParams('groups=a&access_token=a.b.c');

    it('reads it only where that is on', () => {
      expect(extract({ query })).toBeUndefined();
      expect(extract({ query }, { accessTokenQuery: false })).toBeUndefined();
      expect(extract({ query }, { accessTokenQuery: true })).toBe('a.b.c');
    });

    it('takes an empty one for none', () => {
      expect(extract({ query: new URLSearchParams('access_token=') }, ALL)).toBeUndefined();
    });
  });

  it('walks long headers in no time', async () => {
    const headers = {
      authorization: ' '.repeat(16_000),
      'sec-websocket-protocol': 'bearer,'.repeat(2000),
      cookie: 'session;'.repeat(2000),
    };
    const spentMs = await cpuMsOf(() => {
      for (let round = 0; round < 100; round++) extract({ headers, isOriginListed: true }, ALL);
    });
    expect(spentMs).toBeLessThan(500);
  });

  it('takes a ticket for one, and only where tickets are taken', () => {
    const carrier = { method: 'GET', headers: {}, query: new URLSearchParams('ticket=t'), isOriginListed: false };
    expect(extractCredential({ ...carrier, takesTickets: true }, {})).toEqual({ type: 'ticket', text: 't' });
    expect(extractCredential({ ...carrier, takesTickets: false }, {})).toBeUndefined();
    expect(
      extractCredential({ ...carrier, query: new URLSearchParams('ticket='), takesTickets: true }, {}),
    ).toBeUndefined();
  });
});
