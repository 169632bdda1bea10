/**
 * Carries out what REST asks PushService to send: judges the scope of each message by its target, keeps to the limit of
 * names, waits as the caller prefers, and answers a repeated `Idempotency-Key` with the first answer.
 */
import { Inject, Injectable } from '@nestjs/common';
import { AnswerHeader } from '../core/answer-headers.js';
import type { Target } from '../core/delivery-target.js';
import { FailureReport } from '../core/failure-report.js';
import { PushError } from '../core/push-error.js';
import { fingerprintOf } from '../push/idempotency.service.js';
import { requestIdOf } from '../push/request-id.js';
import { SEND_ONCE, onceIdOf } from '../push/send-once.js';
import type { SendOnce } from '../push/send-once.js';
import type { PushService } from '../push/push.service.js';
import type { PushReceipt, SendRequest } from '../push/push-types.js';
import { TenantSpaces } from '../push/tenant-spaces.js';
import { assertValid, errorBelow } from './body-reader.js';
import { CallerTenant } from './caller-tenant.js';
import type { PushEventDto } from './dto/push-event.dto.js';
import { PushMessageDto } from './dto/push-message.dto.js';
import { answerOf } from './problem.js';
import type { Problem } from '../core/problem.js';
import { RefusedRequests } from './refused-requests.js';
import { REST_LIMITS } from './push-rest-options.interface.js';
import type { RestLimits } from './push-rest-options.interface.js';
import { callerOf, idempotencyKeyOf, invalid, preferredWaitSeconds, principalOf } from './rest-request.js';
import type { RestRequest } from './rest-request.js';
import { assertMaySend } from './send-scope.js';

/** Longest time that `Prefer: wait` may ask for, in seconds; a longer one is cut to it. */
const MAX_WAIT_SECONDS = 30;

/** What became of a request that sends. */
export interface SendOutcome<Body> {
  readonly body: Body;
  /** The body is the answer to an earlier request with the same key. */
  readonly isReplay: boolean;
  /** The wait that was kept to. */
  readonly waitSeconds: number | undefined;
  /** When those messages of a batch may be sent that could not be taken for now; undefined where there are none. */
  readonly retryAfterSeconds?: number | undefined;
}

/** The body of a batch's answer. */
export interface BatchResults {
  readonly results: readonly (PushReceipt | Problem)[];
}

/** A request, and what it sends with. */
interface Call {
  readonly request: RestRequest;
  readonly push: PushService;
  /** What each message of a batch that cannot be taken for now has to wait, in seconds. */
  readonly waits: number[];
}

@Injectable()
export class RestSender {
  constructor(
    @Inject(CallerTenant) private readonly caller: CallerTenant,
    @Inject(TenantSpaces) private readonly spaces: TenantSpaces,
    @Inject(REST_LIMITS) private readonly limits: RestLimits,
    @Inject(RefusedRequests) private readonly refusals: RefusedRequests,
    @Inject(FailureReport) private readonly failures: FailureReport,
  ) {}

  /** Sends one message. `route` tells apart what may be done with the same body. */
  async send(
    request: RestRequest,
    route: string,
    target: Target,
    message: PushEventDto,
  ): Promise<SendOutcome<PushReceipt>> {
    assertMaySend(principalOf(request), target);
    this.assertFewEnough(target, '/target');
    const waitSeconds = waitOf(request);
    const key = keyOf(request, message);
    const by = principalOf(request)?.userId;
    const call = this.callOf(request);
    const action = (claim?: string) => call.push.send(under(claim, '', requestOf(target, message, waitSeconds, by)));
    const outcome = await this.once(call, key, [route, target, message], action);
    if (outcome.isReplay) this.countDuplicates([outcome.body]);
    return { ...outcome, waitSeconds };
  }

  /** Sends each message of a batch, in order; a bad one becomes a problem and leaves the others alone. */
  async sendAll(request: RestRequest, route: string, messages: readonly unknown[]): Promise<SendOutcome<BatchResults>> {
    const waitSeconds = waitOf(request);
    const call = this.callOf(request);
    const action = async (claim?: string) => ({ results: await this.sendEach(call, messages, waitSeconds, claim) });
    const outcome = await this.once(call, idempotencyKeyOf(request), [route, messages], action);
    if (outcome.isReplay) this.countDuplicates(outcome.body.results);
    return { ...outcome, waitSeconds, ...(call.waits.length > 0 && { retryAfterSeconds: Math.max(...call.waits) }) };
  }

  private callOf(request: RestRequest): Call {
    return { request, push: this.caller.pushOf(request), waits: [] };
  }

  private async sendEach(
    call: Call,
    messages: readonly unknown[],
    waitSeconds: number | undefined,
    claim: string | undefined,
  ): Promise<(PushReceipt | Problem)[]> {
    const results: Promise<PushReceipt | Problem>[] = [];
    for (const [index, message] of messages.entries()) {
      const result = this.sendItem(call, message, `/messages/${index}`, waitSeconds, claim);
      results.push(result);
      // A key is looked up before its message is sent, and the messages after it must not overtake it.
      if (hasKey(message)) await result;
    }
    return Promise.all(results);
  }

