import { Body, Controller, Delete, Header, HttpCode, Inject, Post, Res } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import {
  ApiBadRequestResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiProperty,
  ApiTags,
} from '@nestjs/swagger';
import { DEMO_ENVIRONMENT } from '../environment.module.js';
import type { DemoEnvironment } from '../environment.js';
import { HttpErrorDto } from '../http-error.dto.js';
import { TakesJson } from '../json-body.guard.js';
import { CreateTokenDto } from './create-token.dto.js';
import { tokenCookie } from './token-cookie.js';

/** A signed token and how long it holds. */
export class TokenDto {
  @ApiProperty()
  readonly token!: string;

  @ApiProperty({ type: 'integer', description: 'Seconds.', example: 3600 })
  readonly expiresIn!: number;
}

/** What both platforms can do with an answer. */
interface ResponseLike {
  header(name: string, value: string): unknown;
}

/** What the operator of the console may do. */
const CONSOLE_SCOPE = 'push:admin push:send push:broadcast';

function setsCookie(description: string): Record<string, { description: string; schema: { type: 'string' } }> {
  return { 'Set-Cookie': { description, schema: { type: 'string' } } };
}

/** The demo's door: it opens to any name. A shop would check a password here; `DEMO_SIGN_IN=off` takes it away. */
@ApiTags('sign-in')
@Controller('auth/token')
export class TokenController {
  constructor(
    @Inject(JwtService) private readonly jwt: JwtService,
    @Inject(DEMO_ENVIRONMENT) private readonly environment: DemoEnvironment,
  ) {}

  @Post()
  @HttpCode(200)
  @TakesJson()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Sign a token for any user, with any groups and scopes; also as the cookie `push_token`' })
  @ApiOkResponse({
    type: TokenDto,
    description: 'Signed.',
    headers: setsCookie('Absent where the token is too long for a cookie'),
  })
  @ApiBadRequestResponse({ type: HttpErrorDto, description: 'The body does not fit.' })
  async create(
    @Body() { user, groups, scope }: CreateTokenDto,
    @Res({ passthrough: true }) response: ResponseLike,
  ): Promise<TokenDto> {
    const token = await this.jwt.signAsync({ sub: user, groups: groups ?? [], scope: scope ?? '' });
    const { iat, exp } = this.jwt.decode<{ iat: number; exp: number }>(token);
    this.setCookie(response, token, exp - iat);
    return { token, expiresIn: exp - iat };
  }

  @Post('console')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Sign the token with which the page /console opens by itself; sets no cookie' })
  @ApiOkResponse({ type: TokenDto, description: 'Signed.' })
  async createForConsole(): Promise<TokenDto> {
    const token = await this.jwt.signAsync({ sub: 'operator', groups: [], scope: CONSOLE_SCOPE });
    const { iat, exp } = this.jwt.decode<{ iat: number; exp: number }>(token);
    return { token, expiresIn: exp - iat };
  }

  @Delete()
  @HttpCode(204)
  @ApiOperation({ summary: 'Take the cookie back; the token itself holds until its end' })
  @ApiNoContentResponse({ description: 'Taken back.', headers: setsCookie('Ends it') })
  forget(@Res({ passthrough: true }) response: ResponseLike): void {
    this.setCookie(response, '', 0);
  }

  private setCookie(response: ResponseLike, token: string, maxAgeSeconds: number): void {
    const cookie = tokenCookie(token, { maxAgeSeconds, isSecure: this.environment.tls !== undefined });
    if (cookie !== undefined) response.header('Set-Cookie', cookie);
  }
}
