/**
 * Jest's environment for Node, which also disables what a file with tests leaves behind. Jest gives each file an
 * AsyncLocalStorage and never disables it, and before Node 24 each one that was used costs something at every promise that
 * the worker makes from then on.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import NodeEnvironment from 'jest-environment-node';

/** Those that the present file has used. */
const used = new Set();

for (const method of ['run', 'enterWith']) {
  const original = AsyncLocalStorage.prototype[method];
  AsyncLocalStorage.prototype[method] = function (...args) {
    used.add(this);
    return original.apply(this, args);
  };
}

export default class TestEnvironment extends NodeEnvironment {
  async teardown() {
    await super.teardown();
    for (const storage of used) storage.disable();
    used.clear();
  }
}
