import type { NodeAnswers, NodeMessage, OtherNodes, Question } from '../backing/node-link.interface.js';

/**
 * The operation under which all that concerns a named tenant is said. A node that knows no tenants does not know it, and
 * does nothing, where it would take a member beside the payload for nothing and act on those whom it was not about.
 */
export const OF_TENANT = 'of-tenant';

/** What one of the other operations is about, and whose. */
export interface TenantMessage extends NodeMessage {
  readonly tenant: string;
}

/** The other nodes, as one named tenant asks them: each question says whose it is. */
export class TenantNodes implements OtherNodes {
  constructor(
    private readonly nodes: OtherNodes,
    private readonly tenant: string,
  ) {}

  get nodeCount(): number {
    return this.nodes.nodeCount;
  }

  whenCaughtUp(): Promise<void> | undefined {
    return this.nodes.whenCaughtUp?.();
  }

  ask(message: NodeMessage, question: Question): Promise<NodeAnswers> {
    return this.nodes.ask(this.own(message), question);
  }

  tell(message: NodeMessage, keepMs?: number): Promise<void> {
    return this.nodes.tell(this.own(message), keepMs);
  }

  private own({ operation, payload }: NodeMessage): NodeMessage {
    const payloadOfTenant: TenantMessage = { tenant: this.tenant, operation, payload };
    return { operation: OF_TENANT, payload: payloadOfTenant };
  }
}
