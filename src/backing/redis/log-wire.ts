/**
 * How a message of the log goes from node to node:
 *
 *   2 <epoch> <number> <nonce> <previous number> <previous nonce> <kept> <id>\n     by the script, which knows the places
 *   <sealed frame>                                                                 by the publishing node
 *
 * The previous place is that of the newest kept message before it on the same channel. The sealed body is a line of
 * `<id> <at> <collapse id> <target>`, where the collapse id is `-` where there is none, and the target `-` for that of the
 * channel, `*` for everyone, and else JSON; then the envelope with its cursor left empty. Where a trace is recorded, `<at>`
 * is `<at>/<traceparent>`.
 *
 * The place is not under the seal. It needs none: a body is taken once, and one at a wrong place breaks the chain of its
 * channel, upon which the node goes by what it reads.
 */
import type { Target } from '../../core/delivery-target.js';
import type { LogPlace } from './log-place.js';
import { EVERYONE, onlyChannel, targetOf } from './log-routes.js';
import { FRAME_VERSION, SEALED_BODY_OFFSET } from './sealed-frame.js';
import type { FrameSeal } from './sealed-frame.js';

/** What a node says of a message, under the seal. */
export interface MessageHead {
  /** Random, one of its own for each publish. */
  readonly id: string;
  /** When it was published by the clock of the server, milliseconds. */
  readonly atMs: number;
  readonly target: Target;
  /** Its place in a trace, where that is recorded. */
  readonly traceparent?: string | undefined;
  /** The same for messages of one collapse key and with the same exceptions, or `-`. */
  readonly collapseId: string;
}

/** What is under the seal. */
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
  readonly sealed: string;
}

/** Why a frame is not listened to. `truncated` is one whose seal is good and whose content is not. */
export type LogFrameProblem = 'version' | 'forged' | 'truncated';

const HEADER = /^([\w-]{8}) (\d{1,16}) ([\w-]{8}) (\d{1,16}) ([\w-]{8}) ([01]) ([\w-]{12})$/;
const HEAD = /^([\w-]{12}) (\d{1,16})(?:\/([0-9a-f-]{55}))? (-|[\w-]{22}) (.+)$/;

/** Stands for a collapse id where a message has none. */
export const NOT_COLLAPSED = '-';
const OF_CHANNEL = '-';
const OF_EVERYONE = '*';

/** Seals the part of the publishing node. */
export function sealMessage(seal: FrameSeal, channel: string, head: MessageHead, text: string): string {
  const { id, atMs, traceparent, collapseId, target } = head;
  const trace = traceparent === undefined ? '' : `/${traceparent}`;
  return seal.seal(channel, `${id} ${atMs}${trace} ${collapseId} ${targetText(target)}\n${text}`);
}

/** Reads what stands before the seal. Never throws. */
export function readHeader(frame: string): LogHeader | LogFrameProblem {
  if (!frame.startsWith(`${FRAME_VERSION} `)) return frame === '' ? 'truncated' : 'version';
  const lineEnd = frame.indexOf('\n');
  const header = lineEnd === -1 ? undefined : HEADER.exec(frame.slice(FRAME_VERSION.length + 1, lineEnd));
  if (!header) return 'truncated';
  const [, epoch = '', number = '', nonce = '', previousNumber, previousNonce = '', kept, id = ''] = header;
  return {
    id,
    place: { epoch, nonce, number: Number(number) },
    previousNumber: Number(previousNumber),
    previousNonce,
    isKept: kept === '1',
    sealed: frame.slice(lineEnd + 1),
  };
}

/**
 * Whom a message claims to be for, where it names more than one user or group or any connection; undefined for all others.
 * Nobody has authenticated that yet: it is good for not opening what concerns nobody here, and for nothing else.
 */
export function claimedTargetOf({ sealed }: LogHeader): Target | undefined {
  const headEnd = sealed.indexOf('\n', SEALED_BODY_OFFSET);
  if (headEnd === -1 || sealed[headEnd - 1] !== '}') return undefined;
  return headOf(sealed.slice(SEALED_BODY_OFFSET, headEnd), EVERYONE)?.target;
}

/** Opens what is under the seal. Never throws. */
export function openMessage(
  seal: FrameSeal,
  channel: string,
  name: string,
  { id, sealed }: LogHeader,
): SealedMessage | LogFrameProblem {
  const opened = seal.open(channel, sealed);
  if ('problem' in opened) return opened.problem;
  const headEnd = opened.body.indexOf('\n');
  const head = headEnd === -1 ? undefined : headOf(opened.body.slice(0, headEnd), name);
  if (!head) return 'truncated';
  return head.id === id ? { head, text: opened.body.slice(headEnd + 1) } : 'forged';
}

/** A line of JSON for few targets only: most messages are for everyone, or for the one that their channel names. */
function targetText(target: Target): string {
  if (target.except) return JSON.stringify(target);
  if (target.all) return OF_EVERYONE;
  return onlyChannel(target) === undefined ? JSON.stringify(target) : OF_CHANNEL;
}

/** Whoever has the secret wrote it, so its shape is looked at no closer than to tell it from something else. */
function headOf(line: string, name: string): MessageHead | undefined {
  const [, id = '', at, traceparent, collapseId = NOT_COLLAPSED, text = ''] = HEAD.exec(line) ?? [];
  const target = text === OF_EVERYONE ? EVERYBODY : text === OF_CHANNEL ? ofChannel(name) : parse(text);
  return target && { id, atMs: Number(at), target, collapseId, ...(traceparent !== undefined && { traceparent }) };
}

const EVERYBODY: Target = { all: true };

function ofChannel(name: string): Target | undefined {
  return name === EVERYONE ? undefined : targetOf(name);
}

function parse(text: string): Target | undefined {
  try {
    const target = JSON.parse(text) as unknown;
    return typeof target === 'object' && target !== null && !Array.isArray(target) ? target : undefined;
  } catch {
    return undefined;
  }
}
