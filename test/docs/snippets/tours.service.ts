import { Injectable } from '@nestjs/common';
import { PushService } from 'nestjs-push';

@Injectable()
export class ToursService {
  constructor(private readonly push: PushService) {}

  async start(driver: string, until: Date): Promise<void> {
    await this.push.addToGroup(driver, 'drivers', { expiresAt: until });
    const target = { groups: ['drivers', 'dispatch'], except: { users: [driver] } };
    await this.push.send({ target, event: 'tour.started', data: { driver } });
  }
}
