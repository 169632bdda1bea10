import { describe, expect, it } from '@jest/globals';
import type { Principal } from '../../../src/core/principal.js';
import * as request from '../../../src/rest/rest-request.js';

function requestWith(members: Partial<request.RestRequest> = {}): request.RestRequest {
  return { headers: {}, params: {}, query: {}, ...members };
}

const principal: Principal = { userId: '7', groups: [], scopes: [], expiresAtMs: 0 };

describe('preferredWaitSeconds', () => {
  it.each([
    ['wait=10', 10],
    ['wait = 5', 5],
    ['WAIT="3"', 3],
    ['respond-async, wait=0', 0],
    ['wait=2; foo=bar', 2],
  ])('reads %s', (prefer, seconds) => {
    expect(request.preferredWaitSeconds(requestWith({ headers: { prefer } }))).toBe(seconds);
  });

  it.each(['wait', 'wait=', 'wait=-1', 'wait=soon', 'await=5', 'wait=1e3', 'wait=99999999999'])(
    'ignores %s',
    (prefer) => {
      expect(request.preferredWaitSeconds(requestWith({ headers: { prefer } }))).toBeUndefined();
    },
  );
});

describe('idempotencyKeyOf', () => {
  it('takes up to 255 characters and refuses more, or none', () => {
    const keyOf = (key: string) => request.idempotencyKeyOf(requestWith({ headers: { 'idempotency-key': key } }));
    expect(keyOf('k'.repeat(255))).toHaveLength(255);
    expect(() => keyOf('k'.repeat(256))).toThrow('255');
    expect(() => keyOf('')).toThrow('255');
  });
});

describe('callerOf', () => {
  it('is the bearer of the token that the built-in guard let in, whatever the host put there', () => {
    const withToken = requestWith({ user: { sub: '8' } });
    request.rememberPrincipal(withToken, principal);
    expect(request.callerOf(withToken)).toBe('user:7');
  });

  it.each([
    [{ sub: '7', userId: '8' }, 'host-user:7'],
    [{ userId: 9 }, 'host-user:9'],
    [{ id: 'x' }, 'host-user:x'],
    [{ name: 'no id' }, 'host'],
    ['text', 'host'],
    [undefined, 'host'],
  ])('of request.user %j is %s', (user, caller) => {
    expect(request.callerOf(requestWith({ user }))).toBe(caller);
  });

  it('keeps a user of the host apart from a bearer of the same name', () => {
    const withToken = requestWith();
    request.rememberPrincipal(withToken, principal);
    expect(request.callerOf(withToken)).not.toBe(request.callerOf(requestWith({ user: { sub: '7' } })));
  });
});

describe('the path and the query', () => {
  it.each(['a/b', '..', 'Jürgen 🙂', 'x'.repeat(255), "o'neil@example.org"])('takes the user id %s', (userId) => {
    expect(request.userInPath(requestWith({ params: { userId } }))).toBe(userId);
  });

  it.each(['', 'x'.repeat(256), 'a\u0000b', 'a\nb', undefined])('refuses the user id %j', (userId) => {
    expect(() => request.userInPath(requestWith({ params: { userId } }))).toThrow(
      expect.objectContaining({ errors: [expect.objectContaining({ pointer: '/userId' })] }),
    );
  });

  it.each(['a b', 'a/b', 'ü', '', 'x'.repeat(129)])('refuses the group %j', (group) => {
    expect(() => request.groupInPath(requestWith({ params: { group } }))).toThrow(
      expect.objectContaining({ code: 'PUSH_ERR_INVALID_ARGUMENT' }),
    );
  });

  it('reads a page', () => {
    expect(request.pageInQuery(requestWith({ query: { limit: '20', cursor: 'abc' } }))).toEqual({
      limit: 20,
      cursor: 'abc',
    });
    expect(request.pageInQuery(requestWith())).toEqual({});
  });

  it.each([{ limit: '-1' }, { limit: '1.5' }, { limit: '1e3' }, { limit: '' }, { limit: ['1', '2'] }])(
    'refuses the page %j',
    (query) => {
      expect(() => request.pageInQuery(requestWith({ query }))).toThrow(
        expect.objectContaining({ errors: [expect.objectContaining({ pointer: '/limit' })] }),
      );
    },
  );
});
