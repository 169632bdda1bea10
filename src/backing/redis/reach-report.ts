import { Logger } from '@nestjs/common';

/** Says once that Redis is out of reach, and once that it is back, however many connections find out. */
export class ReachReport {
  private readonly logger = new Logger('PushModule');
  private isReported = false;

  failed({ message }: Error): void {
    if (this.isReported) return;
    this.isReported = true;
    this.logger.warn(`Redis is out of reach: ${message}. Sends are refused; connections stay and wait.`);
  }

  isBack(): void {
    if (!this.isReported) return;
    this.isReported = false;
    // As loud as the loss: whoever was told of that must not be left to wonder.
    this.logger.warn('Redis is back.');
  }
}
