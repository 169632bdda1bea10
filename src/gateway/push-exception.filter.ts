import { Catch, HttpException } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { WsException } from '@nestjs/websockets';
import { ErrorCode } from '../protocol/error-codes.js';
import type { PushConnection } from './push-connection.js';

/** Longest detail of an error in UTF-16 code units. */
const MAX_DETAIL_LENGTH = 500;
/** What Nest's guards say when they refuse without words of their own. */
const GUARD_REFUSAL = 'Forbidden resource';

/** Turns what a handler, guard or pipe throws into one `push:error`. Never repeats the payload. */
@Catch()
export class PushExceptionFilter implements ExceptionFilter {
  catch(exception: unknown, host: ArgumentsHost): void {
    const connection = host.switchToWs().getClient<PushConnection>();
    const { code, detail } = describe(exception);
    if (code === ErrorCode.Internal) connection.report(exception);
    connection.fail(code, detail.slice(0, MAX_DETAIL_LENGTH));
  }
}

interface Failure {
  readonly code: ErrorCode;
  readonly detail: string;
}

function describe(exception: unknown): Failure {
  if (exception instanceof HttpException) return fromHttp(exception);
  if (exception instanceof WsException) return fromWs(exception);
  return { code: ErrorCode.Internal, detail: 'the frame could not be handled' };
}

function fromHttp(exception: HttpException): Failure {
  const code = codeOfStatus(exception.getStatus());
  if (code === ErrorCode.Internal) return { code, detail: 'the frame could not be handled' };
  const response = exception.getResponse();
  const message = typeof response === 'object' && 'message' in response ? response.message : response;
  return { code, detail: Array.isArray(message) ? message.join('; ') : textOr(message, exception.message) };
}

function fromWs(exception: WsException): Failure {
  const error = exception.getError();
  if (typeof error === 'string') {
    return { code: error === GUARD_REFUSAL ? ErrorCode.Forbidden : ErrorCode.InvalidData, detail: error };
  }
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  return { code: isErrorCode(code) ? code : ErrorCode.InvalidData, detail: textOr(message, exception.message) };
}

function codeOfStatus(status: number): ErrorCode {
  if (status === 401 || status === 403) return ErrorCode.Forbidden;
  if (status === 429) return ErrorCode.RateLimited;
  return status < 500 ? ErrorCode.InvalidData : ErrorCode.Internal;
}

function isErrorCode(value: unknown): value is ErrorCode {
  return Object.values<unknown>(ErrorCode).includes(value);
}

function textOr(value: unknown, fallback: string): string {
  return typeof value === 'string' ? value : fallback;
}
