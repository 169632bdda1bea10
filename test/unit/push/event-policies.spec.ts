import { describe, expect, it } from '@jest/globals';
import type { Target } from '../../../src/core/delivery-target.js';
import { EventPolicies } from '../../../src/push/event-policies.js';

const policies = new EventPolicies([{ name: 'price', slowReader: 'coalesce' }]);

function collapseIdOf(target: Target): string | undefined {
  return policies.sheddingOf('{"event":"price","data":1}', target, 'key')?.collapseId;
}

describe('the messages of one key that take one another’s place while they wait', () => {
  it.each<[string, Target, Target]>([
    ['users', { users: ['7', '8'] }, { users: ['8', '7', '8'] }],
    ['groups', { groups: ['a', 'b'] }, { groups: ['b', 'a'], users: [] }],
    ['connections', { connections: ['a', 'b'] }, { connections: ['b', 'b', 'a'] }],
    [
      'exceptions',
      { all: true, except: { users: ['7', '8'] } },
      { all: true, except: { users: ['8', '7'], groups: [] } },
    ],
    ['no exceptions', { all: true }, { all: true, except: {} }],
  ])('are those whose targets name the same %s, in whatever order', (_what, one, other) => {
    expect(collapseIdOf(one)).toEqual(expect.any(String));
    expect(collapseIdOf(other)).toBe(collapseIdOf(one));
  });

  it('are of no two of other targets', () => {
    const targets: Target[] = [
      { all: true },
      { all: true, except: { users: ['7'] } },
      { all: true, except: { groups: ['7'] } },
      { users: ['7'] },
      { groups: ['7'] },
      { connections: ['7'] },
      { users: ['7'], groups: ['7'] },
      { users: ['7'], except: { groups: ['7'] } },
      { users: ['7,8'] },
      { users: ['7', '8'] },
    ];
    expect(new Set(targets.map(collapseIdOf)).size).toBe(targets.length);
  });
});
