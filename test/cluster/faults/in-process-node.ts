import { redis } from '../../../src/backing/redis/index.js';
import { PushApp } from '../../support/push-app.js';
import { RoomsAuthorizer } from '../../support/rooms.authorizer.js';
import type { RunningNode } from './cluster-node.js';
import { AMPLE } from './fault.js';

/** A node in this process, where a test can change what the classes of the module do. */
export class InProcessNode implements RunningNode {
  readonly port: number;
  isUp = true;

  private constructor(private readonly app: PushApp) {
    this.port = app.port;
  }

  static async start(url: string): Promise<InProcessNode> {
    const push = { ...AMPLE, authorizer: RoomsAuthorizer, backing: redis({ url }) };
    return new InProcessNode(await PushApp.start({ platform: 'express', push }));
  }

  async stop(): Promise<void> {
    if (!this.isUp) return;
    this.isUp = false;
    await this.app.close();
  }
}
