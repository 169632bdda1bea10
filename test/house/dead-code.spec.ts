import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SeededCheckout } from './seeded-checkout.js';
import type { CheckResult } from './seeded-checkout.js';

const sources: Record<string, string> = {
  'src/index.ts': "export { used } from './used.js';\n",
  'src/used.ts': 'export const used = 1;\nexport const unusedExport = 2;\n',
  'src/unused-file.ts': 'export const forgotten = 3;\n',
  'src/only-tested.ts': 'export const onlyTested = 4;\n',
  'test/unit/only-tested.spec.ts': "import { onlyTested } from '../../src/only-tested.js';\nvoid onlyTested;\n",
  'test/support/unused-support.ts': 'export const spare = 5;\n',
};

describe('npm run dead', () => {
  let checkout: SeededCheckout;
  let whole: CheckResult;
  let shipped: CheckResult;

  beforeAll(async () => {
    checkout = await SeededCheckout.with(sources);
    whole = await checkout.check('knip', '--reporter', 'compact');
    shipped = await checkout.check('knip', '--production', '--include', 'files,exports', '--reporter', 'compact');
  });

  afterAll(() => checkout.remove());

  it('reports a file that nothing imports', () => {
    expect(whole.isGreen).toBe(false);
    expect(whole.output).toMatch(/^src\/unused-file\.ts/m);
    expect(whole.output).toMatch(/^test\/support\/unused-support\.ts/m);
  });

  it('reports an export that nothing imports', () => {
    expect(whole.output).toMatch(/^src\/used\.ts: .*unusedExport/m);
  });

  it('reports a dependency that nothing imports', () => {
    expect(whole.output).toMatch(/package\.json.*class-validator/);
  });

  it('reports code that only its test imports', () => {
    expect(whole.output).not.toMatch(/^src\/only-tested\.ts/m);
    expect(shipped.isGreen).toBe(false);
    expect(shipped.output).toMatch(/^src\/only-tested\.ts/m);
  });

  it('leaves code alone that is used', () => {
    expect(whole.output).not.toMatch(/src\/index\.ts/);
    expect(shipped.output).not.toMatch(/src\/index\.ts/);
  });
});
