/** A peer over WebSocket that ends its connection while more waits for it than the kernels take. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { PushApp } from '../support/push-app.js';
import { RawClient } from '../support/raw-client.js';
import { Opcode, closeFrame } from '../support/raw-frame.js';

/** More than kernels take for a socket whose reader stands still. */
const SENT = 400;
const DATA_BYTES = 60_000;

let app: PushApp;

afterEach(async () => {
  await app.close();
});

describe('a peer that ends its connection while much waits for it', () => {
  it('gets nothing behind the close frame that answers its own', async () => {
    app = await PushApp.start({ push: { maxQueueBytes: 2 * SENT * DATA_BYTES } });
    const peer = await RawClient.open(app.port, 'slow');
    peer.socket.pause();
    const padding = 'x'.repeat(DATA_BYTES);
    for (let number = 1; number <= SENT; number++) await app.push.toUser('slow', 'tick', { number, padding });
    peer.write(closeFrame(1000));
    peer.socket.resume();

    let texts = 0;
    for (let frame = await peer.nextFrame(); frame.opcode !== Opcode.Close; frame = await peer.nextFrame()) {
      if (frame.opcode === Opcode.Text) texts++;
    }
    await peer.end();
    expect(texts).toBeLessThan(SENT);
    expect(peer.untakenBytes).toBe(0);
    await eventually(async () => !(await app.push.isOnline('slow')));
  }, 30_000);
});
