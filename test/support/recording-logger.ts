import { inspect } from 'node:util';
import type { LoggerService } from '@nestjs/common';

/** Keeps everything that is logged, at every level and with the causes and stacks of errors, as one text. */
export class RecordingLogger implements LoggerService {
  text = '';

  readonly log = (...parts: unknown[]) => this.record(parts);
  readonly error = this.log;
  readonly warn = this.log;
  readonly debug = this.log;
  readonly verbose = this.log;
  readonly fatal = this.log;

  private record(parts: readonly unknown[]): void {
    const texts = parts.map((part) => (typeof part === 'string' ? part : inspect(part, { depth: 10 })));
    this.text += `${texts.join(' ')}\n`;
  }
}
