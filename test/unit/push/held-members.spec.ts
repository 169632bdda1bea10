import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import type { Connection } from '../../../src/core/connection.js';
import { HeldMembers } from '../../../src/push/held-members.js';
import { NEWEST_WORD } from '../../../src/push/membership-word.js';
import { CHANGE_MS } from '../../../src/push/node-questions.js';
import { FakeConnections } from '../../support/fake-connections.js';

const MEMBERSHIP = { userId: '7', group: 'g', expiresAtMs: undefined };

describe('connections that the server puts into a group', () => {
  let fakes: FakeConnections;
  let clock: ManualClock;
  let reads: (() => void)[];
  let isLive: boolean;
  let members: HeldMembers;

  beforeEach(() => {
    fakes = new FakeConnections();
    clock = new ManualClock();
    reads = [];
    isLive = false;
    const joined = () => (isLive ? undefined : new Promise<void>((resolve) => reads.push(resolve)));
    members = new HeldMembers(fakes.registry, { joined, left: () => {} }, clock);
  });

  const connect = (): Connection[] => [fakes.connect().connection, fakes.connect().connection];

  it('are there when all of them hear for it, at once where they do', async () => {
    let isThere = false;
    const connections = connect();
    void members.join(connections, MEMBERSHIP, NEWEST_WORD)?.then(() => (isThere = true));
    reads[0]?.();
    await new Promise(setImmediate);
    expect(isThere).toBe(false);
    reads[1]?.();
    await new Promise(setImmediate);
    expect(isThere).toBe(true);
    expect(members.join(connections, MEMBERSHIP, NEWEST_WORD)).toBeUndefined();

    isLive = true;
    expect(members.join(connect(), MEMBERSHIP, NEWEST_WORD)).toBeUndefined();
  });

  it('are waited for no longer than a change may take, however slowly one of them reads', async () => {
    const joined = members.join(connect(), MEMBERSHIP, NEWEST_WORD);
    clock.advance(CHANGE_MS);
    await expect(joined).resolves.toBeUndefined();
  });
});
