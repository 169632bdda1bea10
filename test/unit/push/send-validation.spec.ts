import { describe, expect, it } from '@jest/globals';
import { PushError } from '../../../src/core/push-error.js';
import { MAX_JSON_DEPTH } from '../../../src/protocol/limits.js';
import type { Target } from '../../../src/core/delivery-target.js';
import type { SendOptions } from '../../../src/push/push-types.js';
import { assertSendable, encodeData } from '../../../src/push/send-validation.js';

const everyone = { all: true } as const;

/** What the action is refused with; undefined when it is not. */
function refusalOf(action: () => unknown): PushError | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof PushError) return error;
    throw error;
  }
}

function problemsOf(target: unknown, event: unknown, options: unknown = {}): readonly string[] {
  const refusal = refusalOf(() => assertSendable(target as Target, event as string, options as SendOptions));
  return refusal?.errors?.map(({ pointer }) => pointer) ?? [];
}

describe('assertSendable', () => {
  it.each([
    [everyone],
    [{ all: true, except: { users: ['7'], groups: ['g'], connections: ['c'] } }],
    [{ all: true, users: undefined, except: undefined }],
    [{ users: ['a user with spaces, ü and 🙂'] }],
    [{ groups: ['A-Z_a.z:0@9'] }],
    [{ connections: ['c'], users: [] }],
    [{ users: ['7'], groups: ['g'], connections: ['c'], except: { users: ['8'] } }],
  ])('takes the target %j', (target) => {
    expect(problemsOf(target, 'e')).toEqual([]);
  });

  it.each([
    [undefined, ['/target']],
    [null, ['/target']],
    ['all', ['/target']],
    [[], ['/target']],
    [{}, ['/target']],
    [{ all: false }, ['/target']],
    [{ all: 'yes' }, ['/target/all']],
    [{ users: [] }, ['/target']],
    [{ except: { users: ['7'] } }, ['/target']],
    [{ users: '7' }, ['/target/users']],
    [{ users: ['', 7, 'a\u0000b', 'x'.repeat(256), 'fine'] }, [0, 1, 2, 3].map((at) => `/target/users/${at}`)],
    [{ groups: ['a b', 'x'.repeat(129), 'fine'] }, ['/target/groups/0', '/target/groups/1']],
    [{ connections: [''] }, ['/target/connections/0']],
    [{ all: true, users: ['7'], groups: ['g'] }, ['/target/users', '/target/groups']],
    [{ all: true, except: { groups: ['a b'] } }, ['/target/except/groups/0']],
    [{ all: true, except: 'everyone' }, ['/target/except']],
    [{ users: ['7'], user: ['8'] }, ['/target/user']],
    [{ all: true, except: { user: ['8'] } }, ['/target/except/user']],
  ])('refuses the target %j', (target, pointers) => {
    expect(problemsOf(target, 'e')).toEqual(pointers);
  });

  it.each([['order.status'], ['A-Z_a.z:0-9'], ['x'.repeat(128)], ['pushed'], ['constructor']])(
    'takes the event %s',
    (event) => {
      expect(problemsOf(everyone, event)).toEqual([]);
    },
  );

  it.each([[''], ['a b'], ['x'.repeat(129)], ['ü'], [7], [undefined]])('refuses the event %s', (event) => {
    expect(problemsOf(everyone, event)).toEqual(['/event']);
  });

  it.each([['push:welcome'], ['push:'], ['push:my.own']])('refuses the reserved event %s', (event) => {
    const refusal = refusalOf(() => assertSendable(everyone, event, {}));
    expect(refusal).toMatchObject({ code: 'PUSH_ERR_RESERVED_EVENT', status: 400 });
    expect(refusal?.errors).toEqual([{ pointer: '/event', detail: expect.any(String) }]);
  });

  it('takes all options and those that are undefined', () => {
    const options = { idempotencyKey: 'k', report: true, store: 'none', ttlSeconds: 0.5, collapseKey: 'c' };
    expect(problemsOf(everyone, 'e', options)).toEqual([]);
    expect(problemsOf(everyone, 'e', { report: { withinMs: 100 }, store: 'history' })).toEqual([]);
    const nothing = Object.fromEntries(Object.keys(options).map((name) => [name, undefined]));
    expect(problemsOf(everyone, 'e', nothing)).toEqual([]);
  });

  it.each([
    [{ idempotencyKey: '' }, '/idempotencyKey'],
    [{ idempotencyKey: 'x'.repeat(256) }, '/idempotencyKey'],
    [{ store: 'forever' }, '/store'],
    [{ ttlSeconds: 0 }, '/ttlSeconds'],
    [{ ttlSeconds: Number.POSITIVE_INFINITY }, '/ttlSeconds'],
    [{ collapseKey: 'x'.repeat(129) }, '/collapseKey'],
    [{ report: 'yes' }, '/report'],
    [{ report: { withinMs: -1 } }, '/report/withinMs'],
    [{ ttl: 5 }, '/ttl'],
  ])('refuses the options %j', (options, pointer) => {
    expect(problemsOf(everyone, 'e', options)).toEqual([pointer]);
  });

  it('lists every problem of a message at once', () => {
    expect(problemsOf({ users: ['', '7'], groups: ['a b'] }, 'a b', { store: 'x', ttlSeconds: -1 })).toEqual([
      '/event',
      '/target/users/0',
      '/target/groups/0',
      '/store',
      '/ttlSeconds',
    ]);
  });
});

