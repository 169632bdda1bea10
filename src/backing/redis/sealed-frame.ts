/**
 * What nodes say to each other through Redis, sealed: `<version><MAC>.<body>`, one character of version, the HMAC-SHA256
 * of version, channel and body as base64url, and the body. Whoever can write to Redis but has no secret can make no
 * frame, change none, and move none to another channel.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** What this version of the package writes and reads. Another layout of the frame or of a body is another version. */
export const FRAME_VERSION = '2';

/** Why a frame is not listened to. */
export type FrameProblem = 'version' | 'forged';

/** An opened frame, or why it was none. */
export type OpenedFrame = { readonly body: string } | { readonly problem: FrameProblem };

const MAC_LENGTH = 43;
/** Where the body of a frame begins. */
export const SEALED_BODY_OFFSET = FRAME_VERSION.length + MAC_LENGTH + 1;

/** Seals and opens frames with the secret that the nodes share. */
export class FrameSeal {
  constructor(private readonly secret: string | Buffer) {}

  /** The frame that carries the body on this channel. */
  seal(channel: string, body: string): string {
    return `${FRAME_VERSION}${this.macOf(channel, body).toString('base64url')}.${body}`;
  }

  /** What a frame of this channel carries. */
  open(channel: string, frame: string): OpenedFrame {
    if (frame[0] !== FRAME_VERSION) return { problem: frame === '' ? 'forged' : 'version' };
    if (frame[SEALED_BODY_OFFSET - 1] !== '.') return { problem: 'forged' };
    const body = frame.slice(SEALED_BODY_OFFSET);
    const claimed = Buffer.from(frame.slice(FRAME_VERSION.length, SEALED_BODY_OFFSET - 1), 'base64url');
    const mac = this.macOf(channel, body);
    if (claimed.length !== mac.length || !timingSafeEqual(claimed, mac)) return { problem: 'forged' };
    return { body };
  }

  /** The length stands between channel and body, so that no two pairs of them make the same text. */
  private macOf(channel: string, body: string): Buffer {
    return createHmac('sha256', this.secret)
      .update(`${FRAME_VERSION}\n${channel.length}\n${channel}\n`)
      .update(body)
      .digest();
  }
}