  /** Not an async function, nor what it calls: a thousand of them wait for their turn together. */
  private sendItem(
    call: Call,
    message: unknown,
    at: string,
    waitSeconds: number | undefined,
    claim: string | undefined,
  ): Promise<PushReceipt | Problem> {
    try {
      assertValid(message, PushMessageDto, at);
      assertMaySend(principalOf(call.request), message.target);
      this.assertFewEnough(message.target, `${at}/target`);
    } catch (error) {
      return Promise.resolve(this.problemOf(call, error));
    }
    const failed = (error: unknown) => this.problemOf(call, errorBelow(error, at));
    try {
      return this.sendOnce(call, message, at, waitSeconds, claim).catch(failed);
    } catch (error) {
      // Ours only rejects; another one, which a host has put in its place, may throw.
      return Promise.resolve(failed(error));
    }
  }

  /** Sends a message of a batch, under its own key if it has one. */
  private sendOnce(
    call: Call,
    message: PushMessageDto,
    at: string,
    waitSeconds: number | undefined,
    claimOfBatch: string | undefined,
  ): Promise<PushReceipt> {
    const { target, idempotencyKey } = message;
    const by = principalOf(call.request)?.userId;
    const send = (claim: string | undefined) =>
      call.push.send(under(claim, at, requestOf(target, message, waitSeconds, by)));
    if (idempotencyKey === undefined) return send(claimOfBatch);
    const answered = this.once(call, idempotencyKey, ['batch item', message], send);
    return answered.then(({ body, isReplay }) => {
      if (!isReplay) return body;
      this.countDuplicates([body]);
      return { ...body, duplicate: true };
    });
  }

  /** A key of REST is looked at here: PushService does not hear of what was sent before. */
  private countDuplicates(results: readonly (PushReceipt | Problem)[]): void {
    const { publisher } = this.spaces.home;
    for (const result of results) if ('matched' in result) publisher.recordDuplicate();
  }

  /** What a message of a batch that was not sent is answered with. */
  private problemOf(call: Call, error: unknown): Problem {
    const { problem, headers } = answerOf(error);
    if (problem.status === 503) call.waits.push(Number(headers[AnswerHeader.RetryAfter]));
    this.refusals.tell(call.request, problem);
    if (problem.status >= 500 && !(error instanceof PushError)) {
      this.failures.add(error, { requestId: requestIdOf(call.request) });
    }
    return problem;
  }

  private async once<Body>(
    { request, push }: Call,
    key: string | undefined,
    what: unknown,
    action: (claim?: string) => Promise<Body>,
  ): Promise<{ readonly body: Body; readonly isReplay: boolean }> {
    if (key === undefined) return { body: await action(), isReplay: false };
    const scope = `rest ${callerOf(request)}`;
    const space = this.spaces.enter(push.tenant);
    try {
      const once = { scope, key, fingerprint: fingerprintOf(what) };
      const { answer, isReplay } = await space.idempotency.run(once, action);
      return { body: answer, isReplay };
    } finally {
      space.leave();
    }
  }

  private assertFewEnough(target: Target, at: string): void {
    const names = target.all ? 0 : countOf(target);
    const { maxTargets } = this.limits;
    if (names + countOf(target.except ?? {}) <= maxTargets) return;
    throw invalid(at, `must not name more than ${maxTargets} users, groups and connections`);
  }
}

/** The message with its identity, where the request that it stands in has a claim. */
function under(claim: string | undefined, at: string, message: SendRequest): SendRequest & SendOnce {
  return claim === undefined ? message : { ...message, [SEND_ONCE]: onceIdOf(claim, at) };
}

function countOf({ users, groups, connections }: { [Kind in 'users' | 'groups' | 'connections']?: unknown }): number {
  return lengthOf(users) + lengthOf(groups) + lengthOf(connections);
}

function lengthOf(names: unknown): number {
  return Array.isArray(names) ? names.length : 0;
}

/** A message has one key; where the header and the body both name one they must agree. */
function keyOf(request: RestRequest, { idempotencyKey }: PushEventDto): string | undefined {
  const key = idempotencyKeyOf(request);
  if (key === undefined || idempotencyKey === undefined || key === idempotencyKey) return key ?? idempotencyKey;
  throw invalid('/idempotencyKey', 'must be the same as the header Idempotency-Key');
}

function hasKey(message: unknown): boolean {
  return typeof message === 'object' && message !== null && Object.hasOwn(message, 'idempotencyKey');
}

function waitOf(request: RestRequest): number | undefined {
  const seconds = preferredWaitSeconds(request);
  return seconds === undefined ? undefined : Math.min(seconds, MAX_WAIT_SECONDS);
}

/** The key is left out: it was looked at here, in the scope of its caller, and must not meet those of the server. */
function requestOf(
  target: Target,
  { event, data, store, ttlSeconds, collapseKey, report }: PushEventDto,
  waitSeconds: number | undefined,
  by: string | undefined,
): SendRequest {
  const asked = waitSeconds === undefined ? report : { withinMs: waitSeconds * 1000 };
  return { target, event, data, store, ttlSeconds, collapseKey, report: asked, by };
}
