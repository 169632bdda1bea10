/**
 * Reads pages of the log: those partitions that may hold something for the audience, merged by the time at which messages
 * were kept. Within a partition that is its own order, whatever the clocks of the servers say.
 *
 * Each script reads at one moment; a page may take several of them, and then what was lost in between is a gap of this
 * page. All of them read up to the position that the node had when the page was begun.
 */
import type { Cursor } from '../../protocol/cursor.js';
import type { GroupJoin, LogPage, ReplayRequest } from '../message-log.interface.js';
import type { LogReaderParts } from './log-parts.js';
import type { LogPartition } from './log-partition.js';
import { fromPlace, toPlace } from './log-place.js';
import type { LogPlace } from './log-place.js';
import { EVERYONE, channelOf, partitionOf } from './log-routes.js';
import { PageBuilder } from './page-builder.js';
import { PartitionReader } from './partition-reader.js';
import type { ReadTarget } from './partition-reader.js';
import { unavailable } from './redis-failures.js';

/** A place of no log of ours. */
const ELSEWHERE: LogPlace = { epoch: '', nonce: '', number: 0 };

/** Reads the log in Redis. */
export class LogReader {
  constructor(
    private readonly parts: LogReaderParts,
    private readonly partitions: readonly LogPartition[],
  ) {}

  /** One page up to the position of this node. */
  async read({ after, audience, joins = [], maxMessages, maxBytes }: ReplayRequest): Promise<LogPage> {
    const given = this.partitions.map((_, index) => this.givenIn(after, index));
    const groups = new Set(audience.groups);
    const targets = this.targetsOf(audience.userId, groups, joins);
    await this.hearUpTo(given, targets);
    const positions = this.partitions.map(({ place }) => place);
    const readers = [...targets].map(([index, wanted]) => {
      const partition = this.partitions[index];
      const [place, position] = [given[index], positions[index]];
      if (!partition || !place || !position) throw unavailable();
      const told = after.length === this.partitions.length ? (after[index]?.toldThrough ?? 0) : 0;
      return new PartitionReader(this.parts, partition, wanted, place, position, told);
    });
    const page = new PageBuilder({ userId: audience.userId, groups }, maxMessages, maxBytes);
    await Promise.all(readers.map((reader) => reader.fetch(page.room)));
    return this.gather(page, readers, positions);
  }

  private async gather(
    page: PageBuilder,
    readers: readonly PartitionReader[],
    positions: readonly LogPlace[],
  ): Promise<LogPage> {
    const places = positions.map((position) => toPlace(position));
    for (const reader of readers) places[reader.index] = reader.start;
    const resumedFrom = asCursor(places);
    for (const reader of readers)
      for (const entry of reader.takeBehind()) page.addBehind(entry, reader.index, resumedFrom);
    let isFull = false;
    for (let next = oldest(readers); next && !isFull; next = oldest(readers)) {
      const { head, index } = next;
      if (!head) break;
      const here = toPlace(head.place);
      const verdict = page.add(head, index, () => asCursor(places.with(index, here)));
      if (verdict === 'added') places[index] = here;
      isFull = verdict === 'full';
      if (!isFull) await next.advance(page.room);
    }
    const gaps = readers.map((reader) => reader.gap);
    const gap = gaps.includes('reset') ? 'reset' : gaps.find((each) => each !== undefined);
    const reached = isFull ? places : positions.map((position) => toPlace(position));
    return {
      resumedFrom: toldOf(resumedFrom, readers),
      messages: page.messagesTold((cursor) => toldOf(cursor, readers)),
      through: toldOf(reached, readers),
      hasMore: isFull,
      gap,
    };
  }

  /** What a place of another number of partitions says, it says of another log. */
  private givenIn(after: Cursor, index: number): LogPlace {
    const place = after[index];
    return place && after.length === this.partitions.length ? fromPlace(place) : ELSEWHERE;
  }

  /** The lists that may hold something for the reader, by partition: many targets are kept in the first. */
  private targetsOf(
    userId: string,
    groups: ReadonlySet<string>,
    joins: readonly GroupJoin[],
  ): ReadonlyMap<number, ReadTarget[]> {
    const targets = new Map<number, ReadTarget[]>([[0, [{ list: EVERYONE, joinedAfter: undefined }]]]);
    const add = (list: string, join?: GroupJoin) => {
      for (const index of new Set([0, partitionOf(list, this.partitions.length)])) {
        const place = join?.after[index];
        const wanted = { list, joinedAfter: place && fromPlace(place) };
        const known = targets.get(index);
        if (known) known.push(wanted);
        else targets.set(index, [wanted]);
      }
    };
    add(channelOf('user', userId));
    const joined = new Map(joins.map((join) => [join.group, join]));
    for (const group of groups) add(channelOf('group', group), joined.get(group));
    return targets;
  }

  /**
   * Another node has heard more than this one, which may follow nothing there: it asks where those partitions stand. Or
   * the log has lost its end, and this node is about to hear of that.
   */
  private async hearUpTo(given: readonly LogPlace[], targets: ReadonlyMap<number, unknown>): Promise<void> {
    const behind = this.partitions.filter(({ place }, index) => {
      const other = given[index];
      return other?.epoch === place.epoch && other.number > place.number;
    });
    const asked = behind.map((partition) => {
      // A partition that is out of reach and holds nothing for the reader can stay behind.
      return partition.probe().catch((cause: unknown) => {
        if (targets.has(partition.index)) throw cause;
      });
    });
    await Promise.all(asked);
  }
}

/** The one whose next message was kept first. */
function oldest(readers: readonly PartitionReader[]): PartitionReader | undefined {
  let first: PartitionReader | undefined;
  for (const reader of readers) {
    if (reader.head && (!first?.head || reader.head.storedAtMs < first.head.storedAtMs)) first = reader;
  }
  return first;
}

/** The places, with the gaps that the reader is told of first: whoever comes back with them is not told of those again. */
function toldOf(places: readonly Cursor[number][], readers: readonly PartitionReader[]): Cursor {
  const told = [...places];
  for (const reader of readers) told[reader.index] = reader.told(told[reader.index] ?? reader.start);
  return asCursor(told);
}

function asCursor(places: readonly Cursor[number][]): Cursor {
  const [first, ...others] = places;
  if (!first) throw unavailable();
  return [first, ...others];
}
