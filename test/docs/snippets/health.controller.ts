import { Controller, Get } from '@nestjs/common';
import { PushHealth } from 'nestjs-push';

@Controller('health')
export class HealthController {
  constructor(private readonly push: PushHealth) {}

  @Get('ready')
  ready() {
    return { status: 'ready', push: this.push.backingState };
  }
}
