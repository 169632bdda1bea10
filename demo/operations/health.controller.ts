import { Controller, Get, Header, Inject, ServiceUnavailableException } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import { Readiness } from './readiness.js';

/** For the orchestrator: alive until the end, ready until the end begins. */
@ApiTags('operations')
@Controller('health')
export class HealthController {
  constructor(@Inject(Readiness) private readonly readiness: Readiness) {}

  @Get('live')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Whether the process runs' })
  @ApiOkResponse({ description: '`{ status: "live" }`' })
  live(): { status: string } {
    return { status: 'live' };
  }

  @Get('ready')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Whether new connections are welcome' })
  @ApiOkResponse({ description: '`{ status: "ready" }`' })
  @ApiServiceUnavailableResponse({ description: '`{ status: "draining" }`' })
  ready(): { status: string } {
    if (this.readiness.isDraining) throw new ServiceUnavailableException({ status: 'draining' });
    return { status: 'ready' };
  }
}
