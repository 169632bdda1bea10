import {
  type CanActivate,
  type ExecutionContext,
  Injectable,
  UnsupportedMediaTypeException,
  UseFilters,
  UseGuards,
  applyDecorators,
} from '@nestjs/common';
import { ApiUnsupportedMediaTypeResponse } from '@nestjs/swagger';
import { PROBLEM_CONTENT, ProblemFilter } from './problem.filter.js';

const JSON_TYPE = /^application\/json *(;|$)/i;

interface RequestLike {
  readonly headers: { readonly 'content-type'?: string };
}

interface ResponseLike {
  header(name: string, value: string): unknown;
}

/**
 * Refuses a body of another type by its name. The platforms leave it unread, and Fastify reads plain text, so that the checks of
 * the body would find fault with what is in it.
 */
@Injectable()
class JsonBodyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    const type = http.getRequest<RequestLike>().headers['content-type'];
    if (type === undefined || JSON_TYPE.test(type)) return true;
    http.getResponse<ResponseLike>().header('Accept', 'application/json');
    throw new UnsupportedMediaTypeException('the body must be application/json');
  }
}

/** Takes no body but JSON on this route, and says so in the API document. */
export function TakesJson(): MethodDecorator & ClassDecorator {
  return applyDecorators(
    UseGuards(JsonBodyGuard),
    UseFilters(ProblemFilter),
    ApiUnsupportedMediaTypeResponse({ content: PROBLEM_CONTENT, description: 'The body is not application/json.' }),
  );
}
