/**
 * How a message of the log goes from node to node:
 *
 *   1 <epoch> <number> <nonce> <previous nonce> <kept> <id>\n     by the script, which alone knows the place
 *   <sealed frame>                                                 by the publishing node
 *
 * The sealed body is a line of JSON, whose message it is and for whom, and the envelope with its cursor left empty. The
 * place is not under the seal. It needs none: a body is taken once, and one at a wrong place breaks the chain of
 * nonces, upon which the node goes by what it reads.
 */
import type { Target } from '../../core/delivery-target.js';
import type { LogPlace } from './log-place.js';
import { FRAME_VERSION, FrameSeal } from './sealed-frame.js';

/** What a node says of a message, under the seal. */
export interface MessageHead {
  /** Random, one of its own for each publish. */
  readonly id: string;
  /** When it was published by the clock of the server, milliseconds. */
  readonly atMs: number;
  readonly target: Target;
}

/** What is under the seal. */
export interface SealedMessage {
  readonly head: MessageHead;
  /** The envelope with an empty cursor. */
  readonly text: string;
}

/** A message as it came over the channel. */
export interface LogFrame extends MessageHead {
  /** The place after it; for one that is not kept, the place at which it was published. */
  readonly place: LogPlace;
  /** The nonce of the place before it. */
  readonly previousNonce: string;
  readonly isKept: boolean;
  /** The envelope with an empty cursor. */
  readonly text: string;
}

/** Why a frame is not listened to. `truncated` is one whose seal is good and whose content is not. */
export type LogFrameProblem = 'version' | 'forged' | 'truncated';

const HEADER = /^([A-Za-z0-9_-]{8}) (\d{1,16}) ([A-Za-z0-9_-]{8}) ([A-Za-z0-9_-]{8}) ([01]) ([A-Za-z0-9_-]{12})$/;

/** Seals the part of the publishing node. */
export function sealMessage(seal: FrameSeal, channel: string, head: MessageHead, text: string): string {
  return seal.seal(channel, `${JSON.stringify(head)}\n${text}`);
}

/**
 * Opens what came over the channel. Never throws. `recognise` finds what this node has sealed itself, word for word,
 * which then need not be opened.
 */
export function openFrame(
  seal: FrameSeal,
  channel: string,
  frame: string,
  recognise?: (id: string, sealed: string) => SealedMessage | undefined,
): LogFrame | LogFrameProblem {
  if (!frame.startsWith(`${FRAME_VERSION} `)) return frame === '' ? 'truncated' : 'version';
  const lineEnd = frame.indexOf('\n');
  const header = HEADER.exec(frame.slice(FRAME_VERSION.length + 1, lineEnd));
  if (lineEnd === -1 || !header) return 'truncated';
  const [, epoch = '', number = '', nonce = '', previousNonce = '', kept, id = ''] = header;
  const sealed = frame.slice(lineEnd + 1);
  const message = recognise?.(id, sealed) ?? openMessage(seal, channel, sealed);
  if (typeof message === 'string') return message;
  if (message.head.id !== id) return 'forged';
  const place = { epoch, nonce, number: Number(number) };
  return { ...message.head, place, previousNonce, isKept: kept === '1', text: message.text };
}

function openMessage(seal: FrameSeal, channel: string, sealed: string): SealedMessage | LogFrameProblem {
  const opened = seal.open(channel, sealed);
  if ('problem' in opened) return opened.problem;
  const headEnd = opened.body.indexOf('\n');
  const head = headEnd === -1 ? undefined : headOf(opened.body.slice(0, headEnd));
  return head ? { head, text: opened.body.slice(headEnd + 1) } : 'truncated';
}

/** Whoever has the secret wrote it, so its shape is looked at no closer than to tell it from something else. */
function headOf(line: string): MessageHead | undefined {
  try {
    const head = JSON.parse(line) as Partial<MessageHead> | null;
    const isHead = typeof head?.id === 'string' && typeof head.atMs === 'number' && typeof head.target === 'object';
    return isHead ? (head as MessageHead) : undefined;
  } catch {
    return undefined;
  }
}
