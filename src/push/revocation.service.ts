import type { LifecycleListeners } from '../core/lifecycle-events.js';
import { CLOSE_CODES, CloseCode } from '../protocol/close-codes.js';
import type { AccessService } from './access.service.js';
import { kickOf } from './connection-directory.js';
import type { Revocation } from './push-types.js';
import type { TenantSpace } from './tenant-space.js';

/** A space as far as revocations go. */
export type RevocationSpace = Pick<TenantSpace, 'tenant' | 'registry'>;

/** Ends tokens, and the connections that came with them, whichever node the revocation is made on. */
export class RevocationService {
  constructor(
    private readonly access: AccessService,
    spaces: { all(): Iterable<RevocationSpace> },
    private readonly listeners: LifecycleListeners = {},
  ) {
    access.onRevoked(() => {
      for (const space of spaces.all()) this.closeRevoked(space);
    });
  }

  /** Ends tokens of one tenant: their connections on this node close with 4501 at once, on others when they hear of it. */
  async revoke(revocation: Revocation, space: RevocationSpace): Promise<void> {
    await this.access.revoke(revocation, space.tenant);
    this.closeRevoked(space);
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
