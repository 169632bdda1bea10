/**
 * Names in one line, separated by commas. A name may hold commas and begin or end with spaces: in double quotes it is taken
 * as it is, with `""` for a double quote.
 */

/** The next name: in quotes up to the one that is not doubled, or up to the next comma. */
const NAME = /\s*(?:"((?:[^"]|"")*)"\s*|([^,"\s][^,]*)?)(,|$)/y;

/** The names; undefined where a quote that begins a name does not end it. */
export function namesIn(text: string): string[] | undefined {
  const names: string[] = [];
  const name = new RegExp(NAME);
  while (name.lastIndex < text.length) {
    const found = name.exec(text);
    if (!found) return undefined;
    const [, quoted, plain = '', end] = found;
    names.push(quoted?.replaceAll('""', '"') ?? plain.trim());
    if (end === '') break;
  }
  return names.filter((one) => one !== '');
}

/** A name as it stands in such a line, for people to read back. */
export function asWritten(name: string): string {
  return needsQuotes(name) ? `"${name.replaceAll('"', '""')}"` : name;
}

function needsQuotes(name: string): boolean {
  return name.includes(',') || name.startsWith('"') || name.trim() !== name;
}
