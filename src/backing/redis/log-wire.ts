/**
 * How a message of the log goes from node to node:
 *
 *   4 <epoch> <number> <nonce> <previous number> <previous nonce> <kept> <id>\n     by the script, which knows the places
 *   <sealed frame>                                                                 by the publishing node
 *
 * The previous place is that of the newest kept message before it on the same channel. The sealed body is a line of
 * `<id> <at> <collapse id> <target>`, where the collapse id is `-` where there is none, and the target as log-target-text.ts
 * has it; then the envelope with its cursor left empty. Of a message whose time ends `<at>` is `<at>+<ms it lives>`, and
 * where a trace is recorded `/<traceparent>` follows.
 *
 * The place is not under the seal. It needs none: a body is taken once, and one at a wrong place breaks the chain of its
 * channel, upon which the node goes by what it reads.
 *
 * Both lines are read at every node for every message, so they are looked at once, where they stand.
 */
import type { Target } from '../../core/delivery-target.js';
import type { LogPlace } from './log-place.js';
import { readTarget, writeTarget } from './log-target-text.js';
import { FRAME_VERSION, SEALED_BODY_OFFSET } from './sealed-frame.js';
import type { FrameSeal } from './sealed-frame.js';

/** What a node says of a message, under the seal. */
export interface MessageHead {
  /** Random, one of its own for each publish. */
  readonly id: string;
  /** When it was published by the clock of the server, milliseconds. */
  readonly atMs: number;
  /** So long after that nobody is to get it any more, milliseconds; undefined where it has no end. */
  readonly lifeMs?: number | undefined;
  readonly target: Target;
  /** Its place in a trace, where that is recorded. */
  readonly traceparent?: string | undefined;
  /** The same for messages of one collapse key and with the same exceptions, or `-`. */
  readonly collapseId: string;
}

/** What stands under a seal. */
export interface SealedMessage {
  readonly head: MessageHead;
  /** The envelope with an empty cursor. */
  readonly text: string;
}

/** What the script says of a message: it can be read before the seal is looked at. */
export interface LogHeader {
  readonly id: string;
  /** The place after it; for one that is not kept, the place at which it was published. */
  readonly place: LogPlace;
  /** The newest kept message before it on its channel; number 0 where nothing is known of one. */
  readonly previousNumber: number;
  readonly previousNonce: string;
  readonly isKept: boolean;
  /** The frame as it came and as text, and where in both the sealed part begins. */
  readonly frame: Buffer;
  readonly text: string;
  readonly sealedAt: number;
}

/** Why a frame is not listened to. `truncated` is one whose seal is good and whose content is not. */
export type LogFrameProblem = 'version' | 'forged' | 'truncated';

const HEADER = new RegExp(String.raw`^${FRAME_VERSION} [\w-]{8} \d{1,16} [\w-]{8} \d{1,16} [\w-]{8} [01] [\w-]{12}\n`);
const HEADER_EPOCH_END = FRAME_VERSION.length + 9;
const TIMES = /^(\d{1,16})(?:\+(\d{1,16}))?(?:\/(.+))?$/;
const COLLAPSE_ID_LENGTH = 22;
const ID_LENGTH = 12;

/** Stands for a collapse id where a message has none. */
export const NOT_COLLAPSED = '-';

/** Seals the part of the publishing node. */
export function sealMessage(seal: FrameSeal, channel: string, head: MessageHead, text: string): string {
  const { id, atMs, lifeMs, traceparent, collapseId, target } = head;
  const life = lifeMs === undefined ? '' : `+${lifeMs}`;
  const trace = traceparent === undefined ? '' : `/${traceparent}`;
  return seal.seal(channel, `${id} ${atMs}${life}${trace} ${collapseId} ${writeTarget(target)}\n${text}`);
}

