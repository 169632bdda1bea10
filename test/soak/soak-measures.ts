/** What a soaked process holds at rest, and whether that has grown. */

type Counts = Readonly<Record<string, number>>;

/** What a process holds, after a garbage collection. */
export interface SoakMeasures {
  readonly rssBytes: number;
  readonly heapBytes: number;
  readonly externalBytes: number;
  /** What keeps the event loop alive, by kind. */
  readonly handles: Counts;
  /** Timers that have not ended, those that keep nothing alive among them, by what they call. */
  readonly timers: Counts;
  /** Objects of the classes of the package, and sockets, requests and answers of Node, by class. */
  readonly objects: Counts;
  /** Entries of what they hold in Maps, Sets and arrays, by `Class.member`. */
  readonly entries: Counts;
  /** Entries of all other Maps and Sets of the process. */
  readonly elsewhere: number;
  /** Objects that are none of those. */
  readonly others: number;
}

/** One measure, at rest before and after. */
export interface Compared {
  readonly name: string;
  readonly before: number;
  readonly after: number;
  /** The most that it may be afterwards. */
  readonly atMost: number;
}

/**
 * What may stay of what is not counted one by one, as a share of what was there and a number beside it: compiled code, caches
 * of Node and of libraries, and memory that the allocator keeps.
 */
export const TOLERANCES = {
  rssBytes: { share: 0.25, more: 32 * 2 ** 20 },
  heapBytes: { share: 0.1, more: 4 * 2 ** 20 },
  externalBytes: { share: 0.1, more: 4 * 2 ** 20 },
  elsewhere: { share: 0.02, more: 50 },
  others: { share: 0.05, more: 2_000 },
} as const;

/** Everything that is counted, of which nothing may be left over: handles, timers, objects, entries. */
export function compareCounts(before: SoakMeasures, after: SoakMeasures): readonly Compared[] {
  return [
    ...compareEach('handles', before.handles, after.handles),
    ...compareEach('timers', before.timers, after.timers),
    ...compareEach('objects', before.objects, after.objects),
    ...compareEach('entries', before.entries, after.entries),
  ];
}

/** Everything that is not counted one by one. */
export function compareAmounts(before: SoakMeasures, after: SoakMeasures): readonly Compared[] {
  return (Object.keys(TOLERANCES) as (keyof typeof TOLERANCES)[]).map((name) => {
    const { share, more } = TOLERANCES[name];
    return { name, before: before[name], after: after[name], atMost: Math.floor(before[name] * (1 + share)) + more };
  });
}

/** Those that are more than they may be. */
export function grown(compared: readonly Compared[]): readonly Compared[] {
  return compared.filter(({ after, atMost }) => after > atMost);
}

function compareEach(kind: string, before: Counts, after: Counts): readonly Compared[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
  return names.map((name) => {
    const count = before[name] ?? 0;
    return { name: `${kind}: ${name}`, before: count, after: after[name] ?? 0, atMost: count };
  });
}
