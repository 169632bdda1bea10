/** Reads what a page of the console asks for. What has another shape is refused; names are judged by who uses them. */
import type { Target } from '../core/delivery-target.js';
import type { ConnectionSearch, ConsoleSeen, ConsoleView } from '../protocol/console-frames.js';
import { isUserId } from '../protocol/names.js';
import type { SendOptions } from '../push/push-types.js';

/** One thing that the console can ask for. */
export type ConsoleRequest =
  | { readonly action: 'view'; readonly view: ConsoleView }
  | { readonly action: 'look'; readonly view: ConsoleView; readonly seen: ConsoleSeen }
  | { readonly action: 'search'; readonly search: ConnectionSearch; readonly cursor: string | undefined }
  | { readonly action: 'preview'; readonly target: Target }
  | {
      readonly action: 'send';
      readonly target: Target;
      readonly event: string;
      readonly payload: unknown;
      readonly options: Pick<SendOptions, 'idempotencyKey' | 'store' | 'ttlSeconds' | 'collapseKey'>;
    }
  | {
      readonly action: 'disconnect';
      readonly filter: { readonly user: string } | { readonly connection: string };
      readonly reconnect: boolean;
    }
  | { readonly action: 'drain'; readonly node: string };

type Members = Readonly<Record<string, unknown>>;

/** Longest text that is looked for. */
const MAX_SEARCH_LENGTH = 255;
/** Most nodes that a page may name. */
const MAX_NODES = 1_000;

/** The request, or undefined where it is none. */
export function readConsoleRequest(data: unknown): ConsoleRequest | undefined {
  const members = membersOf(data);
  if (!members) return undefined;
  const { action } = members;
  const reader = typeof action === 'string' && Object.hasOwn(READERS, action) ? READERS[action] : undefined;
  return reader?.(members);
}

const READERS: Readonly<Record<string, (members: Members) => ConsoleRequest | undefined>> = {
  view: (members) => {
    const view = readView(members);
    return view && { action: 'view', view };
  },
  look: ({ seen = {}, ...members }) => {
    const view = readView(members);
    return view && isSeen(seen) ? { action: 'look', view, seen } : undefined;
  },
  search: ({ search, cursor }) => {
    const read = readSearch(search);
    if (!read || !isOptionalText(cursor)) return undefined;
    return { action: 'search', search: read, cursor };
  },
  preview: ({ target }) => {
    return membersOf(target) && { action: 'preview', target: target as Target };
  },
  send: ({ target, event, payload, options = {} }) => {
    const members = membersOf(options);
    if (!members || !membersOf(target) || typeof event !== 'string') return undefined;
    const { idempotencyKey, store, ttlSeconds, collapseKey } = members as SendOptions;
    return {
      action: 'send',
      target: target as Target,
      event,
      payload,
      options: { idempotencyKey, store, ttlSeconds, collapseKey },
    };
  },
  disconnect: ({ user, connection, reconnect = false }) => {
    if (typeof reconnect !== 'boolean') return undefined;
    if (isUserId(user) && connection === undefined) return { action: 'disconnect', filter: { user }, reconnect };
    if (typeof connection !== 'string' || user !== undefined) return undefined;
    return { action: 'disconnect', filter: { connection }, reconnect };
  },
  drain: ({ node }) => (typeof node === 'string' ? { action: 'drain', node } : undefined),
};

function readView({ search, trace }: Members): ConsoleView | undefined {
  if (trace !== undefined && !isUserId(trace)) return undefined;
  const read = search === undefined ? undefined : readSearch(search);
  if (search !== undefined && !read) return undefined;
  return { search: read, trace };
}

function isSeen(value: unknown): value is ConsoleSeen {
  const numbers = Object.values(membersOf(value) ?? [undefined]);
  return numbers.length <= MAX_NODES && numbers.every((number) => Number.isSafeInteger(number));
}

/** An empty text is as good as none. */
function readSearch(value: unknown): ConnectionSearch | undefined {
  const members = membersOf(value);
  if (!members) return undefined;
  const { user, group, address } = members;
  if (![user, group, address].every(isOptionalText)) return undefined;
  return { user: textOf(user), group: textOf(group), address: textOf(address) };
}

function isOptionalText(value: unknown): value is string | undefined {
  return value === undefined || (typeof value === 'string' && value.length <= MAX_SEARCH_LENGTH);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function membersOf(value: unknown): Members | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : undefined;
}
