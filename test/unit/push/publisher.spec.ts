import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { MemoryMessageLog } from '../../../src/backing/memory/memory-message-log.js';
import type { Target } from '../../../src/core/delivery-target.js';
import { ClusterReceipts } from '../../../src/push/cluster-receipts.js';
import { MessageStamper } from '../../../src/push/message-stamper.js';
import { Publisher } from '../../../src/push/publisher.js';
import type { PushReceipt } from '../../../src/push/push-types.js';
import { eventually } from '../../support/eventually.js';
import { FakeConnections } from '../../support/fake-connections.js';
import { NodeBus } from '../../support/node-bus.js';

const everyone = { all: true } as const;

let fakes: FakeConnections;
let publisher: Publisher;

beforeEach(() => {
  fakes = new FakeConnections();
  const stamper = new MessageStamper(fakes.clock, 'node');
  publisher = new Publisher(stamper, fakes.follow(new MemoryMessageLog()), fakes.scheduler, fakes.clock);
});

function publish(target: Target = everyone, reportWithinMs?: number): Promise<PushReceipt> {
  return publisher.publish(target, { event: 'e', dataText: '1' }, reportWithinMs);
}

/** A promise and whether it is settled. */
function watched<Value>(promise: Promise<Value>): { readonly promise: Promise<Value>; isSettled: boolean } {
  const watching = { promise, isSettled: false };
  void promise.then(() => (watching.isSettled = true));
  return watching;
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

describe('Publisher', () => {
  it('answers what was matched and written, with the id of the envelope', async () => {
    const [peer] = [fakes.connect('7'), fakes.connect('7'), fakes.connect('8')];

    const receipt = await publish();

    expect(receipt).toEqual({
      id: peer.transport.received[0]?.id,
      duplicate: false,
      matched: { users: 2, connections: 3 },
      written: 3,
      scope: 'cluster',
    });
  });

  it('answers at once when it is for nobody', async () => {
    expect(await publish({ users: ['nobody'] })).toMatchObject({ matched: { users: 0, connections: 0 }, written: 0 });
  });

  it('does not count as written what waits in the queue of a blocked connection', async () => {
    fakes.connect('7');
    fakes.connect('8').transport.isBlocked = true;

    expect(await publish()).toMatchObject({ matched: { connections: 2 }, written: 1 });
  });

  it('answers after the first slice although a large fan-out goes on', async () => {
    const peers = Array.from({ length: 20_000 }, (_, user) => fakes.connect(`${user}`));

    const receipt = await publish();

    expect(receipt.matched.connections).toBe(20_000);
    expect(receipt.written).toBeGreaterThan(0);
    expect(receipt.written).toBeLessThan(20_000);
    await eventually(() => peers.every(({ transport }) => transport.received.length === 1));
  });

  describe('with a report', () => {
    it('waits until a slow connection has taken the message', async () => {
      fakes.connect('7');
      const { transport } = fakes.connect('8');
      transport.isBlocked = true;
      const report = watched(publish(everyone, 2_000));
      await nextTurn();
      expect(report.isSettled).toBe(false);

      transport.unblock();

      expect(await report.promise).toMatchObject({ written: 2 });
    });

    it('is partial where the time is over before a slow connection has taken the message', async () => {
      fakes.connect('7');
      fakes.connect('8').transport.isBlocked = true;
      const report = publish(everyone, 2_000);
      await nextTurn();
      fakes.clock.advance(2_000);
      expect(await report).toMatchObject({ written: 1, scope: 'cluster', partial: true });
    });

    it('is not partial where all have taken it, nor without a report', async () => {
      fakes.connect('7');
      expect(await publish(everyone, 2_000)).not.toHaveProperty('partial');
      fakes.connect('8').transport.isBlocked = true;
      expect(await publish(everyone)).not.toHaveProperty('partial');
    });

    it('does not wait for a connection that has lost the message', async () => {
      const { transport } = fakes.connect('8');
      transport.isBlocked = true;
      const report = watched(publish(everyone, 2_000));
      await nextTurn();

      transport.terminate();

      expect(await report.promise).toMatchObject({ matched: { connections: 1 }, written: 0 });
    });

    it('answers what is known when the time is over', async () => {
      fakes.connect('7');
      fakes.connect('8').transport.isBlocked = true;
      const report = watched(publish(everyone, 2_000));
      await nextTurn();

      fakes.clock.advance(1_999);
      await nextTurn();
      expect(report.isSettled).toBe(false);
      fakes.clock.advance(1);

      expect(await report.promise).toMatchObject({ matched: { connections: 2 }, written: 1 });
    });

    it('counts every connection of a large fan-out', async () => {
      for (let user = 0; user < 20_000; user++) fakes.connect(`${user}`);

      expect(await publish(everyone, 30_000)).toMatchObject({ written: 20_000 });
    });
  });
});

describe('Publisher beside another node', () => {
  function beside(log: MemoryMessageLog) {
    const bus = new NodeBus();
    const receipts = new ClusterReceipts(bus.add('here'), fakes.fanOut, fakes.clock);
    bus.add('there');
    const published = jest.spyOn(receipts, 'published');
    const stamper = new MessageStamper(fakes.clock, 'node');
    publisher = new Publisher(stamper, fakes.follow(log), fakes.scheduler, fakes.clock, receipts);
    return published;
  }

  it('is done with what the other is asked about as soon as the log has the message, whenever that is', async () => {
    const published = beside(new MemoryMessageLog());
    await publish();
    expect(published).not.toHaveBeenCalled();
    void publish(everyone, 10);
    await nextTurn();
    expect(published).toHaveBeenCalledTimes(1);
  });

  it('is done with it too where the log takes no message', async () => {
    const log = new MemoryMessageLog();
    const published = beside(log);
    jest.spyOn(log, 'publish').mockImplementation(() => {
      throw new Error('full');
    });
    await expect(publish(everyone, 10)).rejects.toThrow('full');
    expect(published).toHaveBeenCalledTimes(1);
  });
});
