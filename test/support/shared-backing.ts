import type { Backing, BackingFactory } from '../../src/backing/backing.interface.js';
import { memory } from '../../src/backing/memory/memory-backing.js';
import type { Delivery, LogFollower, MessageLog } from '../../src/backing/message-log.interface.js';
import { BusLink, NodeBus } from './node-bus.js';

/** A backing that several nodes of one process share. Its nodes hear of every message in one order, like those of Redis. */
export class SharedBacking {
  private readonly bus = new NodeBus();
  private readonly links: BusLink[] = [];
  private readonly followers = new Map<BusLink, LogFollower>();
  private shared: Backing | undefined;
  private publisher: BusLink | undefined;

  /** The backing of one more node. */
  factory(): BackingFactory {
    return {
      name: 'shared',
      create: (context) => {
        const shared = (this.shared ??= this.follow(memory().create(context)));
        const nodes = this.bus.add(context.nodeId);
        this.links.push(nodes);
        return { ...shared, log: this.logOf(nodes, shared.log), nodes, close: async () => this.bus.remove(nodes) };
      },
    };
  }

  /** The link of the node that was added so many nodes ago, from 0. */
  link(index: number): BusLink {
    const link = this.links[index];
    if (!link) throw new Error(`there is no node ${index}`);
    return link;
  }

  private follow(backing: Backing): Backing {
    backing.log.follow({
      deliver: (message, target) => {
        let here: Delivery | undefined;
        for (const [link, follower] of this.followers) {
          const delivery = follower.deliver(message, target);
          if (link === this.publisher) here = delivery;
        }
        if (!here) throw new Error('the publisher does not follow');
        return here;
      },
      interrupted: () => undefined,
      recovered: () => undefined,
    });
    return backing;
  }

  private logOf(link: BusLink, log: MessageLog): MessageLog {
    return {
      get position() {
        return log.position;
      },
      isFollowing: true,
      follow: (follower) => void this.followers.set(link, follower),
      publish: (content, routing) => {
        this.publisher = link;
        return log.publish(content, routing);
      },
      read: (request) => log.read(request),
    };
  }
}
