import type { Reception, RecipientView } from './recipient-view.js';

/** Two messages that arrived in the wrong order. */
export interface Disorder {
  readonly recipient: string;
  readonly key: string;
  readonly detail: string;
}

/**
 * Finds messages in the wrong order. The log has one order, and of it two things are known outside: a message that was
 * accepted before another was handed in comes before it, and what is one order for one recipient is it for all.
 * Messages that are not kept have no place and are left out.
 */
export function findDisorder(views: readonly RecipientView[]): Disorder[] {
  const sequences = views.map((view) => ({ name: view.log.name, receptions: firstArrivals(view) }));
  const disorders = sequences.flatMap(({ name, receptions }) => againstTime(name, receptions));
  if (disorders.length > 0) return disorders;
  return sequences.flatMap((sequence, index) =>
    sequences.slice(0, index).flatMap((other) => againstEachOther(sequence, other)),
  );
}

interface Sequence {
  readonly name: string;
  readonly receptions: readonly Reception[];
}

/** A repeat is a defect of its own and says nothing about order. */
function firstArrivals({ receptions }: RecipientView): Reception[] {
  const seen = new Set<string>();
  return receptions.filter(({ key, publication }) => {
    if (!publication?.isStored || seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function againstTime(recipient: string, receptions: readonly Reception[]): Disorder[] {
  const disorders: Disorder[] = [];
  let latest: { readonly key: string; readonly startedAt: number } | undefined;
  for (const { key, publication } of receptions) {
    if (!publication) continue;
    if (latest && publication.finishedAt < latest.startedAt) {
      disorders.push({ recipient, key, detail: `came after ${latest.key}, which was published later` });
    }
    if (!latest || publication.startedAt > latest.startedAt) latest = { key, startedAt: publication.startedAt };
  }
  return disorders;
}

function againstEachOther({ name, receptions }: Sequence, other: Sequence): Disorder[] {
  const placeInOther = new Map(other.receptions.map(({ key }, place) => [key, place]));
  const disorders: Disorder[] = [];
  let furthest: { readonly key: string; readonly place: number } | undefined;
  for (const { key } of receptions) {
    const place = placeInOther.get(key);
    if (place === undefined) continue;
    if (furthest && place < furthest.place) {
      disorders.push({ recipient: name, key, detail: `came after ${furthest.key}, for ${other.name} before it` });
    } else {
      furthest = { key, place };
    }
  }
  return disorders;
}
