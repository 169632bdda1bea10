import type { Connection } from '../core/connection.js';
import type { ConnectionRegistry } from '../core/connection-registry.js';
import { CloseCode } from '../protocol/close-codes.js';
import { ErrorCode } from '../protocol/error-codes.js';
import { encodeError, encodeFrame } from '../protocol/frame-encoder.js';
import type { FrameFailure, ParsedFrame } from '../protocol/frame-parser.js';
import { ServerEvent } from '../protocol/frames.js';
import { Refusals, retryAfterMsOf } from './refusal.js';
import type { SessionService } from './session.service.js';

/** The frame ended the connection that it was for, or came behind one that did. */
const HAS_ENDED = 'the connection has ended';

/** Frames that came beside an event stream of this node, by request, here or on another node. */
export class StreamFrames {
  constructor(
    private readonly registry: ConnectionRegistry,
    private readonly sessions: Pick<SessionService, 'offer'>,
  ) {}

  /** The user's own stream of this id, if it is here. */
  find(userId: string, connectionId: string): Connection | undefined {
    const connection = this.registry.find(connectionId);
    return connection?.userId === userId && connection.transport.name === 'sse' ? connection : undefined;
  }

  /** Carries the frame out for the stream. Resolves to the first reply; others are told where the client listens. */
  carryOut(stream: Connection, parsed: ParsedFrame | FrameFailure): Promise<string> {
    return new Promise((resolve) => {
      let hasReplied = false;
      const reply = (text: string) => {
        if (hasReplied) stream.reply(text);
        else resolve(text);
        hasReplied = true;
      };
      const done = () => {
        if (!hasReplied) resolve(replyWithout(parsed, stream));
        hasReplied = true;
      };
      this.sessions.offer(stream, parsed, { reply, done });
    });
  }
}

/** On a socket no reply would be fine; a request wants its answer. */
export function replyWithout(
  parsed: ParsedFrame | FrameFailure,
  { isOpen, closeCode }: Pick<Connection, 'isOpen' | 'closeCode'>,
): string {
  const ref = refOf(parsed);
  if (isOpen) return encodeFrame(ServerEvent.Ok, null, ref);
  if (closeCode !== CloseCode.RateLimited) return encodeError(ErrorCode.Forbidden, HAS_ENDED, ref);
  return encodeError(ErrorCode.RateLimited, HAS_ENDED, ref, retryAfterMsOf(Refusals.rateLimited(HAS_ENDED)));
}

/** The client's mark on the frame. */
export function refOf(parsed: ParsedFrame | FrameFailure): string | undefined {
  return parsed.type === 'frame' ? parsed.frame.ref : parsed.ref;
}
