import { describe, expect, it } from '@jest/globals';
import { IsString, MinLength, ValidateNested, validateSync } from 'class-validator';
import type { PushErrorDetail } from '../../../src/core/push-error.js';
import { planOf } from '../../../src/rest/body-plan.js';
import type { BodyClass } from '../../../src/rest/body-plan.js';
import { PushExclusionDto } from '../../../src/rest/dto/push-exclusion.dto.js';
import { PushMessageDto } from '../../../src/rest/dto/push-message.dto.js';
import { PushRevocationDto } from '../../../src/rest/dto/push-revocation.dto.js';
import { PushTargetDto } from '../../../src/rest/dto/push-target.dto.js';

function problemsOf(value: unknown, bodyClass: BodyClass<unknown> = PushMessageDto): PushErrorDetail[] {
  const problems: PushErrorDetail[] = [];
  planOf(bodyClass).check(value, '', problems);
  return problems;
}

function pointersOf(value: unknown, bodyClass?: BodyClass<unknown>): string[] {
  return problemsOf(value, bodyClass).map(({ pointer }) => pointer);
}

const good = { target: { users: ['7'] }, event: 'order.status' };

describe('planOf', () => {
  it.each([
    ['the least', good],
    ['every member', { ...good, data: null, store: 'none', ttlSeconds: 1.5, collapseKey: 'k', report: true }],
    ['all with exceptions', { ...good, target: { all: true, except: { users: ['7'], groups: ['a:b'] } } }],
    ['data with keys like constructor', { ...good, data: { constructor: 1, prototype: 2, toString: 3 } }],
  ])('finds nothing wrong with %s', (_what, body) => {
    expect(problemsOf(body)).toEqual([]);
  });

  it('lists every member that is wrong, each once, with its pointer', () => {
    const body = {
      target: { all: 1, users: ['ok', 5, 'a\u0000b'], groups: 'staff', except: { connections: [null], x: 1 } },
      event: 'a b',
      ttlSeconds: '5',
      store: null,
      report: 0,
      'a/b~c': 1,
    };
    expect(pointersOf(body).sort()).toEqual(
      [
        '/a~1b~0c',
        '/event',
        '/report',
        '/store',
        '/target/all',
        '/target/except/connections/0',
        '/target/except/x',
        '/target/groups',
        '/target/users/1',
        '/target/users/2',
        '/ttlSeconds',
      ].sort(),
    );
  });

  it('names what is missing', () => {
    expect(problemsOf({})).toEqual([
      { pointer: '/target', detail: 'is required' },
      { pointer: '/event', detail: 'is required' },
    ]);
  });

  it.each([undefined, null, 5, 'text', [], [good]])('wants an object, not %j', (body) => {
    expect(problemsOf(body)).toEqual([{ pointer: '', detail: 'must be an object' }]);
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('takes %s for an unknown member', (name) => {
    const body = JSON.parse(`{"event":"a","target":{"users":["7"]},"${name}":{}}`) as unknown;
    expect(problemsOf(body)).toEqual([{ pointer: `/${name}`, detail: 'unknown member' }]);
  });

  it.each([-1, 0, Number.NaN, Number.POSITIVE_INFINITY, '5', null, true, {}, [5]])(
    'refuses ttlSeconds %j without converting it',
    (ttlSeconds) => {
      expect(pointersOf({ ...good, ttlSeconds })).toEqual(['/ttlSeconds']);
    },
  );

  it('changes nothing of what it reads', () => {
    const body = { ...good, data: { list: [1, { deep: 'x' }] } };
    const before = structuredClone(body);
    const { data, target } = body;
    problemsOf(body);
    expect(body).toEqual(before);
    expect(body.data).toBe(data);
    expect(body.target).toBe(target);
  });

  it('judges like class-validator itself', () => {
    const options = { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true };
    const candidates: Record<string, unknown>[] = [
      good,
      { ...good, event: 5 },
      { ...good, event: undefined },
      { ...good, other: 1 },
      { ...good, collapseKey: '' },
      { ...good, collapseKey: 'x'.repeat(129) },
      { ...good, store: 'all' },
      { ...good, report: 'true' },
      { ...good, target: {} },
      { ...good, target: { users: [''] } },
      { ...good, target: { groups: ['a b'] } },
      { ...good, target: { except: { users: [5] } } },
      { ...good, target: { nobody: true } },
    ];
    for (const candidate of candidates) {
      expect([candidate, problemsOf(candidate).length > 0]).toEqual([
        candidate,
        validateSync(asMessage(candidate), options).length > 0,
      ]);
    }
  });

  it('lets a member be one of several types where its rule says so', () => {
    expect(problemsOf({ issuedBefore: 1_700_000_000 }, PushRevocationDto)).toEqual([]);
    expect(problemsOf({ issuedBefore: '2026-01-31T12:00:00Z' }, PushRevocationDto)).toEqual([]);
    expect(pointersOf({ issuedBefore: '31.1.2026' }, PushRevocationDto)).toEqual(['/issuedBefore']);
  });

  it('refuses a decorator whose rules it could not keep', () => {
    class WithGroups {
      @MinLength(2, { groups: ['admin'], message: 'too short' })
      readonly name!: string;
    }
    class WithoutMessage {
      @IsString()
      readonly name!: string;
    }
    class WithoutClass {
      @ValidateNested()
      readonly inner: unknown;
    }
    expect(() => planOf(WithGroups)).toThrow('WithGroups.name');
    expect(() => planOf(WithoutMessage)).toThrow('WithoutMessage.name');
    expect(() => planOf(WithoutClass)).toThrow('WithoutClass.inner');
  });
});

/** What class-transformer would make of it. */
function asMessage({ target, ...members }: Record<string, unknown>): object {
  const { except, ...names } = target as Record<string, unknown>;
  return Object.assign(new PushMessageDto(), members, {
    target: Object.assign(
      new PushTargetDto(),
      names,
      except ? { except: Object.assign(new PushExclusionDto(), except) } : {},
    ),
  });
}
