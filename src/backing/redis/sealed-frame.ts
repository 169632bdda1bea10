/**
 * What nodes say to each other through Redis, sealed: `<version><MAC>.<body>`, one character of version, the HMAC-SHA256
 * of version, channel and body as base64url, and the body. Whoever can write to Redis but has no secret can make no
 * frame, change none, and move none to another channel.
 */
import { Hmac } from '../../core/hmac.js';

/** What this version of the package writes and reads. Another layout of the frame or of a body is another version. */
export const FRAME_VERSION = '4';

/** Why a frame is not listened to. */
export type FrameProblem = 'version' | 'forged';

/** An opened frame, or why it was none. */
export type OpenedFrame = { readonly body: string } | { readonly problem: FrameProblem };

const MAC_LENGTH = 43;
/** Where the body of a frame begins. */
export const SEALED_BODY_OFFSET = FRAME_VERSION.length + MAC_LENGTH + 1;

/** Seals and opens frames with the secret that the nodes share. */
export class FrameSeal {
  private readonly hmac: Hmac;

  constructor(secret: string | Buffer) {
    this.hmac = new Hmac(typeof secret === 'string' ? Buffer.from(secret) : secret);
  }

  /** The frame that carries the body on this channel. */
  seal(channel: string, body: string): string {
    return `${FRAME_VERSION}${this.macOf(channel, body)}.${body}`;
  }

  /** What a frame of this channel carries. */
  open(channel: string, frame: string): OpenedFrame {
    const problem = this.problemOf(channel, frame);
    return problem ? { problem } : { body: frame.slice(SEALED_BODY_OFFSET) };
  }

  /** Why this is no frame of the channel; undefined where it is one. */
  problemOf(channel: string, frame: string): FrameProblem | undefined {
    if (frame[0] !== FRAME_VERSION) return frame === '' ? 'forged' : 'version';
    if (frame[SEALED_BODY_OFFSET - 1] !== '.') return 'forged';
    return isSealedWith(this.macOf(channel, frame.slice(SEALED_BODY_OFFSET)), frame) ? undefined : 'forged';
  }

  /** The length stands between channel and body, so that no two pairs of them make the same text. */
  private macOf(channel: string, body: string): string {
    return this.hmac.of(`${FRAME_VERSION}\n${channel.length}\n${channel}\n`, body);
  }
}

/** Whether the frame carries this MAC. Takes as long wherever the two differ, so that nobody can guess it bit by bit. */
function isSealedWith(mac: string, frame: string): boolean {
  let difference = 0;
  for (let index = 0; index < MAC_LENGTH; index++) {
    difference |= mac.charCodeAt(index) ^ frame.charCodeAt(FRAME_VERSION.length + index);
  }
  return difference === 0;
}
