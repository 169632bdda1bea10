import { describe, expect, it } from '@jest/globals';
import { BadRequestException, ForbiddenException, HttpException, ServiceUnavailableException } from '@nestjs/common';
import { PUSH_ERRORS, PushError } from '../../../src/core/push-error.js';
import type { PushErrorCode } from '../../../src/core/push-error.js';
import { answerOf } from '../../../src/rest/problem.js';
import { pushProblem } from '../../../src/rest/push-problem.js';

describe('answerOf', () => {
  it('has the members of RFC 9457 and those of Nest', () => {
    const errors = [
      { pointer: '/event', detail: 'is required' },
      { pointer: '/target', detail: 'is required' },
    ];
    const { problem } = answerOf(new PushError('PUSH_ERR_INVALID_ARGUMENT', 'wrong', { errors }));
    expect(problem).toEqual({
      type: 'about:blank',
      title: 'Bad Request',
      status: 400,
      detail: 'the request has 2 problems',
      code: 'invalid_argument',
      errors,
      statusCode: 400,
      message: ['/event is required', '/target is required'],
      error: 'Bad Request',
    });
  });

  it.each(Object.entries(PUSH_ERRORS))('gives %s the status %i', (code, status) => {
    const { problem } = answerOf(new PushError(code as PushErrorCode, 'x'));
    expect(problem.status).toBe(status);
    expect(problem.code).toMatch(/^[a-z_]+$/);
  });

  it.each([
    ['PUSH_ERR_UNAVAILABLE', 4_200, '5'],
    ['PUSH_ERR_IDEMPOTENCY_FULL', undefined, '1'],
    ['PUSH_ERR_IDEMPOTENCY_IN_PROGRESS', 10, '1'],
  ] as const)('says when to come back after %s', (code, retryAfterMs, seconds) => {
    const { headers } = answerOf(new PushError(code, 'x', retryAfterMs === undefined ? {} : { retryAfterMs }));
    expect(headers).toEqual({ 'Retry-After': seconds });
  });

  it.each([
    [new ForbiddenException(), 403, 'forbidden', 'Forbidden'],
    [new BadRequestException(['a must be b', 'c is d']), 400, 'bad_request', 'a must be b; c is d'],
    [new ForbiddenException('no admin'), 403, 'forbidden', 'no admin'],
    [new HttpException({ reason: 'own shape' }, 418), 418, 'http_418', 'Http Exception'],
    [new ServiceUnavailableException('later'), 503, 'unavailable', 'later'],
  ])('makes a problem of what a guard of the host throws (%#)', (exception, status, code, detail) => {
    expect(answerOf(exception).problem).toMatchObject({ status, code, detail, statusCode: status });
  });

  it('tells nothing of an error that is a bug', () => {
    const { problem } = answerOf(new Error('password=hunter2 at /srv/app/secret.ts'));
    expect(problem).toMatchObject({ status: 500, code: 'internal' });
    expect(JSON.stringify(problem)).not.toMatch(/hunter2|secret/);
  });

  it('lists at most a hundred problems and says how many more there are', () => {
    const errors = Array.from({ length: 10_000 }, (_, index) => ({ pointer: `/users/${index}`, detail: 'x' }));
    const { problem } = answerOf(new PushError('PUSH_ERR_INVALID_ARGUMENT', 'x', { errors }));
    expect(problem.errors).toHaveLength(101);
    expect(problem.errors?.at(-1)).toEqual({ pointer: '', detail: 'and 9900 more problems' });
  });
});

describe('pushProblem', () => {
  it('is the answer of REST, ready to be written', () => {
    const { status, headers, body } = pushProblem(
      new PushError('PUSH_ERR_UNAVAILABLE', 'away', { retryAfterMs: 1_200 }),
    );
    expect([status, headers]).toEqual([
      503,
      {
        'Cache-Control': 'no-store',
        'X-Content-Type-Options': 'nosniff',
        'Content-Type': 'application/problem+json; charset=utf-8',
        'Retry-After': '2',
      },
    ]);
    expect(JSON.parse(body)).toMatchObject({ type: 'about:blank', status: 503, code: 'unavailable', detail: 'away' });
  });

  it("tells nothing of what is nobody's answer", () => {
    const { status, body } = pushProblem(new Error('the password is 1234'));
    expect([status, body.includes('1234')]).toEqual([500, false]);
  });
});