describe('encodeData', () => {
  const LIMIT = 65_536;
  const codeOf = (data: unknown, limit = LIMIT) => refusalOf(() => encodeData(data, limit))?.code;

  it.each([[null], [0], [''], [false], [[]], [{ a: [1, { b: null }] }], ['ü \u2028 🙂'], [{ constructor: { a: 1 } }]])(
    'writes %j as it is',
    (data) => {
      expect(JSON.parse(encodeData(data, LIMIT))).toEqual(data);
    },
  );

  it('writes null for no data', () => {
    expect(encodeData(undefined, LIMIT)).toBe('null');
  });

  it('keeps keys such as constructor and toString', () => {
    const data = JSON.parse('{"constructor":1,"toString":2,"hasOwnProperty":3}') as unknown;
    expect(encodeData(data, LIMIT)).toBe('{"constructor":1,"toString":2,"hasOwnProperty":3}');
  });

  it.each([['{"__proto__":1}'], ['{"a":[{"b":{"__proto__":{}}}]}']])('refuses %s', (text) => {
    expect(codeOf(JSON.parse(text))).toBe('PUSH_ERR_INVALID_DATA');
  });

  it.each([
    ['', (made: unknown) => made],
    [' deep in it', (made: unknown) => ({ a: [1, { b: made }] })],
  ])('refuses the key also where toJSON makes it%s', (_where, around) => {
    expect(codeOf(around({ toJSON: () => JSON.parse('{"a":1,"__proto__":1}') as unknown }))).toBe(
      'PUSH_ERR_INVALID_DATA',
    );
  });

  it('takes a key __proto__ that toJSON leaves out', () => {
    const data: unknown = Object.assign(JSON.parse('{"__proto__":1}') as object, { toJSON: () => ({ a: 1 }) });
    expect(encodeData({ data, text: '"__proto__":' }, LIMIT)).toContain('{"a":1}');
  });

  it.each([
    { key: '__proto__', text: '{"__proto__":1}' },
    { '"__proto__': 1 },
    { '{"__proto__': 1, ',"__proto__': 2 },
    ['__proto__', ',"__proto__":', '\\"__proto__":'],
  ])('takes __proto__ as a value and within a text: %j', (data) => {
    expect(encodeData(data, LIMIT)).toBe(JSON.stringify(data));
  });

  it.each([
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a bigint', 1n],
  ])('refuses %s, which is no JSON', (_name, data) => {
    expect(codeOf(data)).toBe('PUSH_ERR_INVALID_DATA');
  });

  it('refuses a circle', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    expect(codeOf(circle)).toBe('PUSH_ERR_INVALID_DATA');
  });

  it('takes nesting up to the limit and refuses it past that', () => {
    const nested = (depth: number) => JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as unknown;
    expect(codeOf(nested(MAX_JSON_DEPTH))).toBeUndefined();
    expect(codeOf(nested(MAX_JSON_DEPTH + 1))).toBe('PUSH_ERR_INVALID_DATA');
  });

  it('takes data up to the limit and refuses it past that, counted in bytes', () => {
    expect(codeOf('x'.repeat(LIMIT - 2))).toBeUndefined();
    expect(codeOf('x'.repeat(LIMIT - 1))).toBe('PUSH_ERR_PAYLOAD_TOO_LARGE');
    expect(codeOf('ü'.repeat(LIMIT / 2 - 1))).toBeUndefined();
    expect(codeOf('ü'.repeat(LIMIT / 2))).toBe('PUSH_ERR_PAYLOAD_TOO_LARGE');
  });
});
