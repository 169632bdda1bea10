import { SharedBacking } from '../support/shared-backing.js';
import { describeCluster } from './application.suite.js';

describeCluster('a bus', () => {
  const shared = new SharedBacking();
  return { factory: () => shared.factory(), close: () => undefined };
});
