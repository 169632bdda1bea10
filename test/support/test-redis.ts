import { afterAll, beforeAll } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { serverOf } from '../../src/backing/redis/redis-reach.js';
import { StandaloneConnections } from '../../src/backing/redis/standalone-connections.js';
import { systemClock } from '../../src/core/clock.js';
import { eventually } from './eventually.js';
import { RedisServer } from './redis-server.js';

/** Has the keys of a server that end by themselves end so much earlier, in place of waiting. */
export async function passTimeOf(server: Redis, milliseconds: number): Promise<void> {
  const pass = async (key: string) => {
    const leftMs = await server.pttl(key);
    // A time that is over deletes the key.
    if (leftMs >= 0) await server.pexpire(key, leftMs - milliseconds);
  };
  const keys = await server.keys('*');
  // Many at a time: thousands one by one take seconds of the time that there really is.
  for (let from = 0; from < keys.length; from += 100) await Promise.all(keys.slice(from, from + 100).map(pass));
}

/** A real Redis for the tests of one file, with a connection as the module makes them. */
export class TestRedis {
  private connections: StandaloneConnections | undefined;
  private running: RedisServer | undefined;
  private keys = 0;

  get server(): RedisServer {
    if (!this.running) throw new Error('Redis has not started yet');
    return this.running;
  }

  get commands(): Redis {
    if (!this.connections) throw new Error('Redis has not started yet');
    return this.connections.commands;
  }

  /** A name under which nothing is yet. */
  freshKey(): string {
    return `push:{test ${++this.keys}}`;
  }

  /** Has keys that end by themselves end so much earlier, in place of waiting. */
  async passTime(milliseconds: number): Promise<void> {
    await passTimeOf(this.commands, milliseconds);
  }

  /** What time Redis has, milliseconds since the Unix epoch. */
  async now(): Promise<number> {
    const [seconds, microseconds] = await this.commands.time();
    return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
  }

  /** Waits until commands can be sent. */
  async reached(): Promise<void> {
    await eventually(() => this.connections?.isReady === true);
  }

  /** Has Redis have no memory left meanwhile. */
  async whileFull<Outcome>(action: () => Promise<Outcome>): Promise<Outcome> {
    await this.commands.config('SET', 'maxmemory', '1');
    try {
      return await action();
    } finally {
      await this.commands.config('SET', 'maxmemory', '0');
    }
  }

  async start(): Promise<void> {
    this.running = await RedisServer.start();
    this.connections = new StandaloneConnections(serverOf(this.running.url), systemClock);
    this.connections.open();
    await this.reached();
  }

  async stop(): Promise<void> {
    this.connections?.close();
    await this.running?.stop();
  }
}

/** A real Redis while the tests of this file run. */
export function useTestRedis(): TestRedis {
  const redis = new TestRedis();
  beforeAll(async () => {
    // What the connections say of a Redis that a test takes away is no news.
    Logger.overrideLogger(false);
    await redis.start();
  });
  afterAll(() => redis.stop());
  return redis;
}
