/** Texts by which targets are told apart: one for all that name the same, in whatever order and however often. */
import type { Exclusion, Target } from './delivery-target.js';

/** Whom the target names and spares. */
export function identityOfTarget(target: Target): string {
  const named = target.all ? 'all' : namesOf(target);
  return JSON.stringify([named, identityOfExclusion(target.except)]);
}

/** Whom an exception spares; empty where it spares nobody. */
export function identityOfExclusion(except: Exclusion = {}): string {
  const names = namesOf(except);
  return names.every(({ length }) => length === 0) ? '' : JSON.stringify(names);
}

function namesOf({ users, groups, connections }: Exclusion): readonly (readonly string[])[] {
  return [users, groups, connections].map((names) => [...new Set(names)].toSorted());
}
