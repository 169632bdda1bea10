import { describe, expect, it } from '@jest/globals';
import { checkRedisOptions } from '../../../../src/backing/redis/redis-options-check.js';
import { redis } from '../../../../src/backing/redis/index.js';
import { PushError } from '../../../../src/core/push-error.js';
import { resolveOptions } from '../../../../src/push-options.resolver.js';

const url = 'redis://127.0.0.1:6379';
const nodes = [{ host: '10.0.0.1', port: 6_379 }];
const sentinel = { name: 'shop', nodes };

describe('the options of the Redis backing', () => {
  it.each([
    { url },
    { url: 'rediss://user:pass%40word@redis.example/3' },
    { url: 'redis://[::1]:6379', secret: 'a secret of some length', keyPrefix: 'shop:live', partitions: 16 },
    { url, secret: undefined, keyPrefix: undefined, sentinel: undefined, cluster: undefined },
    { url: 'rediss://redis.example', tls: { ca: 'certificate' } },
    { sentinel: { name: 'shop', nodes } },
    { sentinel: { name: 'shop', nodes, username: 'watcher', password: 'p', tls: true }, password: 'p', database: 3 },
    { cluster: { nodes } },
    { cluster: { nodes }, username: 'push', password: 'p', tls: { ca: 'certificate' }, natMap: { 'a:1': nodes[0] } },
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
    [{ url, partitions: 0 }, 'partitions'],
    [{ url, partitions: 17 }, 'partitions'],
    [{ url, partitions: 1.5 }, 'partitions'],
    [{ url, keyPrefix: 'push:{1}' }, 'keyPrefix'],
    [{ url, keyprefix: 'push' }, 'keyprefix'],
    [{ url, sentinel }, 'sentinel'],
    [{ url, cluster: { nodes } }, 'cluster'],
    [{ sentinel, cluster: { nodes } }, 'cluster'],
    [{ url, username: 'push' }, 'username'],
    [{ url, password: 'p' }, 'password'],
    [{ url, database: 1 }, 'database'],
    [{ url, natMap: {} }, 'natMap'],
    [{ url, tls: true }, 'tls'],
    [{ url: 'rediss://redis.example', tls: 'yes' }, 'tls'],
    [{ sentinel: 'shop' }, 'sentinel'],
    [{ sentinel: { nodes } }, 'sentinel.name'],
    [{ sentinel: { ...sentinel, nodes: [] } }, 'sentinel.nodes'],
    [{ sentinel: { ...sentinel, nodes: [{ host: '10.0.0.1' }] } }, 'sentinel.nodes[0]'],
    [{ sentinel: { ...sentinel, nodes: [...nodes, { host: '', port: 1 }] } }, 'sentinel.nodes[1]'],
    [{ sentinel: { ...sentinel, nodes: [{ host: 'a', port: 70_000 }] } }, 'sentinel.nodes[0]'],
    [{ sentinel: { ...sentinel, nodes: [{ host: 'a', port: 1, db: 1 }] } }, 'sentinel.nodes[0]'],
    [{ sentinel: { ...sentinel, username: 'watcher' } }, 'sentinel.password'],
    [{ sentinel: { ...sentinel, tls: 1 } }, 'sentinel.tls'],
    [{ sentinel: { ...sentinel, role: 'slave' } }, 'sentinel.role'],
    [{ sentinel, database: -1 }, 'database'],
    [{ sentinel, username: 7, password: 'p' }, 'username'],
    [{ sentinel, username: 'push' }, 'password'],
    [{ sentinel, natMap: { 'a:1': 'b:1' } }, "natMap['a:1']"],
    [{ cluster: nodes }, 'cluster'],
    [{ cluster: {} }, 'cluster.nodes'],
    [{ cluster: { nodes, natMap: {} } }, 'cluster.natMap'],
    [{ cluster: { nodes }, database: 0 }, 'database'],
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

  it('tell no password that stands at the wrong place', () => {
    const misplaced = { url: 'x', password: 'hunter2', sentinel: { name: 7, nodes: 'hunter2', password: ['hunter2'] } };
    const told = JSON.stringify(checkRedisOptions(misplaced));
    expect(told).toContain('password');
    expect(told).not.toContain('hunter2');
  });
});
