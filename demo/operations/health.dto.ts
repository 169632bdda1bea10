import { ApiProperty } from '@nestjs/swagger';

/** The process runs. */
export class LiveDto {
  @ApiProperty({ enum: ['live'] })
  readonly status!: string;

  @ApiProperty({ example: '2', required: false, description: 'Which node this is, where there are several.' })
  readonly node?: string;
}

/** New connections are welcome. */
export class ReadyDto {
  @ApiProperty({ enum: ['ready', 'degraded'], description: 'Degraded while Redis is away.' })
  readonly status!: string;

  @ApiProperty({ required: false, description: 'Why it is degraded.' })
  readonly reason?: string;
}

/** They are not: the end has begun. */
export class DrainingDto {
  @ApiProperty({ enum: ['draining'] })
  readonly status!: string;
}
