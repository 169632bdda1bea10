/** Reads the body of a request as one of the body classes. What passes is the parsed JSON itself, not a copy. */
import { isJsonInUtf8 } from '../core/media-type.js';
import type { PushErrorDetail } from '../core/push-error.js';
import { PushError } from '../core/push-error.js';
import { containsForbiddenKey } from '../protocol/json-guard.js';
import { isReservedEvent } from '../protocol/names.js';
import { planOf } from './body-plan.js';
import type { BodyClass } from './body-plan.js';
import type { PushEventDto } from './dto/push-event.dto.js';
import { codeOfStatus, ProblemException } from './problem.js';
import type { ProblemParts } from '../core/problem.js';
import { invalidAll } from './rest-request.js';
import type { RestRequest } from './rest-request.js';

/** The body, checked. Throws 415 where it is no JSON by its content type, 400 with every problem of its members. */
export function readBody<Body>(request: RestRequest, bodyClass: BodyClass<Body>): Body {
  const body = jsonOf(request);
  assertValid(body, bodyClass, '');
  return body;
}

/** As {@link readBody}, for a body that may be left out. */
export function readOptionalBody<Body>(request: RestRequest, bodyClass: BodyClass<Body>): Body | undefined {
  return hasBody(request) ? readBody(request, bodyClass) : undefined;
}

/** Throws a PushError that lists every problem of the value, with pointers below `at`. */
export function assertValid<Body>(value: unknown, bodyClass: BodyClass<Body>, at: string): asserts value is Body {
  const problems: PushErrorDetail[] = [];
  planOf(bodyClass).check(value, at, problems);
  if (problems.length === 0) return;
  problems.push(...problemsOfMessage(value, at));
  throw invalidAll(problems);
}

/**
 * What PushService would refuse next. It is the one that judges it, but it is not asked about a body that has failed
 * already, and the caller is to hear of everything at once.
 */
function problemsOfMessage(value: unknown, at: string): PushErrorDetail[] {
  const { event, data } = (value ?? {}) as Partial<PushEventDto>;
  const problems: PushErrorDetail[] = [];
  if (typeof event === 'string' && isReservedEvent(event)) {
    problems.push({ pointer: `${at}/event`, detail: 'must not begin with push:' });
  }
  if (containsForbiddenKey(data)) problems.push({ pointer: `${at}/data`, detail: 'must not hold the key __proto__' });
  return problems;
}

/** Whether the body says that it is JSON in UTF-8, the only thing that is read. */
export function isJsonByType({ headers }: RestRequest): boolean {
  return isJsonInUtf8(headers['content-type']);
}

/** The refusal of a body that is of another type. */
export const UNSUPPORTED_TYPE: ProblemParts = {
  status: 415,
  code: codeOfStatus(415),
  detail: 'the body must be application/json in UTF-8',
  headers: { Accept: 'application/json' },
};

function jsonOf(request: RestRequest): unknown {
  if (isJsonByType(request)) return request.body;
  if (hasBody(request) || request.headers['content-type'] !== undefined) throw new ProblemException(UNSUPPORTED_TYPE);
  throw new ProblemException({ status: 400, code: 'invalid_argument', detail: 'a JSON body is required' });
}

function hasBody({ headers }: RestRequest): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

/** The same error with its pointers below `at`: what is wrong with one item of a list. */
export function errorBelow(error: unknown, at: string): unknown {
  if (!(error instanceof PushError) || !error.errors) return error;
  const errors = error.errors.map(({ pointer, detail }) => ({ pointer: at + pointer, detail }));
  return new PushError(error.code, error.message, { errors, cause: error });
}
