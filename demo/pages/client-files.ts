import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file of the client, with the tag by which a browser asks whether its copy is still the one. */
export interface ClientFile {
  readonly type: string;
  readonly content: Buffer;
  readonly etag: string;
}

/** The client's own folder of the built package, and the wire that it shares with the server. */
const FOLDERS = ['client', 'protocol'];

/**
 * Reads the files once, by `<folder>/<name>`. As with the pages, a later build does not reach a process that runs, and
 * nothing but these files can be asked for.
 */
export function readClientFiles(): ReadonlyMap<string, ClientFile> {
  const entry = import.meta.resolve('nestjs-push/client');
  const files = new Map<string, ClientFile>();
  for (const folder of FOLDERS) {
    const path = fileURLToPath(new URL(`../${folder}`, entry));
    for (const name of readdirSync(path)) {
      const type = typeOf(name);
      if (type === undefined) continue;
      const content = readFileSync(join(path, name));
      const etag = `"${createHash('sha256').update(content).digest('base64url')}"`;
      files.set(`${folder}/${name}`, { type, content, etag });
    }
  }
  return files;
}

function typeOf(name: string): string | undefined {
  if (name.endsWith('.js')) return 'text/javascript; charset=utf-8';
  if (name.endsWith('.js.map')) return 'application/json; charset=utf-8';
  return undefined;
}
