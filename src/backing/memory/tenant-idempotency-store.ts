import type { IdempotencyStore, IdempotencyVerdict, IdempotentRequest } from '../idempotency-store.interface.js';

/** The keys of one tenant in a store that all tenants share, with its bounds. */
export class TenantIdempotencyStore implements IdempotencyStore {
  /** @param tenant Its name; empty for the default tenant, which no name is. */
  constructor(
    private readonly shared: IdempotencyStore,
    private readonly tenant: string,
  ) {}

  begin(request: IdempotentRequest): Promise<IdempotencyVerdict> {
    return this.shared.begin(this.own(request));
  }

  complete(request: IdempotentRequest, claim: string, answer: string): Promise<void> {
    return this.shared.complete(this.own(request), claim, answer);
  }

  abandon(request: IdempotentRequest, claim: string): Promise<void> {
    return this.shared.abandon(this.own(request), claim);
  }

  /** No name holds the character between, so no scope of one tenant is one of another. */
  private own({ scope, ...request }: IdempotentRequest): IdempotentRequest {
    return { ...request, scope: `${this.tenant}\u0000${scope}` };
  }
}
