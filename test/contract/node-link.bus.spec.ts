import type { BusLink } from '../support/node-bus.js';
import { NodeBus } from '../support/node-bus.js';
import { describeNodeLink } from './node-link.suite.js';

describeNodeLink('BusLink', () => {
  const bus = new NodeBus();
  return {
    add: () => bus.add(`node-${bus.nodeCount}`),
    cutOff: (link) => (link as BusLink).cutOff(),
    rejoin: (link) => (link as BusLink).rejoin(),
    remove: (link) => bus.remove(link as BusLink),
    close: () => undefined,
  };
});
