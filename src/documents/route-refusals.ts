/** Which refusals each route has, for both documents: statuses, codes and headers are those of push/refusal.ts. */
import { AnswerHeader } from '../core/answer-headers.js';
import { CLOSE_CODES, CloseCode } from '../protocol/close-codes.js';
import type { JsonSchema } from '../protocol/json-schema.js';
import { TEXT } from '../protocol/json-schema.js';
import { Refusals, refusalOfClose } from '../push/refusal.js';
import type { Refusal } from '../push/refusal.js';

/** The answer with one status: which codes its problem may have, and its headers. */
export interface StatusRefusal {
  readonly status: number;
  readonly codes: readonly string[];
  readonly headers: Readonly<Record<string, JsonSchema>>;
}

type Name = keyof typeof Refusals;

/** What every route refuses for. */
const CALL: readonly Name[] = ['draining', 'originNotAllowed', 'noToken', 'badToken', 'unavailable'];
/** What whoever wants a place among the connections is refused for, or asks whether there is one. */
const CONNECT: readonly Name[] = [...CALL, 'malformed', 'serverFull', 'addressLimit', 'userLimit'];
const BODY: readonly Name[] = ['requestTimeout', 'payloadTooLarge', 'unsupportedMediaType'];
/** Closes that are about a frame; no frame reaches an open poll. */
const ABOUT_FRAMES: readonly number[] = [CloseCode.BinaryFrame, CloseCode.FrameTooBig];

/** Headers that say more than their name. */
const HEADERS: Readonly<Record<string, JsonSchema>> = {
  [AnswerHeader.RetryAfter]: { type: 'integer', minimum: 1, description: 'Seconds after which to come back' },
  [AnswerHeader.Challenge]: { ...TEXT, description: '`Bearer`, with `error="invalid_token"` where there was a token' },
};

/** The refusals of each route, by status. */
export const ROUTE_REFUSALS = {
  ws: byStatus(named([...CONNECT, 'unsupportedVersion', 'upgradeRequired', 'methodNotAllowed'])),
  sse: byStatus(named([...CONNECT, 'methodNotAllowed'])),
  poll: byStatus([...named([...CONNECT, 'methodNotAllowed']), ...twins()]),
  upstream: byStatus(named([...CALL, 'serverFull', 'userLimit', ...BODY])),
  ticket: byStatus(named(CALL)),
  handshake: byStatus(named(CONNECT)),
} as const;

/** All of these routes together, each status once. */
export function unionOf(routes: readonly (keyof typeof ROUTE_REFUSALS)[]): readonly StatusRefusal[] {
  const all = routes.flatMap((route) => ROUTE_REFUSALS[route]);
  return statusesOf(all).map((status) => {
    const same = all.filter((refusal) => refusal.status === status);
    const codes = [...new Set(same.flatMap((refusal) => refusal.codes))];
    return {
      status,
      codes,
      headers: Object.assign({}, ...same.map(({ headers }) => headers)) as StatusRefusal['headers'],
    };
  });
}

function named(names: readonly Name[]): readonly Refusal[] {
  return names.map((name) => Refusals[name](''));
}

/** What an open poll is answered in place of a close code. */
function twins(): readonly Refusal[] {
  const codes = Object.keys(CLOSE_CODES).map(Number);
  return codes.filter((code) => !ABOUT_FRAMES.includes(code)).map((code) => refusalOfClose(code, ''));
}

function byStatus(refusals: readonly Refusal[]): readonly StatusRefusal[] {
  return statusesOf(refusals).map((status) => {
    const same = refusals.filter((refusal) => refusal.status === status);
    const names = [...new Set(same.flatMap(({ headers }) => Object.keys(headers)))];
    const headers = Object.fromEntries(names.map((name) => [name, HEADERS[name] ?? TEXT]));
    return { status, codes: [...new Set(same.map(({ code }) => code))], headers };
  });
}

function statusesOf(refusals: readonly { readonly status: number }[]): readonly number[] {
  return [...new Set(refusals.map(({ status }) => status))].toSorted((one, other) => one - other);
}
