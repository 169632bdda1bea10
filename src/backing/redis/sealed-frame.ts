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

const VERSION_BYTE = FRAME_VERSION.charCodeAt(0);
const DOT = '.'.charCodeAt(0);

/** Seals and opens frames with the secret that the nodes share. */
export class FrameSeal {
  private readonly hmac: Hmac;
  private channel: string | undefined;
  private prefix = '';

  constructor(secret: string | Buffer) {
    this.hmac = new Hmac(typeof secret === 'string' ? Buffer.from(secret) : secret);
  }

  /** The frame that carries the body on this channel. */
  seal(channel: string, body: string): string {
    return `${FRAME_VERSION}${this.hmac.of(this.prefixOf(channel), body)}.${body}`;
  }

  /** What a frame of this channel carries. */
  open(channel: string, frame: Buffer): OpenedFrame {
    const problem = this.problemOf(channel, frame);
    return problem ? { problem } : { body: frame.toString('utf8', SEALED_BODY_OFFSET) };
  }

  /** Why the bytes from `start` on are no frame of the channel; undefined where they are one. */
  problemOf(channel: string, bytes: Buffer, start = 0): FrameProblem | undefined {
    if (bytes[start] !== VERSION_BYTE) return start >= bytes.length ? 'forged' : 'version';
    const bodyAt = start + SEALED_BODY_OFFSET;
    if (bytes[bodyAt - 1] !== DOT) return 'forged';
    const mac = this.hmac.ofBytes(this.prefixOf(channel), bytes, bodyAt);
    return standsAt(bytes, start + FRAME_VERSION.length, mac) ? undefined : 'forged';
  }

  /**
   * What is under the seal before the body. The length stands between channel and body, so that no two pairs of them make
   * the same text.
   */
  private prefixOf(channel: string): string {
    if (channel !== this.channel) {
      this.channel = channel;
      this.prefix = `${FRAME_VERSION}\n${channel.length}\n${channel}\n`;
    }
    return this.prefix;
  }
}

/** Whether the bytes carry this MAC. Takes as long wherever the two differ, so that nobody can guess it bit by bit. */
function standsAt(bytes: Buffer, start: number, mac: string): boolean {
  let difference = 0;
  for (let index = 0; index < MAC_LENGTH; index++) difference |= mac.charCodeAt(index) ^ (bytes[start + index] ?? 0);
  return difference === 0;
}
