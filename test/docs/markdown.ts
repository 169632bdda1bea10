import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const projectRoot = fileURLToPath(new URL('../..', import.meta.url));

/** Rows of a table by the text of their column's head. Backticks are kept: they tell a name from a word. */
export type Row = Readonly<Record<string, string>>;

/** A fenced block, and the file that the comment above it says it is a copy of. */
export interface CodeBlock {
  readonly language: string;
  readonly text: string;
  readonly line: number;
  readonly snippet: string | undefined;
}

/** One of the project's documents. */
export class Markdown {
  readonly lines: readonly string[];

  constructor(
    readonly path: string,
    readonly text: string,
  ) {
    this.lines = text.split('\n');
  }

  static read(path: string): Markdown {
    return new Markdown(path, readFileSync(join(projectRoot, path), 'utf8'));
  }

  static exists(path: string): boolean {
    return existsSync(join(projectRoot, path));
  }

  /** The text from the heading with this title to the next one of the same or a higher level. */
  section(title: string): Markdown {
    const start = this.lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === title);
    const level = /^#+/.exec(this.lines[start] ?? '')?.[0].length;
    if (level === undefined) throw new Error(`${this.path} has no section ${title}`);
    const rest = this.lines.slice(start + 1);
    const length = rest.findIndex((line) => (/^#+(?= )/.exec(line)?.[0].length ?? level + 1) <= level);
    return new Markdown(`${this.path} (${title})`, rest.slice(0, length === -1 ? undefined : length).join('\n'));
  }

  /** Rows of all tables that have these columns. */
  rows(...columns: readonly string[]): readonly Row[] {
    const rows: Row[] = [];
    for (let index = 0; index < this.lines.length; index++) {
      if (!/^\|[ :|-]+\|$/.test(this.lines[index + 1] ?? '')) continue;
      const heads = cellsOf(this.lines[index] ?? '');
      const end = this.lines.findIndex((line, at) => at > index && !line.startsWith('|'));
      const body = this.lines.slice(index + 2, end === -1 ? undefined : end);
      if (!columns.every((column) => heads.includes(column))) continue;
      rows.push(...body.map((line) => rowOf(heads, cellsOf(line))));
    }
    if (rows.length === 0) throw new Error(`${this.path} has no table with the columns ${columns.join(', ')}`);
    return rows;
  }

  codeBlocks(): readonly CodeBlock[] {
    const blocks: CodeBlock[] = [];
    for (let index = 0; index < this.lines.length; index++) {
      const language = /^ *```(\w+)/.exec(this.lines[index] ?? '')?.[1];
      if (language === undefined) continue;
      const end = this.lines.findIndex((line, at) => at > index && /^ *```$/.test(line));
      const above = this.lines.slice(0, index).findLast((line) => line.trim() !== '');
      blocks.push({
        language,
        text: `${this.lines.slice(index + 1, end).join('\n')}\n`,
        line: index + 1,
        snippet: /^<!-- snippet: (\S+) -->$/.exec(above ?? '')?.[1],
      });
      index = end;
    }
    return blocks;
  }

  /** Targets of links and images that lead to files of the project or to headings. */
  links(): readonly string[] {
    const prose = this.text.replace(/^ *```[\s\S]*?^ *```$/gm, '').replace(/`[^`\n]*`/g, '');
    const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
    return targets.filter((target) => !/^(https?|mailto):/.test(target));
  }

  /** The anchors that headings have, as GitHub makes them. */
  anchors(): readonly string[] {
    const headings = this.lines.filter((line) => /^#+ /.test(line)).map((line) => line.replace(/^#+ /, ''));
    return headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    );
  }
}

function cellsOf(line: string): readonly string[] {
  const escaped = line.replaceAll('\\|', '\0').trim();
  return escaped
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.replaceAll('\0', '|').trim());
}

function rowOf(heads: readonly string[], cells: readonly string[]): Row {
  return Object.fromEntries(heads.map((head, index) => [head, cells[index] ?? '']));
}

/** The text of a cell without its backticks. */
export function plain(cell: string | undefined): string {
  return (cell ?? '').replaceAll('`', '');
}

/** Reads a quantity as documents write it: `20,000`, `64 KiB`, `5 s`, `off`. In bytes, milliseconds or pieces. */
export function quantityOf(text: string): number {
  if (text === 'off') return 0;
  const [, digits = '', unit = ''] = /^([\d,._]+)(?: (KiB|MiB|s|ms|h))?$/.exec(text) ?? [];
  const factor = { '': 1, KiB: 1_024, MiB: 1_024 ** 2, ms: 1, s: 1_000, h: 3_600_000 }[unit];
  if (digits === '' || factor === undefined) throw new Error(`no quantity: ${text}`);
  return Number(digits.replaceAll(/[,_]/g, '')) * factor;
}
