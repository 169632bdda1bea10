import { SharedBacking } from '../support/shared-backing.js';
import { describeTenants } from './tenants.suite.js';

describeTenants('a bus', () => {
  const shared = new SharedBacking();
  return { factory: () => shared.factory(), close: () => undefined };
});
