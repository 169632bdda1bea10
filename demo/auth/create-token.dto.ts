import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsOptional, IsString, Length, Matches, MaxLength } from 'class-validator';

/** Who the token is to say its bearer is. */
export class CreateTokenDto {
  @ApiProperty({ example: '7', minLength: 1, maxLength: 255 })
  @IsString()
  @Length(1, 255, { message: 'the user needs a name, of at most 255 characters' })
  @Matches(/^[^\p{Cc}\p{Cs}]*$/u, { message: 'user must not hold control characters or lone surrogates' })
  readonly user!: string;

  @ApiProperty({ example: ['vip'], type: [String], required: false, default: [] })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(100)
  @Matches(/^[A-Za-z0-9._:@-]{1,128}$/, { each: true, message: 'each of groups must be 1 to 128 of A-Za-z0-9._:@-' })
  readonly groups?: readonly string[];

  @ApiProperty({ example: 'push:send push:broadcast', required: false, default: '', description: 'Space-separated.' })
  @IsOptional()
  @IsString()
  @MaxLength(1024)
  readonly scope?: string;
}
