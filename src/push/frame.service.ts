/**
 * What a client frame does: the events of the protocol here, all others in the application's handlers. Every frame is
 * answered where its sender can tell: by `push:ok`, its own reply or one `push:error` with the frame's `ref`.
 */
import type { ClientTarget, PushAuthorizer } from '../auth/push-authorizer.js';
import type { TokenVerdict } from '../backing/shared-limits.interface.js';
import type { Clock } from '../core/clock.js';
import type { Connection } from '../core/connection.js';
import type { Target } from '../core/delivery-target.js';
import { accountOf } from '../core/principal.js';
import type { OnFailure } from '../core/failure-report.js';
import { isLater } from '../core/now-or-later.js';
import type { NowOrLater } from '../core/now-or-later.js';
import { PushError, isPassing } from '../core/push-error.js';
import { Telemetry } from '../core/telemetry.js';
import { withinTime } from '../core/within-time.js';
import { CloseCode } from '../protocol/close-codes.js';
import { CONSOLE_EVENT } from '../protocol/console-frames.js';
import { ErrorCode } from '../protocol/error-codes.js';
import { encodeError, encodeFrame, errorData } from '../protocol/frame-encoder.js';
import { ClientEvent, ServerEvent } from '../protocol/frames.js';
import { isoTime } from '../protocol/iso-time.js';
import type { ClientFrame, ErrorData } from '../protocol/frames.js';
import { isEvent, isGroup, isReservedEvent, isUserId } from '../protocol/names.js';
import type { AccessService } from './access.service.js';
import type { ConsoleHandler } from './console-handler.interface.js';
import type { IncomingCheck } from './events/incoming-check.js';
import type { GroupService } from './group.service.js';
import type { HostHandlers, Reply } from './host-handlers.interface.js';
import type { MessageDraft } from './message-stamper.js';
import type { Publisher } from './publisher.js';
import { refusedFrame } from './refused-frame.js';
import type { RefusedWish } from './refused-frame.js';
import type { ResumeService } from './resume.service.js';
import type { PushReceipt } from './push-types.js';
import { encodeData } from './send-validation.js';
import type { SendLimits } from './send-validation.js';
import type { UserFrameRate } from './user-frame-rate.js';

/** What frames are carried out with. */
export interface FrameParts {
  readonly access: AccessService;
  readonly authorizer: PushAuthorizer;
  readonly groups: GroupService;
  readonly resumes: Pick<ResumeService, 'heard'>;
  readonly publisher: Publisher;
  readonly limits: Required<SendLimits> & { readonly authTimeoutMs: number };
  readonly clock: Pick<Clock, 'after'>;
  /** Hears of failures that are our own. */
  readonly onFailure: OnFailure;
  readonly telemetry?: Telemetry | undefined;
  /** Where there is none, users may send as much as their connections. */
  readonly frameRate?: Pick<UserFrameRate, 'take'> | undefined;
  /** Where there is none, no event is declared. */
  readonly incoming?: IncomingCheck | undefined;
}

/** A frame that cannot be carried out. */
class FrameRefusal {
  constructor(
    readonly code: ErrorCode,
    readonly detail: string,
  ) {}
}

type Members = Readonly<Record<string, unknown>>;

/** Carries out the frames of clients. */
export class FrameService {
  /** The application's handlers, once there are any. */
  hostHandlers: HostHandlers | undefined;
  /** The admin console, where it is switched on. */
  consoleHandler: ConsoleHandler | undefined;

  private readonly telemetry: Telemetry;

  constructor(private readonly parts: FrameParts) {
    this.telemetry = parts.telemetry ?? new Telemetry();
  }

  /** Takes one frame into account of its user; undefined where users have no limit. */
  admit({ principal }: Connection): TokenVerdict | Promise<TokenVerdict> | undefined {
    return this.parts.frameRate?.take(principal);
  }

  /** Carries out one frame; resolves when it is done and answered. Never rejects. */
  async handle(connection: Connection, frame: ClientFrame, reply: Reply): Promise<void> {
    this.telemetry.counters.frames++;
    try {
      const result = await this.carryOut(connection, frame, reply);
      if (result instanceof FrameRefusal) reply(encodeError(result.code, result.detail, frame.ref));
      else if (result !== undefined) {
        reply(encodeFrame(result.event, result.data, frame.ref));
        result.after?.();
      }
    } catch (cause) {
      if (!isPassing(cause)) this.parts.onFailure(cause, { connectionId: connection.id });
      reply(encodeFrame(ServerEvent.Error, troubleOf(cause), frame.ref));
    }
  }

