import { gzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import { build } from 'esbuild';

/** Has room for what keeps a client from going on as another user: no page could do that from outside in time. */
const MAX_BYTES = 6_600;

it('weighs at most 6.6 KB, minified and gzipped, in the bundle of a page', async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: `import { PushClient } from './index.ts'; globalThis.PushClient = PushClient;`,
      resolveDir: fileURLToPath(new URL('../../src/client', import.meta.url)),
    },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    write: false,
  });
  const text = outputFiles[0]?.text ?? '';
  expect(text).toContain('push:welcome');
  expect(gzipSync(text, { level: 9 }).length).toBeLessThanOrEqual(MAX_BYTES);
});
