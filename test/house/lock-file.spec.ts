import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';

interface LockEntry {
  readonly version?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const lock = JSON.parse(read('package-lock.json')) as {
  readonly version: string;
  readonly packages: Readonly<Record<string, LockEntry>>;
};
const manifest = JSON.parse(read('package.json')) as { readonly version: string };

/** Looks a package up as Node does: beside the one that asks for it, then further up. */
function isLocked(name: string, from: string): boolean {
  for (let base = from; ; base = base.slice(0, Math.max(0, base.lastIndexOf('/node_modules/')))) {
    if (`${base === '' ? '' : `${base}/`}node_modules/${name}` in lock.packages) return true;
    if (base === '') return false;
  }
}

describe('package-lock.json', () => {
  it('has the version of package.json', () => {
    expect(lock.version).toBe(manifest.version);
    expect(lock.packages['']?.version).toBe(manifest.version);
  });

  it('names no registry: `npm ci` asks the one that the machine is set to', () => {
    const pinned = Object.entries(lock.packages).filter(([, entry]) => entry.resolved !== undefined);
    expect(pinned.map(([path]) => path)).toEqual([]);
  });

  it('has an entry for the native parts of every platform, or `npm ci` refuses it', () => {
    const missing = Object.entries(lock.packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies)
        .filter((name) => !isLocked(name, path))
        .map((name) => `${path} → ${name}`),
    );
    expect(missing).toEqual([]);
  });
});
