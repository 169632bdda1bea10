/**
 * How a message of the log goes from node to node:
 *
 *   1 <epoch> <number> <nonce> <previous nonce> <kept>\n     by the script, which alone knows the place
 *   <sealed frame>                                            by the publishing node
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

const HEADER = /^([A-Za-z0-9_-]{8}) (\d{1,16}) ([A-Za-z0-9_-]{8}) ([A-Za-z0-9_-]{8}) ([01])$/;

/** Seals the part of the publishing node. */
export function sealMessage(seal: FrameSeal, channel: string, head: MessageHead, text: string): string {
  return seal.seal(channel, `${JSON.stringify(head)}\n${text}`);
}

/** Opens what came over the channel. Never throws. */
export function openFrame(seal: FrameSeal, channel: string, frame: string): LogFrame | LogFrameProblem {
  if (!frame.startsWith(`${FRAME_VERSION} `)) return frame === '' ? 'truncated' : 'version';
  const lineEnd = frame.indexOf('\n');
  const header = HEADER.exec(frame.slice(FRAME_VERSION.length + 1, lineEnd));
  if (lineEnd === -1 || !header) return 'truncated';
  const opened = seal.open(channel, frame.slice(lineEnd + 1));
  if ('problem' in opened) return opened.problem;
  const headEnd = opened.body.indexOf('\n');
  const head = headEnd === -1 ? undefined : headOf(opened.body.slice(0, headEnd));
  if (!head) return 'truncated';
  const [, epoch = '', number = '', nonce = '', previousNonce = '', kept] = header;
  const place = { epoch, nonce, number: Number(number) };
  return { ...head, place, previousNonce, isKept: kept === '1', text: opened.body.slice(headEnd + 1) };
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
