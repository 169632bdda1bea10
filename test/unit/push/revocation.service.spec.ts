import { beforeEach, describe, expect, it } from '@jest/globals';
import { PushAuthenticator } from '../../../src/auth/push-authenticator.js';
import { MemoryRevocationList } from '../../../src/backing/memory/memory-revocation-list.js';
import type { NodeAnswers, NodeMessage, OtherNodes } from '../../../src/backing/node-link.interface.js';
import type { RevocationList } from '../../../src/backing/revocation-list.interface.js';
import type { Principal } from '../../../src/core/principal.js';
import { PushError } from '../../../src/core/push-error.js';
import { AccessService } from '../../../src/push/access.service.js';
import type { Revocation } from '../../../src/push/push-types.js';
import { RevocationService } from '../../../src/push/revocation.service.js';
import type { RevocationSpace } from '../../../src/push/revocation.service.js';
import { FakeConnections } from '../../support/fake-connections.js';

class NoTokens extends PushAuthenticator {
  override async authenticate(): Promise<undefined> {
    return undefined;
  }
}

/** A list that others revoke in too. */
class SharedList extends MemoryRevocationList {
  tell: () => void = () => {};

  override onRevoked(listener: () => void): void {
    this.tell = listener;
  }
}

/** Notes what is asked, and whether the list had it by then. */
class OtherNodesOf implements OtherNodes {
  readonly nodeCount = 2;
  readonly asked: [string, boolean][] = [];
  isAway = false;

  constructor(private readonly known: RevocationList) {}

  async ask({ operation }: NodeMessage): Promise<NodeAnswers> {
    if (this.isAway) throw new PushError('PUSH_ERR_UNAVAILABLE', 'away');
    const who: Principal = { userId: '7', groups: [], scopes: [], expiresAtMs: Number.POSITIVE_INFINITY };
    this.asked.push([operation, this.known.isRevoked(who)]);
    return { answers: [], isPartial: false };
  }

  async tell(): Promise<void> {}
}

let others: OtherNodesOf;
let fakes: FakeConnections;
let list: SharedList;
let revocations: RevocationService;
let home: RevocationSpace;
let acme: FakeConnections;

beforeEach(() => {
  fakes = new FakeConnections();
  list = new SharedList({}, fakes.clock);
  acme = new FakeConnections();
  home = { tenant: undefined, registry: fakes.registry };
  const all = () => [home, { tenant: 'acme', registry: acme.registry }];
  others = new OtherNodesOf(list);
  revocations = new RevocationService(new AccessService(new NoTokens(), list, fakes.clock, 5_000), {
    home: { nodes: others },
    all,
  });
});

describe('RevocationService', () => {
  it('closes the connections whose token ends with 4501, and no others', async () => {
    const [one, two, other] = [fakes.connect('7'), fakes.connect('7'), fakes.connect('8')];

    await revocations.revoke({ sub: '7' }, home);

    expect([one, two, other].map(({ transport }) => transport.closed?.code)).toEqual([4501, 4501, undefined]);
  });

  it.each([{ sub: '7' }, { jti: 'j' }, { issuedBefore: '2026-01-01' }])(
    'closes nobody of another tenant for %j',
    async (revocation) => {
      const [ours, theirs] = [
        fakes.connect('7', { tokenId: 'j' }),
        acme.connect('7', { tenant: 'acme', tokenId: 'j' }),
      ];

      await revocations.revoke(revocation, home);
      list.tell();

      expect([ours, theirs].map(({ transport }) => transport.closed?.code)).toEqual([4501, undefined]);
    },
  );

  it('closes them too when the revocation was made on another node', async () => {
    const [one, other] = [fakes.connect('7'), fakes.connect('8')];

    await list.revoke({ type: 'user', userId: '7', untilMs: fakes.clock.now() });
    list.tell();

    expect([one, other].map(({ transport }) => transport.closed?.code)).toEqual([4501, undefined]);
  });

  it('has the other nodes look at the list once it is there', async () => {
    await revocations.revoke({ sub: '7' }, home);
    expect(others.asked).toEqual([['revoked', true]]);
  });

  it('has revoked where the other nodes are away, who find it in the list', async () => {
    const { transport } = fakes.connect('7');
    others.isAway = true;
    await revocations.revoke({ sub: '7' }, home);
    expect(transport.closed?.code).toBe(4501);
  });

  it('closes nothing for a revocation that is refused', async () => {
    const { transport } = fakes.connect('7');
    await expect(revocations.revoke({} as Revocation, home)).rejects.toMatchObject({
      code: 'PUSH_ERR_INVALID_ARGUMENT',
    });
    expect(transport.closed).toBeUndefined();
  });
});