  private carryOut(connection: Connection, frame: ClientFrame, reply: Reply): Promise<Outcome> | Outcome {
    switch (frame.event) {
      case ClientEvent.Ping:
        return { event: ServerEvent.Pong };
      case ClientEvent.Join:
        return this.join(connection, frame.data);
      case ClientEvent.Leave:
        return this.leave(connection, frame.data);
      case ClientEvent.Send:
        return this.counted(this.send(connection, frame.data));
      case ClientEvent.Auth:
        return this.renew(connection, frame.data);
      case CONSOLE_EVENT:
        return this.passToConsole(connection, frame.data);
      default:
        return this.passToHost(connection, frame, reply);
    }
  }

  private async join(connection: Connection, data: unknown): Promise<Outcome> {
    const group = membersOf(data)?.['group'];
    if (!isGroup(group)) return invalid('group is missing or not a valid name');
    const { authorizer, groups } = this.parts;
    if (groups.isGranted(connection, group)) return ok({ group });
    const isAllowed = await this.inTime(authorizer.canJoin(connection.principal, group));
    const refusal = isAllowed ? groups.join(connection, group) : ErrorCode.Forbidden;
    if (refusal) this.tellRefusal(connection, { purpose: 'join', group, code: refusal });
    if (!isAllowed) return forbidden();
    if (refusal) return new FrameRefusal(refusal, 'leave another group first');
    await this.parts.resumes.heard(connection);
    return ok({ group });
  }

  private async leave(connection: Connection, data: unknown): Promise<Outcome> {
    const group = membersOf(data)?.['group'];
    if (!isGroup(group)) return invalid('group is missing or not a valid name');
    const { authorizer, groups } = this.parts;
    const isAllowed = await this.inTime(authorizer.canLeave?.(connection.principal, group) ?? true);
    if (!isAllowed) {
      this.tellRefusal(connection, { purpose: 'leave', group, code: ErrorCode.Forbidden });
      return forbidden();
    }
    groups.leave(connection, group);
    return ok({ group });
  }

  private async send(connection: Connection, data: unknown): Promise<Outcome> {
    const members = membersOf(data);
    const to = clientTarget(members?.['to']);
    if (!members || !to) return invalid('to must name one group or one user');
    const { event, data: payload } = members;
    if (!isEvent(event)) return invalid('event is missing or not a valid name');
    if (isReservedEvent(event)) return new FrameRefusal(ErrorCode.ReservedEvent, 'choose a name without push:');
    const complaint = await this.parts.incoming?.ofRelayed(event, payload);
    if (complaint !== undefined) return invalid(complaint);
    const target: Target = to.group === undefined ? { users: [to.user] } : { groups: [to.group] };
    const isAllowed = this.parts.authorizer.canSend(connection.principal, to, event, payload);
    if (!(await this.inTime(isAllowed))) {
      this.tellRefusal(connection, { purpose: 'send', target, code: ErrorCode.Forbidden });
      return forbidden();
    }
    const draft = this.draftOf(connection, event, payload);
    if (draft instanceof FrameRefusal) return draft;
    const { id } = await this.publish(target, draft);
    return ok({ id });
  }

  /** What is not allowed was none of our sends. */
  private async counted(sending: Promise<Outcome>): Promise<Outcome> {
    const outcome = await sending;
    const isRefused = outcome instanceof FrameRefusal && outcome.code !== ErrorCode.Forbidden;
    if (isRefused) this.telemetry.counters.sends.add('refused');
    return outcome;
  }

  private tellRefusal(connection: Connection, wish: RefusedWish): void {
    this.telemetry.listeners.refused?.(refusedFrame(connection, wish));
  }

  private async publish(target: Target, draft: MessageDraft): Promise<PushReceipt> {
    const { publisher } = this.parts;
    try {
      return await publisher.publish(target, draft);
    } catch (cause) {
      publisher.recordFailure(cause);
      throw cause;
    }
  }

