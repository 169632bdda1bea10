import { ApiProperty } from '@nestjs/swagger';

/**
 * How the shop's own routes refuse what is asked of them: as Nest does by itself. What `ProblemFilter` catches is answered
 * with a problem document, as the push API answers everything.
 */
export class HttpErrorDto {
  @ApiProperty({ type: 'integer', example: 400 })
  readonly statusCode!: number;

  @ApiProperty({
    oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }],
    description: 'A list where the parts of a request were checked.',
    example: ['user must be a string'],
  })
  readonly message!: string | readonly string[];

  @ApiProperty({ example: 'Bad Request' })
  readonly error!: string;
}
