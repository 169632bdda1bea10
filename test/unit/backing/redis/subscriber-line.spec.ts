import { beforeEach, describe, expect, it } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import type { LineOwner } from '../../../../src/backing/redis/redis-line.js';
import { SubscriberLine } from '../../../../src/backing/redis/subscriber-line.js';
import type { LineCarrier } from '../../../../src/backing/redis/subscriber-line.js';

/** A connection that confirms when it is told to. */
class ScriptedCarrier implements LineCarrier {
  readonly said: string[] = [];
  readonly sizes: number[] = [];
  renewals = 0;
  refusal: Error | undefined;

  async subscribe(channels: readonly string[]): Promise<void> {
    this.said.push(`+${channels.join(',')}`);
    this.sizes.push(channels.length);
    if (this.refusal) throw this.refusal;
  }

  unsubscribe(channels: readonly string[]): void {
    this.said.push(`-${channels.join(',')}`);
  }

  renew(): void {
    this.renewals++;
  }
}

class RecordingOwner implements LineOwner {
  readonly heard: string[] = [];

  onLineReady(): void {
    this.heard.push('ready');
  }

  onLineLost(): void {
    this.heard.push('lost');
  }
}

describe('a line', () => {
  let line: SubscriberLine;
  let carrier: ScriptedCarrier;
  const ignore = () => {};

  beforeEach(() => {
    line = new SubscriberLine();
    carrier = new ScriptedCarrier();
  });

  it('tells all its owners when it is ready and when it is lost', () => {
    const owners = [new RecordingOwner(), new RecordingOwner()];
    for (const owner of owners) line.follow(owner);
    line.attach(carrier);
    line.detach();
    line.detach();
    expect(owners.map(({ heard }) => heard)).toEqual([
      ['ready', 'lost'],
      ['ready', 'lost'],
    ]);
  });

  it('tells an owner who comes late, and none who has left', async () => {
    line.attach(carrier);
    const owner = new RecordingOwner();
    const leave = line.follow(owner);
    expect(owner.heard).toEqual([]);
    await turn();
    leave();
    line.detach();
    expect(owner.heard).toEqual(['ready']);
  });

  it('subscribes what is asked for in one turn with one command', async () => {
    line.attach(carrier);
    await Promise.all([line.subscribe('a', ignore), line.subscribe('b', ignore)]);
    await line.subscribe('c', ignore);
    expect(carrier.said).toEqual(['+a,b', '+c']);
  });

  it('subscribes many in batches of 512', async () => {
    line.attach(carrier);
    await Promise.all(Array.from({ length: 1_025 }, (_, index) => line.subscribe(`${index}`, ignore)));
    expect(carrier.sizes).toEqual([512, 512, 1]);
  });

  it('hands a message to the handler of its channel alone', async () => {
    line.attach(carrier);
    const heard: string[] = [];
    await Promise.all([
      line.subscribe('a', (message) => heard.push(`a ${message.toString()}`)),
      line.subscribe('b', (message) => heard.push(`b ${message.toString()}`)),
    ]);
    line.receive('b', Buffer.from('1'));
    line.receive('c', Buffer.from('2'));
    line.unsubscribe('b');
    line.receive('b', Buffer.from('3'));
    expect(heard).toEqual(['b 1']);
  });

  it('does what was asked last for a channel', async () => {
    line.attach(carrier);
    const dropped = line.subscribe('a', ignore);
    line.unsubscribe('a');
    await expect(dropped).rejects.toMatchObject({ code: 'PUSH_ERR_UNAVAILABLE' });
    await line.subscribe('b', ignore);
    line.unsubscribe('b');
    await line.subscribe('b', ignore);
    expect(carrier.said).toEqual(['-a', '+b', '+b']);
  });

  it('rejects what the server refuses, with its kind', async () => {
    line.attach(carrier);
    carrier.refusal = Object.assign(new Error('NOPERM this user has no permissions'), { name: 'ReplyError' });
    await expect(line.subscribe('a', ignore)).rejects.toThrow('Redis refuses: NOPERM');
  });

  it('forgets its channels when it is lost, and takes none until it is back', async () => {
    line.attach(carrier);
    const heard: string[] = [];
    await line.subscribe('a', (message) => heard.push(message.toString()));
    const waiting = line.subscribe('b', ignore);
    line.detach();
    await expect(waiting).rejects.toMatchObject({ code: 'PUSH_ERR_UNAVAILABLE' });
    await expect(line.subscribe('c', ignore)).rejects.toMatchObject({ code: 'PUSH_ERR_UNAVAILABLE' });
    line.attach(carrier);
    line.receive('a', Buffer.from('1'));
    expect([heard, carrier.said]).toEqual([[], ['+a']]);
  });

  it('has its connection cut where it does not do its work', () => {
    line.renew();
    line.attach(carrier);
    line.renew();
    expect(carrier.renewals).toBe(1);
  });
});
