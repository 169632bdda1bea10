import { Body, Controller, Header, HttpCode, Inject, Post } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { CreateTokenDto } from './create-token.dto.js';

/** A signed token and how long it holds. */
export class TokenDto {
  @ApiProperty()
  readonly token!: string;

  @ApiProperty({ description: 'Seconds.', example: 3600 })
  readonly expiresIn!: number;
}

/** The demo's door: it opens to any name. A shop would check a password here; `DEMO_SIGN_IN=off` takes it away. */
@ApiTags('sign-in')
@Controller('auth')
export class TokenController {
  constructor(@Inject(JwtService) private readonly jwt: JwtService) {}

  @Post('token')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Sign a token for any user, with any groups and scopes' })
  @ApiOkResponse({ type: TokenDto })
  async create(@Body() { user, groups, scope }: CreateTokenDto): Promise<TokenDto> {
    const token = await this.jwt.signAsync({ sub: user, groups: groups ?? [], scope: scope ?? '' });
    const { iat, exp } = this.jwt.decode<{ iat: number; exp: number }>(token);
    return { token, expiresIn: exp - iat };
  }
}
