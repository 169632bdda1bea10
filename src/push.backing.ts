import type { Provider } from '@nestjs/common';
import type { Backing } from './backing/backing.interface.js';
import type { Clock } from './core/clock.js';
import { FailureLog } from './failure-log.js';
import type { ResolvedPushOptions } from './push-options.resolver.js';
import { PUSH_BACKING, PUSH_CLOCK, PUSH_NODE_ID, PUSH_OPTIONS } from './push.tokens.js';
import { DrainService } from './push/drain.service.js';
import { PushHealth } from './push/push-health.js';

/** The backing that the options name, made once, and how it fares. */
export const backingProviders: Provider[] = [
  {
    provide: PUSH_BACKING,
    inject: [PUSH_OPTIONS, PUSH_CLOCK, PUSH_NODE_ID, FailureLog],
    useFactory: (options: ResolvedPushOptions, clock: Clock, nodeId: string, { add: onFailure }: FailureLog) => {
      const { backing, idempotency, revocations, tickets } = options;
      return backing.create({ nodeId, clock, history: options, idempotency, revocations, tickets, onFailure });
    },
  },
  {
    provide: PushHealth,
    inject: [PUSH_BACKING, DrainService],
    useFactory: (backing: Backing, drain: DrainService) => new PushHealth(backing, drain),
  },
];
