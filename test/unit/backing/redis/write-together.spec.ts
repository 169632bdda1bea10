import { setImmediate as nextTurn } from 'node:timers/promises';
import { Writable } from 'node:stream';
import { expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { writeTogether } from '../../../../src/backing/redis/write-together.js';

/** A connection that looks ready, and how many commands each of its writes had. */
function connection() {
  const writes: number[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write(_chunk, _encoding, done) {
      writes.push(1);
      done();
    },
    writev(chunks, done) {
      writes.push(chunks.length);
      done();
    },
  });
  const redis = new Redis({ lazyConnect: true });
  Object.assign(redis, { status: 'ready', condition: { select: 0 }, stream });
  writeTogether(redis);
  return { redis, writes };
}

it('writes the commands of one turn at once, those of the next apart', async () => {
  const { redis, writes } = connection();
  void redis.ping();
  void redis.get('key');
  void Promise.resolve().then(() => redis.ping());
  await nextTurn();
  expect(writes).toEqual([3]);
  void redis.ping();
  expect(writes).toEqual([3]);
  await nextTurn();
  expect(writes).toEqual([3, 1]);
});

it('leaves alone what is not connected', async () => {
  const { redis, writes } = connection();
  Object.assign(redis, { status: 'end' });
  await expect(redis.ping()).rejects.toThrow('closed');
  await nextTurn();
  expect(writes).toEqual([]);
});
