import type { Backing, BackingFactory, NamedTenantStores, TenantStores } from '../../src/backing/backing.interface.js';
import { memory } from '../../src/backing/memory/memory-backing.js';
import type { Delivery, LogFollower, MessageLog } from '../../src/backing/message-log.interface.js';
import type { RevocationList } from '../../src/backing/revocation-list.interface.js';
import { BusLink, NodeBus } from './node-bus.js';

/** What is kept, and who is told of its messages on each node. */
interface SharedStores {
  readonly stores: TenantStores;
  readonly followers: Map<BusLink, LogFollower>;
}

/** A backing that several nodes of one process share. Its nodes hear of every message in one order, like those of Redis. */
export class SharedBacking {
  private readonly bus = new NodeBus();
  private readonly links: BusLink[] = [];
  private readonly tenants = new Map<string, SharedStores>();
  private readonly listeners = new Map<BusLink, () => void>();
  private shared: Backing | undefined;
  private publisher: BusLink | undefined;

  /** The backing of one more node. */
  factory(): BackingFactory {
    return {
      name: 'shared',
      create: (context) => {
        const shared = (this.shared ??= memory().create(context));
        const nodes = this.bus.add(context.nodeId);
        this.links.push(nodes);
        return {
          ...shared,
          ...this.storesOn(nodes, '', shared),
          of: (tenant) => this.storesOn(nodes, tenant, () => shared.of(tenant)),
          revocations: this.revocationsOn(nodes, shared.revocations),
          nodes,
          close: async () => this.bus.remove(nodes),
        };
      },
    };
  }

  /** The link of the node that was added so many nodes ago, from 0. */
  link(index: number): BusLink {
    const link = this.links[index];
    if (!link) throw new Error(`there is no node ${index}`);
    return link;
  }

  /** What is kept of a tenant, as one node sees it. The stores themselves stay, as in a server that all nodes share. */
  private storesOn(link: BusLink, tenant: string, made: TenantStores | (() => TenantStores)): NamedTenantStores {
    let shared = this.tenants.get(tenant);
    if (!shared) {
      const stores = typeof made === 'function' ? made() : made;
      shared = { stores, followers: new Map() };
      this.tenants.set(tenant, shared);
      this.follow(shared);
    }
    const { stores, followers } = shared;
    const { memberships, idempotency } = stores;
    return { memberships, idempotency, log: this.logOf(link, shared), release: () => void followers.delete(link) };
  }

  /** A node hears of what others have revoked when it is told to look. */
  private revocationsOn(link: BusLink, list: RevocationList): RevocationList {
    return {
      revoke: (tokens) => list.revoke(tokens),
      catchUp: async () => this.listeners.get(link)?.(),
      isRevoked: (principal) => list.isRevoked(principal),
      onRevoked: (listener) => void this.listeners.set(link, listener),
    };
  }

  private follow({ stores, followers }: SharedStores): void {
    stores.log.follow({
      deliver: (message, target) => {
        let here: Delivery | undefined;
        for (const [link, follower] of followers) {
          const delivery = follower.deliver(message, target);
          if (link === this.publisher) here = delivery;
        }
        if (!here) throw new Error('the publisher does not follow');
        return here;
      },
      reaches: () => true,
      match: () => ({ users: 0, connections: 0 }),
      interrupted: () => undefined,
      recovered: () => undefined,
      missed: () => undefined,
    });
  }

  private logOf(link: BusLink, { stores: { log }, followers }: SharedStores): MessageLog {
    return {
      get position() {
        return log.position;
      },
      isFollowing: true,
      attend: () => undefined,
      leave: () => undefined,
      hears: () => true,
      joiningPlace: () => log.position,
      follow: (follower) => void followers.set(link, follower),
      publish: (content, routing) => {
        this.publisher = link;
        return log.publish(content, routing);
      },
      read: (request) => log.read(request),
    };
  }
}
