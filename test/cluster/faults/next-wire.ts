import { fileURLToPath, pathToFileURL } from 'node:url';

const HOOK = fileURLToPath(new URL('../../support/programs/next-wire.mjs', import.meta.url));

/** Flags that make a node one of a later version, whose frames between nodes have another layout. */
export function nextWireFlags(): readonly string[] {
  return ['--import', pathToFileURL(HOOK).href];
}
