import type { PushModuleExtras, PushModuleOptions } from '../../src/push-options.interface.js';
import { PushApp } from '../support/push-app.js';
import type { Platform } from '../support/push-app.js';
import { RoomsAuthorizer } from '../support/rooms.authorizer.js';
import { Bystander } from './bystander.js';

const TICK_MS = 10;

/** An application with a bystander who gets a tick every few milliseconds while others attack. */
export class AttackedApp {
  private ticks = 0;
  private readonly ticking: NodeJS.Timeout;

  private constructor(
    readonly app: PushApp,
    private readonly bystander: Bystander,
  ) {
    this.ticking = setInterval(() => void app.push.toUser('bystander', 'tick', ++this.ticks), TICK_MS);
  }

  static async start(platform: Platform, push: PushModuleOptions & PushModuleExtras = {}): Promise<AttackedApp> {
    const app = await PushApp.start({
      platform,
      // As much as comes while a busy machine keeps the bystander from polling.
      push: {
        historyCount: 10_000,
        authorizer: RoomsAuthorizer,
        origins: ['https://shop.example', 'https://*.shop.example'],
        ...push,
      },
    });
    return new AttackedApp(app, await Bystander.arrive(app));
  }

  /** Expects that the bystander has noticed nothing, and ends the application. */
  async stop(): Promise<void> {
    clearInterval(this.ticking);
    await this.bystander.expectUnharmed(this.ticks);
    await this.bystander.leave();
    await this.app.close();
  }
}
