import { Controller, Get, Header, Inject, ServiceUnavailableException } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import { PushHealth, type PushReadiness } from 'nestjs-push';
import { DrainingDto, LiveDto, ReadyDto } from './health.dto.js';
import { NodeIdentity } from './node-identity.js';

/** For the orchestrator: alive until the end, ready until the end begins. */
@ApiTags('operations')
@Controller('health')
export class HealthController {
  constructor(
    @Inject(PushHealth) private readonly push: PushHealth,
    @Inject(NodeIdentity) private readonly node: NodeIdentity,
  ) {}

  @Get('live')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Whether the process runs' })
  @ApiOkResponse({ type: LiveDto, description: 'It does.' })
  live(): LiveDto {
    return { status: 'live', ...(this.node.name !== undefined && { node: this.node.name }) };
  }

  @Get('ready')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Whether new connections are welcome' })
  @ApiOkResponse({ type: ReadyDto, description: 'They are.' })
  @ApiServiceUnavailableResponse({ type: DrainingDto, description: 'They are not: the process is about to end.' })
  ready(): PushReadiness {
    const { readiness } = this.push;
    if (readiness.status === 'draining') throw new ServiceUnavailableException(readiness);
    return readiness;
  }
}
