import type { MessageLog } from '../backing/message-log.interface.js';
import type { OtherNodes } from '../backing/node-link.interface.js';
import type { Connection } from '../core/connection.js';
import type { ConnectionRegistry } from '../core/connection-registry.js';
import { audienceOf } from './present-audience.js';

/** What decides whether a node hears for a connection. */
export interface HearingParts {
  readonly log: Pick<MessageLog, 'hears'>;
  readonly registry: ConnectionRegistry;
  /** What they have said of memberships comes before the messages that it decides about. */
  readonly nodes?: Pick<OtherNodes, 'whenCaughtUp'> | undefined;
}

/** Whether this node hears all that is for a connection. One that is not heard for is to be held, or it would miss something. */
export class Hearing {
  constructor(private readonly parts: HearingParts) {}

  /** A promise where that is about to be decided: it resolves when there is news. False while something is out of reach. */
  of(connection: Connection): boolean | Promise<void> {
    const { log, registry, nodes } = this.parts;
    // Until its groups are known nobody can say what is for it.
    if (connection.areGroupsUnknown) return false;
    const hears = log.hears(audienceOf(connection, registry));
    return hears && (nodes?.whenCaughtUp?.() ?? hears);
  }

  /** The same when it is decided; false also for a connection that ends meanwhile. */
  async settled(connection: Connection): Promise<boolean> {
    for (;;) {
      // Groups may come and go while it waits.
      const hears = this.of(connection);
      if (typeof hears === 'boolean') return hears;
      await hears;
      if (!connection.isOpen) return false;
    }
  }
}
