/**
 * Judges a history. For each recipient it holds what arrived against what was published for it, and names every
 * message that was lost without a word, came twice, came in the wrong order, was not for it, or was never published.
 *
 * It reports only what is certain: where a message and a change of rights, a collapse or the end of a ttl ran side by
 * side, either outcome is accepted. A clean verdict therefore is worth as much as the runs behind it, and
 * planted-defects.spec.ts shows that each class of defect in a server is found.
 *
 * Neighbours: history.ts has the data; recipients, publishers and scenarios write it.
 */
import { Entitlement } from './entitlement.js';
import type { History, Publication } from './history.js';
import { MembershipTimeline } from './membership-timeline.js';
import { findDisorder } from './order-check.js';
import { viewOf } from './recipient-view.js';
import type { RecipientView } from './recipient-view.js';

/** What can be wrong. `stale`: replayed although its ttl was over; `garbled`: arrived whole and cannot be read. */
export type DefectType = 'lost' | 'repeated' | 'disordered' | 'not-for-them' | 'never-published' | 'stale' | 'garbled';

/** One thing that went wrong for one recipient. */
export interface Defect {
  readonly type: DefectType;
  readonly recipient: string;
  /** The message's key; empty where nothing could be read. */
  readonly key: string;
  readonly detail: string;
}

/** What the checker found. */
export interface Verdict {
  readonly defects: readonly Defect[];
  readonly published: number;
  /** Messages that had to arrive, over all recipients. */
  readonly due: number;
  /** Messages that arrived, over all recipients. */
  readonly received: number;
  /** Messages that did not arrive and were said to be missing, over all recipients. */
  readonly toldAsGap: number;
  /** Gaps that were told. */
  readonly gaps: number;
  /** Connections that were asked for. */
  readonly sessions: number;
}

/** Judges a history; pure. */
export function check(history: History): Verdict {
  const publications = new Map(history.publications.map((publication) => [publication.key, publication]));
  const entitlement = new Entitlement(new MembershipTimeline(history.memberships), history.publications);
  const views = history.recipients.map((log) => viewOf(log, publications));
  const missing = views.map((view) => findMissing(view, history, entitlement));
  const disordered = findDisorder(views).map((disorder) => ({ type: 'disordered' as const, ...disorder }));
  return {
    defects: [
      ...missing.flatMap(({ lost }) => lost),
      ...views.flatMap((view) => findWrongArrivals(view, entitlement)),
      ...disordered,
    ],
    published: publications.size,
    due: sumOf(missing, ({ due }) => due),
    received: sumOf(views, ({ receptions }) => receptions.length),
    toldAsGap: sumOf(missing, ({ toldAsGap }) => toldAsGap),
    gaps: sumOf(views, ({ gaps }) => gaps.length),
    sessions: sumOf(views, ({ sessions }) => sessions),
  };
}

/** Which classes of defects a verdict has, sorted. */
export function defectTypesOf({ defects }: Verdict): DefectType[] {
  return [...new Set(defects.map(({ type }) => type))].sort();
}

function findMissing(view: RecipientView, { publications, endedAt }: History, entitlement: Entitlement) {
  const receivedAt = new Map(view.receptions.map(({ key, at }) => [key, at]));
  const lost: Defect[] = [];
  let toldAsGap = 0;
  let due = 0;
  for (const publication of publications) {
    const at = receivedAt.get(publication.key);
    if (!entitlement.mustGet(publication, view, at ?? passedAt(view, publication, endedAt))) continue;
    due++;
    if (at !== undefined) continue;
    if (isTold(view, publication)) toldAsGap++;
    else lost.push(defect('lost', view, publication.key, 'never came, and no gap was told'));
  }
  return { lost, toldAsGap, due };
}

/** When the recipient was past the message: something that was published later had reached it. */
function passedAt({ receptions }: RecipientView, { finishedAt }: Publication, endedAt: number): number {
  const later = receptions.find(({ publication }) => publication?.isStored && publication.startedAt > finishedAt);
  return later?.at ?? endedAt;
}

/** A gap speaks for what was published before it was told, unless the recipient was past that already. */
function isTold({ gaps }: RecipientView, { startedAt, finishedAt }: Publication): boolean {
  return gaps.some(({ at, newestBefore }) => startedAt < at && newestBefore <= finishedAt);
}

function findWrongArrivals(view: RecipientView, entitlement: Entitlement): Defect[] {
  const defects = view.garbled.map((detail) => defect('garbled', view, '', detail));
  const seen = new Set<string>();
  for (const reception of view.receptions) {
    const { key, id, publication } = reception;
    const complain = (type: DefectType, detail: string) => defects.push(defect(type, view, key, detail));
    if (!publication || publication.outcome === 'refused') {
      complain('never-published', publication ? 'its send was refused' : 'nobody sent it');
      continue;
    }
    if (publication.id !== undefined && publication.id !== id) {
      complain('never-published', `came as ${id}, its receipt says ${publication.id}`);
    }
    if (seen.has(key)) complain('repeated', 'came before');
    seen.add(key);
    const objection = entitlement.objectionTo(reception, publication, view);
    if (objection !== undefined) complain('not-for-them', objection);
    if (entitlement.isStale(reception, publication)) complain('stale', 'its ttl was over when it was replayed');
  }
  return defects;
}

function defect(type: DefectType, { log }: RecipientView, key: string, detail: string): Defect {
  return { type, recipient: log.name, key, detail };
}

function sumOf<Item>(items: readonly Item[], countOf: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + countOf(item), 0);
}
