import { ApiProperty } from '@nestjs/swagger';
import { IsString, Length, Matches } from 'class-validator';

/** Which order a path names. */
export class OrderParamsDto {
  @ApiProperty({ example: '1001' })
  @Matches(/^[A-Za-z0-9._-]{1,64}$/, { message: 'orderId must be 1 to 64 of A-Za-z0-9._-' })
  readonly orderId!: string;
}

/** What happened to an order, and whose it is. */
export class SetOrderStatusDto {
  @ApiProperty({ example: '7', minLength: 1, maxLength: 255 })
  @IsString()
  @Length(1, 255, { message: 'userId must be a name of 1 to 255 characters' })
  @Matches(/^[^\p{Cc}\p{Cs}]*$/u, { message: 'userId must not hold control characters or lone surrogates' })
  readonly userId!: string;

  @ApiProperty({ example: 'shipped', minLength: 1, maxLength: 64 })
  @IsString()
  @Length(1, 64)
  readonly status!: string;
}
