/**
 * Makes the module one of a later version, as far as other nodes can tell: the version of its wire is another. Loaded
 * before a program with `--import`; ends the program where the source has no version to change, for then a run over two
 * versions would be one over a single version.
 */
import { register } from 'node:module';

register(
  `data:text/javascript,${encodeURIComponent(`
    const OURS = /\\/dist\\/backing\\/redis\\/[^/]+\\.js$/;
    const CHANGES = [
      [/FRAME_VERSION = (['"])4\\1/, "FRAME_VERSION = '5'"],
    ];
    export async function load(url, context, nextLoad) {
      const loaded = await nextLoad(url, context);
      if (!OURS.test(url)) return loaded;
      const before = String(loaded.source);
      const source = CHANGES.reduce((text, [from, to]) => text.replace(from, to), before);
      if (source === before && /sealed-frame/.test(url)) throw new Error(url + ' has no version to change');
      return { ...loaded, source };
    }`)}`,
);
