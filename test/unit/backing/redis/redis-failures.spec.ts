import { expect, it } from '@jest/globals';
import { unavailable } from '../../../../src/backing/redis/redis-failures.js';

const refusal = (message: string) => Object.assign(new Error(message), { name: 'ReplyError' });

it.each([
  ["OOM command not allowed when used memory > 'maxmemory'. script: 7ac6, on @user_script:40.", 'Redis refuses: OOM'],
  ["NOPERM this user has no permissions to run the 'evalsha' command", 'Redis refuses: NOPERM'],
  ['Too many Cluster redirections. Last error: Error: MOVED 1584 10.0.0.5:6379', 'Redis refuses'],
])('tells no more than the kind of what Redis answers, and keeps the rest as the cause: %s', (text, said) => {
  const cause = refusal(text);
  const error = unavailable(cause);
  expect([error.message, error.cause, error.isRefusal]).toEqual([said, cause, true]);
});

it('says that Redis is out of reach where it has not answered', () => {
  const error = unavailable(new Error('connect ECONNREFUSED 10.0.0.5:6379'));
  expect([error.message, error.isRefusal]).toEqual(['Redis is out of reach', false]);
});
