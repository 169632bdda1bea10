import type { ServerResponse } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Telemetry } from '../core/telemetry.js';
import { isClosing } from '../core/unread-body.js';
import { ANSWER_HEADERS, PROBLEM_TYPE } from './problem.js';
import type { ProblemAnswer } from './problem.js';

/**
 * Writes the answers of the routes, on either platform. Handlers answer here instead of returning a value, so that what
 * a caller gets is the contract's whatever the host's interceptors make of returned values; they still run.
 */
@Injectable()
export class RestAnswers {
  constructor(
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    @Inject(Telemetry) private readonly telemetry: Telemetry,
  ) {}

  /** Answers with this value as JSON, or with no body where there is none. */
  send(response: unknown, status: number, body?: unknown): void {
    if (body === undefined) this.write(response, status, undefined, undefined);
    else this.write(response, status, 'application/json; charset=utf-8', JSON.stringify(body));
  }

  /** Sets a header of the answer to come. */
  setHeader(response: unknown, name: string, value: string): void {
    this.host.httpAdapter.setHeader(response, name, value);
  }

  /** Answers with a problem, unless an answer has begun. */
  sendProblem(response: unknown, { problem, headers }: ProblemAnswer): void {
    if (this.host.httpAdapter.isHeadersSent(response)) return;
    this.setHeaders(response, headers);
    this.write(response, problem.status, PROBLEM_TYPE, JSON.stringify(problem));
  }

  private setHeaders(response: unknown, headers: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(headers)) this.setHeader(response, name, value);
  }

  /** Written as text: given an object, the adapters of Nest 11 would call every error `application/json`. */
  private write(response: unknown, status: number, contentType: string | undefined, text: string | undefined): void {
    const adapter = this.host.httpAdapter;
    this.telemetry.counters.restAnswers.add(String(status));
    this.setHeaders(response, ANSWER_HEADERS);
    if (contentType !== undefined) adapter.setHeader(response, 'Content-Type', contentType);
    const nodeResponse = nodeResponseOf(response);
    // Whoever goes on asking over the same connection would hold up the end of the process for as long as it likes.
    if (isClosing(nodeResponse)) nodeResponse.shouldKeepAlive = false;
    adapter.reply(response, text, status);
  }
}

/** What is below Fastify's reply; on Express it is the response itself. */
function nodeResponseOf(response: unknown): ServerResponse {
  return (response as { readonly raw?: ServerResponse }).raw ?? (response as ServerResponse);
}
