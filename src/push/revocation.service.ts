import type { OtherNodes } from '../backing/node-link.interface.js';
import type { LifecycleListeners } from '../core/lifecycle-events.js';
import { CLOSE_CODES, CloseCode } from '../protocol/close-codes.js';
import type { AccessService } from './access.service.js';
import { kickOf } from './connection-directory.js';
import { askNodes } from './node-questions.js';
import type { Revocation } from './push-types.js';
import type { TenantSpace } from './tenant-space.js';

/** A space as far as revocations go. */
export type RevocationSpace = Pick<TenantSpace, 'tenant' | 'registry'>;

/** The spaces that there are, and what stands for the process. */
export interface RevocationSpaces {
  /** Whose questions concern no tenant. */
  readonly home: { readonly nodes: OtherNodes };
  all(): Iterable<RevocationSpace>;
}

/** How long other nodes may take to carry a revocation out before it counts as done here. */
const CARRY_OUT_MS = 1_000;

/** Ends tokens, and the connections that came with them, whichever node the revocation is made on. */
export class RevocationService {
  constructor(
    private readonly access: AccessService,
    private readonly spaces: RevocationSpaces,
    private readonly listeners: LifecycleListeners = {},
  ) {
    access.onRevoked(() => {
      for (const space of spaces.all()) this.closeRevoked(space);
    });
  }

  /**
   * Ends tokens of one tenant, and closes their connections with 4501. Resolves when that is done on all nodes that are
   * there; one that does not answer within a second does it when it can read the list of revocations.
   */
  async revoke(revocation: Revocation, space: RevocationSpace): Promise<void> {
    await this.access.revoke(revocation, space.tenant);
    this.closeRevoked(space);
    // It is in the list: who cannot be reached now reads it there.
    await askNodes(this.spaces.home.nodes, 'revoked', null, { withinMs: CARRY_OUT_MS }).catch(() => {});
  }

  private closeRevoked({ registry }: RevocationSpace): void {
    for (const connection of [...registry.all()]) {
      if (!this.access.isRevoked(connection.principal)) continue;
      const { reason } = CLOSE_CODES[CloseCode.TokenRevoked];
      this.listeners.kicked?.(kickOf(connection, 'revocation', 'revocation', CloseCode.TokenRevoked, reason));
      connection.close(CloseCode.TokenRevoked);
    }
  }
}
