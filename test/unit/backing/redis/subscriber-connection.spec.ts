import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { EventEmitter } from 'node:events';
import { SubscriberConnection } from '../../../../src/backing/redis/subscriber-connection.js';

/** What the connection uses of the driver; every command fails when its time is over. */
class SilentDriver extends EventEmitter {
  status = 'ready';
  disconnects = 0;

  async subscribe(): Promise<void> {
    throw new Error('Command timed out');
  }

  disconnect(): void {
    this.disconnects++;
  }

  lose(): void {
    this.status = 'reconnecting';
    this.emit('close');
  }

  comeBack(): void {
    this.status = 'ready';
    this.emit('ready');
  }
}

describe('a connection that listens', () => {
  let driver: SilentDriver;
  let connection: SubscriberConnection;
  const subscribeMany = () => Promise.allSettled(Array.from({ length: 20 }, () => connection.subscribe(['a'])));

  beforeEach(() => {
    driver = new SilentDriver();
    const events = { onReady: () => {}, onLost: () => {}, onMessage: () => {} };
    connection = new SubscriberConnection(driver as unknown as Redis, events);
    driver.comeBack();
  });

  it('is cut once, however many subscriptions have no answer', async () => {
    await subscribeMany();
    expect(driver.disconnects).toBe(1);
  });

  it('is cut again where it does not do its work when it is back', async () => {
    await subscribeMany();
    driver.lose();
    await subscribeMany();
    driver.comeBack();
    await subscribeMany();
    expect(driver.disconnects).toBe(2);
  });
});
