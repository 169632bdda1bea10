import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SeededCheckout } from './seeded-checkout.js';
import type { CheckResult } from './seeded-checkout.js';

const side = (path: string) => `import '${path}';\n`;

/** One breach a file; the rule that must report it, and where it points. */
const breaches = [
  { rule: 'protocol-imports-upward', file: 'src/protocol/up.ts', text: side('../core/clock.js') },
  { rule: 'core-imports-upward', file: 'src/core/up.ts', text: side('../backing/memory.js') },
  { rule: 'ports-imports-upward', file: 'src/backing/up.ts', text: side('../push/push.service.js') },
  {
    rule: 'application-imports-upward',
    file: 'src/push/up.ts',
    text: "import type { Dto } from '../rest/dto.js';\nexport type Mine = Dto;\n",
  },
  { rule: 'edges-imports-upward', file: 'src/rest/up.ts', text: side('../push.module.js') },
  { rule: 'folder-without-a-floor', file: 'src/utils/stray.ts', text: side('../core/clock.js') },
  { rule: 'edges-know-each-other', file: 'src/rest/sideways.ts', text: side('../transports/ws/socket.js') },
  { rule: 'edges-know-each-other', file: 'src/gateway/sideways.ts', text: side('../rest/dto.js') },
  { rule: 'lower-floors-know-a-package', file: 'src/core/socket.ts', text: side('ws') },
  { rule: 'lower-floors-know-a-package', file: 'src/protocol/nest.ts', text: side('@nestjs/common') },
  { rule: 'browser-code-imports-node', file: 'src/protocol/buffer.ts', text: side('node:buffer') },
  { rule: 'browser-code-imports-node', file: 'src/client/crypto.ts', text: side('crypto') },
  { rule: 'client-knows-more-than-the-protocol', file: 'src/client/core.ts', text: side('../core/clock.js') },
  { rule: 'console-page-knows-more-than-the-client', file: 'src/console-page/core.ts', text: side('../core/clock.js') },
  { rule: 'edges-know-each-other', file: 'src/console/sideways.ts', text: side('../rest/dto.js') },
  { rule: 'driver-outside-its-entry', file: 'src/push/driver.ts', text: side('ioredis') },
  {
    rule: 'driver-outside-its-entry',
    file: 'src/auth/driver.ts',
    text: "export const late = () => import('ioredis');\n",
  },
  { rule: 'driver-outside-its-entry', file: 'src/driver.ts', text: side('./backing/redis/index.js') },
  {
    rule: 'optional-peer-outside-ops',
    file: 'src/push/metrics.ts',
    text: "export const late = () => import('prom-client');\n",
  },
  { rule: 'undeclared-package', file: 'src/ops/health.ts', text: side('@nestjs/terminus') },
  { rule: 'source-imports-what-is-not-shipped', file: 'src/push/scripts.ts', text: side('../../test/clock.js') },
  { rule: 'deep-nest-import', file: 'src/push/deep.ts', text: side('@nestjs/common/constants.js') },
  { rule: 'package-not-by-its-name', file: 'demo/shortcut.ts', text: side('../src/push.module.js') },
  {
    rule: 'conformance-knows-the-inside',
    file: 'test/conformance/peek.ts',
    text: side('../../src/protocol/frames.js'),
  },
  { rule: 'circle', file: 'src/core/egg.ts', text: side('./hen.js') },
  { rule: 'unresolvable', file: 'src/push/lost.ts', text: side('./nowhere.js') },
];

/** What the breaches import, and code that keeps every rule. */
const innocent: Record<string, string> = {
  'src/protocol/frames.ts': 'export const frame = 1;\n',
  'src/core/clock.ts': side('../protocol/frames.js') + side('node:crypto'),
  'src/core/hen.ts': side('./egg.js'),
  'src/backing/memory.ts': side('../core/clock.js'),
  'src/backing/redis/index.ts': side('ioredis'),
  'src/push/push.service.ts': side('../backing/memory.js') + side('@nestjs/common'),
  'src/rest/dto.ts': side('../push/push.service.js') + 'export interface Dto {}\n',
  'src/transports/shared.ts': side('../push/push.service.js'),
  'src/transports/ws/socket.ts': side('ws') + side('../shared.js'),
  'src/push.module.ts': side('./rest/dto.js') + side('./transports/ws/socket.js'),
  'src/index.ts': side('./push.module.js'),
  'src/client/index.ts': side('../protocol/frames.js'),
  'src/console-page/main.ts': side('../client/index.js') + side('preact'),
  'test/clock.ts': 'export const clock = 1;\n',
  'demo/main.ts': side('nestjs-push'),
};

describe('npm run arch', () => {
  let checkout: SeededCheckout;
  let result: CheckResult;

  beforeAll(async () => {
    checkout = await SeededCheckout.with({
      ...innocent,
      ...Object.fromEntries(breaches.map(({ file, text }) => [file, text])),
    });
    result = await checkout.check('depcruise', '--config', '.dependency-cruiser.cjs', 'src', 'demo', 'test');
  });

  afterAll(() => checkout.remove());

  it.each(breaches)('reports $rule in $file', ({ rule, file }) => {
    expect(result.isGreen).toBe(false);
    expect(result.output).toContain(`error ${rule}: ${file} `);
  });

  it('leaves code alone that keeps the rules', () => {
    const reported = [...result.output.matchAll(/error ([\w-]+): (\S+)/g)].map(([, rule, file]) => `${rule} ${file}`);
    // ioredis is an optional peer that need not be installed here.
    const expected = ['unresolvable src/backing/redis/index.ts', 'circle src/core/hen.ts'];
    const guilty = new Set(breaches.map(({ file }) => file));
    const accused = reported.filter((line) => !guilty.has(line.split(' ')[1] ?? '') && !expected.includes(line));
    expect(accused).toEqual([]);
  });
});
