import {
  type CanActivate,
  type ExecutionContext,
  ForbiddenException,
  Inject,
  Injectable,
  ServiceUnavailableException,
  UnauthorizedException,
  applyDecorators,
  SetMetadata,
  UseGuards,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiBearerAuth, ApiForbiddenResponse, ApiUnauthorizedResponse } from '@nestjs/swagger';
import { AccessService, type Principal } from 'nestjs-push';
import { HttpErrorDto } from '../http-error.dto.js';

const REQUIRED_SCOPE = 'demo:required-scope';

interface RequestLike {
  readonly headers: { readonly authorization?: string };
}

interface ResponseLike {
  header(name: string, value: string): unknown;
}

/** Lets in whose token has the scope. It asks the push module's own verifier, so a token means one thing everywhere. */
@Injectable()
class ScopeGuard implements CanActivate {
  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(AccessService) private readonly access: AccessService,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const scope = this.reflector.get<string>(REQUIRED_SCOPE, context.getHandler());
    const http = context.switchToHttp();
    const principal = await this.principalOf(http.getRequest<RequestLike>());
    if (!principal) {
      http.getResponse<ResponseLike>().header('WWW-Authenticate', 'Bearer');
      throw new UnauthorizedException('a bearer token is needed');
    }
    if (!principal.scopes.includes(scope)) throw new ForbiddenException(`the token lacks the scope ${scope}`);
    return true;
  }

  private async principalOf({ headers }: RequestLike): Promise<Principal | undefined> {
    const token = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
    if (token === undefined) return undefined;
    try {
      return await this.access.verify(token);
    } catch {
      throw new ServiceUnavailableException('the token could not be checked');
    }
  }
}

/** Guards a route with a scope, and says so in the API document. */
export function RequireScope(scope: string): MethodDecorator & ClassDecorator {
  return applyDecorators(
    SetMetadata(REQUIRED_SCOPE, scope),
    UseGuards(ScopeGuard),
    ApiBearerAuth(),
    ApiUnauthorizedResponse({
      type: HttpErrorDto,
      description: 'No token, or one that does not hold.',
      headers: { 'WWW-Authenticate': { description: '`Bearer`', schema: { type: 'string' } } },
    }),
    ApiForbiddenResponse({ type: HttpErrorDto, description: `The token lacks the scope ${scope}.` }),
  );
}
