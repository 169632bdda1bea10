import { describe, expect, it } from '@jest/globals';
import { checkRedisOptions } from '../../../../src/backing/redis/redis-options.js';
import { redis } from '../../../../src/backing/redis/index.js';
import { PushError } from '../../../../src/core/push-error.js';
import { resolveOptions } from '../../../../src/push-options.resolver.js';

const url = 'redis://127.0.0.1:6379';

describe('the options of the Redis backing', () => {
  it.each([
    { url },
    { url: 'rediss://user:pass%40word@redis.example/3' },
    { url: 'redis://[::1]:6379', secret: 'a secret of some length', keyPrefix: 'shop:live' },
    { url, secret: undefined, keyPrefix: undefined },
  ])('are fine as %j', (options) => {
    expect(checkRedisOptions(options)).toEqual([]);
  });

  it.each([
    [undefined, ''],
    ['redis://127.0.0.1', ''],
    [{}, 'url'],
    [{ url: '' }, 'url'],
    [{ url: '127.0.0.1:6379' }, 'url'],
    [{ url: 'http://127.0.0.1:6379' }, 'url'],
    [{ url: 'redis://127.0.0.1/orders' }, 'url'],
    [{ url: 'redis://127.0.0.1/?commandTimeout=0' }, 'url'],
    [{ url, secret: 'too short' }, 'secret'],
    [{ url, secret: Buffer.alloc(16) }, 'secret'],
    [{ url, keyPrefix: '' }, 'keyPrefix'],
    [{ url, keyPrefix: 'push:{1}' }, 'keyPrefix'],
    [{ url, keyprefix: 'push' }, 'keyprefix'],
  ])('are refused as %j', (options, path) => {
    expect(checkRedisOptions(options).map((problem) => problem.path)).toEqual([path]);
  });

  it('join the problems of the module, and tell no password', () => {
    const backing = redis({ url: 'mysql://root:password@db', secret: 'hunter2' });
    const resolve = () => resolveOptions({ maxConnections: 0, backing });
    expect(resolve).toThrow(PushError);
    expect(resolve).toThrow(/maxConnections: .*\n(.*\n)* {2}backing\.url: .*\n {2}backing\.secret: /);
    expect(resolve).not.toThrow(/password|hunter2/);
  });
});
