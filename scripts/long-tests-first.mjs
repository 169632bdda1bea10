/**
 * The order in which Jest runs the files with tests. Where it has not run them before, as in CI, it would go by their size;
 * one that takes minutes and starts late then leaves a core with nothing to do.
 */
import Sequencer from '@jest/test-sequencer';

/**
 * Those that take the longest. Beside the first, which keeps many processes busy, come those that mostly wait.
 */
const LONGEST = [
  'test/cluster/faults.spec.ts',
  'test/browser/restart.spec.ts',
  'test/attacks/identity.spec.ts',
  'test/browser/console.spec.ts',
  'test/soak/soak.spec.ts',
  'test/conformance/module.spec.ts',
  'test/package/hosts.spec.ts',
  'test/e2e/demo-connection.spec.ts',
  'test/e2e/demo.spec.ts',
  'test/e2e/ws-bad-input.spec.ts',
  'test/cluster/rolling-restart.redis.spec.ts',
  'test/cluster/failover.redis.spec.ts',
  'test/e2e/demo-cluster.spec.ts',
  'test/cluster/planted-defects.spec.ts',
  'test/cluster/stampede.spec.ts',
  'test/attacks/fuzz/grammar.spec.ts',
];

export default class LongTestsFirst extends Sequencer {
  async sort(tests) {
    const sorted = await super.sort(tests);
    const placeOf = ({ path }) => {
      const place = LONGEST.findIndex((file) => path.replaceAll('\\', '/').endsWith(`/${file}`));
      return place === -1 ? LONGEST.length : place;
    };
    return sorted.toSorted((one, other) => placeOf(one) - placeOf(other));
  }
}
