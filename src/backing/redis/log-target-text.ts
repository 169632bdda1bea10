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
/** The letter of each kind. */
const NAMED = { users: 'u', groups: 'g', connections: 'c' } as const;
const EXCEPTED = { users: 'U', groups: 'G', connections: 'C' } as const;
const MEMBERS = ['users', 'groups', 'connections'] as const;

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
  const isEscaped = line.includes('\\');
  let isForAll = false;
  for (let start = 0, end = 0; start <= line.length; start = end + 1) {
    const separatorAt = line.indexOf(SEPARATOR, start);
    end = separatorAt === -1 ? line.length : separatorAt;
    const text = line.slice(start + 1, end);
    const name = isEscaped ? readName(text) : text;
    switch (line[start]) {
      case NAMED.users:
        (named.users ??= []).push(name);
        break;
      case NAMED.groups:
        (named.groups ??= []).push(name);
        break;
      case NAMED.connections:
        (named.connections ??= []).push(name);
        break;
      case EXCEPTED.users:
        (except.users ??= []).push(name);
        break;
      case EXCEPTED.groups:
        (except.groups ??= []).push(name);
        break;
      case EXCEPTED.connections:
        (except.connections ??= []).push(name);
        break;
      case OF_EVERYONE:
        if (name !== '') return undefined;
        isForAll = true;
        break;
      default:
        return undefined;
    }
  }
  const target: Target = isForAll ? EVERYBODY : named;
  return isEmpty(except) ? target : { ...target, except };
}

function writeNames(names: Exclusion, letters: typeof NAMED | typeof EXCEPTED): string[] {
  // As within JSON: half of a pair of surrogates would not outlive its way over the wire either.
  return MEMBERS.flatMap((member) =>
    (names[member] ?? []).map((name) => letters[member] + JSON.stringify(name).slice(1, -1)),
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