  private draftOf(connection: Connection, event: string, payload: unknown) {
    try {
      const dataText = encodeData(payload, this.parts.limits.maxPayloadBytes);
      return { event, dataText, from: connection.userId };
    } catch (error) {
      if (error instanceof PushError) return invalid(error.message);
      throw error;
    }
  }

  private async renew(connection: Connection, data: unknown): Promise<Outcome> {
    const token = membersOf(data)?.['token'];
    if (typeof token !== 'string') return invalid('token is missing');
    const principal = await this.inTime(this.parts.access.verify(token));
    if (!principal) return new FrameRefusal(ErrorCode.Forbidden, 'the token was refused');
    if (accountOf(principal) !== accountOf(connection.principal)) {
      connection.close(CloseCode.Forbidden, 'token of another user');
      return undefined;
    }
    connection.renew(principal);
    this.parts.groups.renew(connection);
    await this.parts.resumes.heard(connection);
    return ok({ expiresAt: isoTime(principal.expiresAtMs) });
  }

  /** The host's word. Frames wait for those before them, so one that it leaves open would hold up all that follow. */
  private inTime<Value>(answer: NowOrLater<Value>): NowOrLater<Value> {
    const { clock, limits } = this.parts;
    return isLater(answer) ? withinTime(clock, limits.authTimeoutMs, answer) : answer;
  }

  private async passToConsole(connection: Connection, data: unknown): Promise<Outcome> {
    if (!this.consoleHandler) return new FrameRefusal(ErrorCode.ReservedEvent, 'a client may not send this event');
    const answer = await this.consoleHandler.handle(connection, data);
    if (answer.type === 'refused') return new FrameRefusal(answer.code, answer.detail);
    return { ...ok(answer.data), after: answer.after };
  }

  private async passToHost(connection: Connection, frame: ClientFrame, reply: Reply): Promise<Outcome> {
    if (isReservedEvent(frame.event)) {
      return new FrameRefusal(ErrorCode.ReservedEvent, 'a client may not send this event');
    }
    const handlers = this.hostHandlers;
    if (!handlers?.handles(connection, frame.event)) {
      return new FrameRefusal(ErrorCode.UnknownEvent, 'nothing handles this event');
    }
    const judged = this.parts.incoming?.ofFrame(frame.event, frame.data);
    const complaint = isLater(judged) ? await judged : judged;
    if (complaint !== undefined) return invalid(complaint);
    const { tracer } = this.telemetry;
    const run = () => handlers.handle(connection, frame, reply);
    await (tracer ? tracer.handle(frame.event, connection.id, run) : run());
    return undefined;
  }
}

/** A reply, and what is done once it is queued. */
interface Answered {
  readonly event: string;
  readonly data?: unknown;
  readonly after?: (() => void) | undefined;
}

type Outcome = Answered | FrameRefusal | undefined;

function ok(data: unknown): Answered {
  return { event: ServerEvent.Ok, data };
}

function invalid(detail: string): FrameRefusal {
  return new FrameRefusal(ErrorCode.InvalidData, detail);
}

/** The same words whether the target exists or not. */
function forbidden(): FrameRefusal {
  return new FrameRefusal(ErrorCode.Forbidden, 'not allowed');
}

/** What a client is told of trouble of our own. A message that may have been sent must not be sent again by itself. */
function troubleOf(cause: unknown): ErrorData {
  const { code, retryAfterMs } = cause instanceof PushError ? cause : {};
  if (code === 'PUSH_ERR_PUBLISH_UNKNOWN')
    return { ...errorData(ErrorCode.Internal, 'the message may have been sent, or not'), retryable: false };
  const detail = code === 'PUSH_ERR_UNAVAILABLE' ? 'what it needs is out of reach' : 'the frame could not be handled';
  return errorData(ErrorCode.Internal, detail, retryAfterMs);
}

function membersOf(value: unknown): Members | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : undefined;
}

function clientTarget(value: unknown): ClientTarget | undefined {
  const members = membersOf(value);
  if (!members) return undefined;
  const { group, user } = members;
  if (isGroup(group) && user === undefined) return { group };
  if (isUserId(user) && group === undefined) return { user };
  return undefined;
}
