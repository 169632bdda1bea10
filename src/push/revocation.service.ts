import type { ConnectionRegistry } from '../core/connection-registry.js';
import { CloseCode } from '../protocol/close-codes.js';
import type { AccessService } from './access.service.js';
import type { Revocation } from './push-types.js';

/** Ends tokens, and the connections that came with them, whichever node the revocation is made on. */
export class RevocationService {
  constructor(
    private readonly access: AccessService,
    private readonly registry: ConnectionRegistry,
  ) {
    access.onRevoked(() => this.closeRevoked());
  }

  /** Ends tokens: their connections on this node close with 4501 at once, on others when they hear of it. */
  async revoke(revocation: Revocation): Promise<void> {
    await this.access.revoke(revocation);
    this.closeRevoked();
  }

  private closeRevoked(): void {
    for (const connection of [...this.registry.all()]) {
      if (this.access.isRevoked(connection.principal)) connection.close(CloseCode.TokenRevoked);
    }
  }
}
