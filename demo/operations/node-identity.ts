import { Inject, Injectable } from '@nestjs/common';
import { PushHealth } from 'nestjs-push';
import { DEMO_ENVIRONMENT } from '../environment.module.js';
import type { DemoEnvironment } from '../environment.js';

/** Which of the shop's nodes this is. */
@Injectable()
export class NodeIdentity {
  /** Undefined where there is but one. */
  readonly name: string | undefined;

  constructor(
    @Inject(DEMO_ENVIRONMENT) { redisUrl, nodeName }: DemoEnvironment,
    @Inject(PushHealth) health: PushHealth,
  ) {
    this.name = redisUrl === undefined ? undefined : (nodeName ?? health.nodeId);
  }
}