/** Reads what stands before the seal. Never throws. */
export function readHeader(frame: Buffer): LogHeader | LogFrameProblem {
  const text = frame.toString();
  if (!HEADER.test(text)) return isOfThisVersion(text) ? 'truncated' : 'version';
  // Of these lengths all members are but for the two numbers, and each character is one byte.
  const numberEnd = text.indexOf(' ', HEADER_EPOCH_END + 1);
  const nonceEnd = numberEnd + 9;
  const previousEnd = text.indexOf(' ', nonceEnd + 1);
  const previousNonceEnd = previousEnd + 9;
  const idStart = previousNonceEnd + 3;
  const idEnd = idStart + ID_LENGTH;
  return {
    id: text.slice(idStart, idEnd),
    place: {
      epoch: text.slice(HEADER_EPOCH_END - 8, HEADER_EPOCH_END),
      nonce: text.slice(numberEnd + 1, nonceEnd),
      number: Number(text.slice(HEADER_EPOCH_END + 1, numberEnd)),
    },
    previousNumber: Number(text.slice(nonceEnd + 1, previousEnd)),
    previousNonce: text.slice(previousEnd + 1, previousNonceEnd),
    isKept: text[previousNonceEnd + 1] === '1',
    frame,
    text,
    sealedAt: idEnd + 1,
  };
}

/** The part of the publishing node. */
export function sealedOf({ text, sealedAt }: LogHeader): string {
  return text.slice(sealedAt);
}

/**
 * What stands under the seal on the channel of this name; undefined where that is no message. Nobody has authenticated it
 * yet: it is good for not opening what concerns nobody here, and for nothing else. Never throws.
 */
export function claimOf({ text, sealedAt }: LogHeader, name: string): SealedMessage | undefined {
  const idStart = sealedAt + SEALED_BODY_OFFSET;
  const idEnd = idStart + ID_LENGTH;
  const headEnd = text.indexOf('\n', idEnd);
  const atEnd = text.indexOf(' ', idEnd + 1);
  const collapseEnd = text.indexOf(' ', atEnd + 1);
  if (headEnd === -1 || text[idEnd] !== ' ' || atEnd === -1 || collapseEnd === -1) return undefined;
  const times = readTimes(text.slice(idEnd + 1, atEnd));
  const collapseId = text.slice(atEnd + 1, collapseEnd);
  const target = readTarget(text.slice(collapseEnd + 1, headEnd), name);
  if (!target || !times || !isCollapseId(collapseId)) return undefined;
  const { atMs, lifeMs, traceparent } = times;
  const head = { id: text.slice(idStart, idEnd), atMs, lifeMs, target, collapseId, traceparent };
  return { head, text: text.slice(headEnd + 1) };
}

/** `<at>`, `+<ms it lives>` and `/<traceparent>`; undefined where it is none. Most are a number and no more. */
function readTimes(text: string): Pick<MessageHead, 'atMs' | 'lifeMs' | 'traceparent'> | undefined {
  const only = Number(text);
  if (!Number.isNaN(only)) return { atMs: only };
  const [, at, life, traceparent] = TIMES.exec(text) ?? [];
  if (at === undefined) return undefined;
  return { atMs: Number(at), lifeMs: life === undefined ? undefined : Number(life), traceparent };
}

/** Opens the seal of what is claimed: of the bytes as they came. Never throws. */
export function openMessage(
  seal: FrameSeal,
  channel: string,
  { id, frame, sealedAt }: LogHeader,
  claim: SealedMessage | undefined,
): SealedMessage | LogFrameProblem {
  const problem = seal.problemOf(channel, frame, sealedAt);
  if (problem) return problem;
  if (!claim) return 'truncated';
  return claim.head.id === id ? claim : 'forged';
}

/** Whoever has the secret wrote it: this only tells it from something else. */
function isCollapseId(text: string): boolean {
  return text === NOT_COLLAPSED || text.length === COLLAPSE_ID_LENGTH;
}

function isOfThisVersion(text: string): boolean {
  return text === '' || text.startsWith(`${FRAME_VERSION} `);
}
