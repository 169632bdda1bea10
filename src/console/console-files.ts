import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';

/** A file of the page. */
export interface ConsoleFile {
  readonly type: string;
  readonly text: string;
  /** By which a browser asks whether its copy is still the one. */
  readonly etag: string;
}

/** Everything that can be asked for; whatever else stands in an address names nothing. */
const TYPES = {
  'index.html': 'text/html; charset=utf-8',
  'console.css': 'text/css; charset=utf-8',
  'console.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml; charset=utf-8',
} as const;

/** The name of a file of the page. */
export type ConsoleFileName = keyof typeof TYPES;

/** Beside this file in the package; from the sources, as our tests run, in the package that was built. */
const FOLDERS = ['../console-page/', '../../dist/console-page/'].map((path) => new URL(path, import.meta.url));

/** The files of the page, each read when it is first asked for. */
export class ConsoleFiles {
  private readonly files = new Map<ConsoleFileName, ConsoleFile>();
  private readonly folder = FOLDERS.find((folder) => existsSync(new URL('console.js', folder))) ?? FOLDERS[0];

  /** The file of this name; undefined where there is none. */
  find(name: string): ConsoleFile | undefined {
    return isFileName(name) ? this.read(name) : undefined;
  }

  /** A file that is there. */
  read(name: ConsoleFileName): ConsoleFile {
    const known = this.files.get(name);
    if (known) return known;
    const text = readFileSync(new URL(name, this.folder), 'utf8');
    const etag = `"${createHash('sha256').update(text).digest('base64url')}"`;
    const file = { type: TYPES[name], text, etag };
    this.files.set(name, file);
    return file;
  }
}

function isFileName(name: string): name is ConsoleFileName {
  return Object.hasOwn(TYPES, name);
}
