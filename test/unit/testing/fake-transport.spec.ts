import { describe, expect, it } from '@jest/globals';
import { OutgoingMessage } from '../../../src/core/outgoing-message.js';
import { FakeTransport } from '../../../src/testing/fake-transport.js';

describe('FakeTransport', () => {
  it('takes joined messages apart again', () => {
    const transport = new FakeTransport();
    const encode = (text: string) => transport.format.encode(new OutgoingMessage(text));

    transport.write(Buffer.concat([encode('{"event":"a","data":"line\\nbreak"}'), encode('{"event":"b"}')]));

    expect(transport.received).toEqual([{ event: 'a', data: 'line\nbreak' }, { event: 'b' }]);
    expect(transport.writes).toBe(1);
  });

  it('calls those back who wait for it to take bytes again, once', () => {
    const transport = new FakeTransport();
    let calls = 0;
    Object.assign(transport, { isBlocked: true, bufferedBytes: 100 });
    transport.onceDrained(() => calls++);

    transport.unblock();
    transport.unblock();

    expect([calls, transport.isBlocked, transport.bufferedBytes]).toEqual([1, false, 0]);
  });

  it('remembers why it was closed, and a cut as what a peer would see', () => {
    const [closed, cut] = [new FakeTransport(), new FakeTransport('sse')];
    closed.close(4505, 'why');
    closed.terminate();
    cut.terminate();

    expect([closed.closed, cut.closed]).toEqual([
      { code: 4505, reason: 'why' },
      { code: 1006, reason: '' },
    ]);
  });

  it('counts the signs of life it was asked for and knows whether it is read', () => {
    const transport = new FakeTransport();
    let calls = 0;
    transport.onProbe = () => calls++;
    transport.probe();
    transport.pause();
    expect([transport.probes, calls, transport.isPaused]).toEqual([1, 1, true]);
    transport.resume();
    expect(transport.isPaused).toBe(false);
  });
});
