/**
 * The target of a message as it stands in its head, made to be looked through by nodes that have nobody of it: a line of
 * names, and no JSON. `-` is the one user or group that the channel is of, `*` is everyone. Otherwise each name has its kind
 * before it, a small letter for whom it is for and a capital for an exception, and a tab after it.
 */
import type { Exclusion, Target } from '../../core/delivery-target.js';
import { EVERYONE, onlyChannel, targetOf } from './log-routes.js';

const OF_CHANNEL = '-';
const OF_EVERYONE = '*';
/** Within a name it is escaped, as all that is below a space. */
const SEPARATOR = '\t';
const EVERYBODY: Target = { all: true };

type Lists = { -readonly [Member in keyof Exclusion]: string[] };
const NAMED: ReadonlyMap<string, keyof Exclusion> = new Map([
  ['u', 'users'],
  ['g', 'groups'],
  ['c', 'connections'],
]);
const EXCEPTED: ReadonlyMap<string, keyof Exclusion> = new Map([
  ['U', 'users'],
  ['G', 'groups'],
  ['C', 'connections'],
]);

/** The target of a message on its channel, in one line. */
export function writeTarget(target: Target): string {
  const { all, except } = target;
  if (!except && all) return OF_EVERYONE;
  if (!except && onlyChannel(target) !== undefined) return OF_CHANNEL;
  const names = all ? [OF_EVERYONE] : writeNames(target, NAMED);
  return names.concat(except ? writeNames(except, EXCEPTED) : []).join(SEPARATOR);
}

/** The target of a message on the channel of this name; undefined where the line is none. */
export function readTarget(line: string, channel: string): Target | undefined {
  if (line === OF_EVERYONE) return EVERYBODY;
  if (line === OF_CHANNEL) return channel === EVERYONE ? undefined : targetOf(channel);
  const named: Lists = {};
  const except: Lists = {};
  let isForAll = false;
  for (const item of line.split(SEPARATOR)) {
    const kind = item.charAt(0);
    const member = NAMED.get(kind);
    const exception = EXCEPTED.get(kind);
    if (member) (named[member] ??= []).push(readName(item.slice(1)));
    else if (exception) (except[exception] ??= []).push(readName(item.slice(1)));
    else if (item === OF_EVERYONE) isForAll = true;
    else return undefined;
  }
  const target: Target = isForAll ? EVERYBODY : named;
  return isEmpty(except) ? target : { ...target, except };
}

function writeNames(names: Exclusion, kinds: ReadonlyMap<string, keyof Exclusion>): string[] {
  // As within JSON: half of a pair of surrogates would not outlive its way over the wire either.
  return [...kinds].flatMap(([kind, member]) =>
    (names[member] ?? []).map((name) => kind + JSON.stringify(name).slice(1, -1)),
  );
}

function readName(text: string): string {
  if (!text.includes('\\')) return text;
  try {
    return String(JSON.parse(`"${text}"`));
  } catch {
    // No node writes this. Nobody has this name.
    return text;
  }
}

function isEmpty({ users, groups, connections }: Lists): boolean {
  return !users && !groups && !connections;
}
