import { Injectable } from '@nestjs/common';
import { OnPush } from 'nestjs-push';
import type { KickedEvent, SentEvent } from 'nestjs-push';

@Injectable()
export class AuditService {
  readonly records: string[] = [];

  @OnPush('sent')
  async recordSend({ by = 'the application', event, target }: SentEvent): Promise<void> {
    this.records.push(`${by} sent ${event} to ${JSON.stringify(target)}`);
  }

  @OnPush('kicked')
  recordKick({ userId, cause, reason }: KickedEvent): void {
    this.records.push(`${userId} was disconnected by ${cause}: ${reason}`);
  }
}
