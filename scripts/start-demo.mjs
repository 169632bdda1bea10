/**
 * `npm start`: builds when sources changed, then becomes the demo. Signals reach it directly, for it is this process:
 * npm passes them to its shell, which would die of them and leave the demo behind, so package.json has `exec`.
 */
import { build } from './build.mjs';

try {
  await build();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
await import('../demo/dist/main.js');
