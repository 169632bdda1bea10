import { describe, expect, it } from '@jest/globals';
import { readTarget, writeTarget } from '../../../../src/backing/redis/log-target-text.js';
import type { Target } from '../../../../src/core/delivery-target.js';

const EVERYONE = 'a';

describe('writeTarget and readTarget', () => {
  it.each<[string, Target, string, string]>([
    ['everyone', { all: true }, EVERYONE, '*'],
    ['the user of the channel', { users: ['u 1'] }, 'u:u 1', '-'],
    ['the group of the channel', { groups: ['g'] }, 'g:g', '-'],
    ['several users', { users: ['1', '2'] }, EVERYONE, 'u1\tu2'],
    ['all kinds', { users: ['1'], groups: ['1'], connections: ['1'] }, EVERYONE, 'u1\tg1\tc1'],
    ['everyone but some', { all: true, except: { users: ['1'], groups: ['2'] } }, EVERYONE, '*\tU1\tG2'],
    ['one but for a connection', { users: ['1'], except: { connections: ['c'] } }, 'u:1', 'u1\tCc'],
    ['names that look like something else', { users: ['*', '-', 'U', ''] }, EVERYONE, 'u*\tu-\tuU\tu'],
  ])('carry %s', (_, target, channel, line) => {
    expect(writeTarget(target)).toBe(line);
    expect(readTarget(line, channel)).toEqual(target);
  });

  it.each(['a\tub', 'a\nb', '\\', '"', '\\u0041', 'ü 🙂', 'half of a pair: \ud83d', '\u0000'])(
    'carry the name %j in one line that UTF-8 can hold',
    (name) => {
      const target: Target = { users: [name, 'other'], groups: [name], except: { users: [name] } };
      const line = writeTarget(target);
      expect(line).not.toContain('\n');
      expect(readTarget(Buffer.from(line).toString(), EVERYONE)).toEqual(target);
    },
  );

  it('carry ten thousand names', () => {
    const target: Target = { users: Array.from({ length: 10_000 }, (_, index) => `user ${index}`) };
    expect(readTarget(writeTarget(target), EVERYONE)).toEqual(target);
  });
});

describe('readTarget', () => {
  it.each(['', 'x1', 'u1\tx', '**', '{"all":true}', 'u1\t', '\tu1'])('takes no target from %j', (line) => {
    expect(readTarget(line, EVERYONE)).toBeUndefined();
  });

  it('takes no channel of one from the channel of everyone', () => {
    expect(readTarget('-', EVERYONE)).toBeUndefined();
  });

  it('has nobody in mind where an escape is broken', () => {
    expect(readTarget('u\\x', EVERYONE)).toEqual({ users: ['\\x'] });
  });
});
