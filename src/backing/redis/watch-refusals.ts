import type { Redis } from 'ioredis';
import type { RefusalReport } from './refusal-report.js';

/**
 * Has the report hear of each error that the server answers this connection with, and of what it takes while something is
 * refused. The driver asks after each such error whether to connect anew, so what is well costs nothing.
 */
export function watchRefusals(redis: Redis, report: RefusalReport): void {
  const { reconnectOnError } = redis.options;
  redis.options.reconnectOnError = (cause) => {
    report.refused(cause);
    return reconnectOnError?.(cause) ?? false;
  };
  const send = redis.sendCommand.bind(redis);
  redis.sendCommand = (command, stream) => {
    if (report.isWaiting) {
      command.promise.then(
        () => report.answered(command),
        () => {},
      );
    }
    return send(command, stream);
  };
}
