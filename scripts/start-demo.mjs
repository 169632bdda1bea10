/** `npm start`: builds when sources changed, then becomes the demo. Signals reach it directly, for it is this process. */
import { build } from './build.mjs';

await build();
await import('../demo/dist/main.js');
