import { Module } from '@nestjs/common';
import type { DynamicModule, Provider } from '@nestjs/common';
import type { Backing } from '../backing/backing.interface.js';
import type { Memberships, UserMemberships } from '../backing/memberships.interface.js';
import { MemoryMemberships } from '../backing/memory/memory-memberships.js';
import type { Clock } from '../core/clock.js';
import { FlushScheduler } from '../core/flush-scheduler.js';
import type { PushModuleOptions } from '../push-options.interface.js';
import { RAW_PUSH_OPTIONS } from '../push.module-definition.js';
import { createParts, pushServiceProvider } from '../push.providers.js';
import { PUSH_BACKING, PUSH_CLOCK } from '../push.tokens.js';
import { LivenessService } from '../push/liveness.service.js';
import { PushHealth } from '../push/push-health.js';
import { PushService } from '../push/push.service.js';
import { TenantSpaces } from '../push/tenant-spaces.js';
import { ManualClock } from './manual-clock.js';
import { PushRecorder } from './push-recorder.js';
import { RecordingPushService } from './recording-push.service.js';
import { TestingLifecycle } from './testing-lifecycle.js';

/**
 * Stands in for PushModule in a host's own tests: the same PushService, checks and routing, but no HTTP, no tokens and
 * a clock that stands still: moved on, it ends what is over and asks silent clients for a sign of life. {@link PushRecorder} records every send and connects clients.
 */
@Module({})
export class PushTestingModule {
  /** Takes the options of PushModule that concern sends and connections. */
  static forRoot(options: PushModuleOptions = {}): DynamicModule {
    return {
      module: PushTestingModule,
      global: true,
      providers: [...createParts({}), ...replacements(options)],
      exports: [PushService, PushHealth, PushRecorder, ManualClock],
    };
  }
}

/** Of two providers with the same token Nest takes the later one. */
function replacements(options: PushModuleOptions): Provider[] {
  const recorder = new PushRecorder();
  return [
    { provide: RAW_PUSH_OPTIONS, useValue: options },
    { provide: ManualClock, useFactory: () => new ManualClock() },
    { provide: PUSH_CLOCK, useExisting: ManualClock },
    {
      provide: PushRecorder,
      inject: [TenantSpaces, ManualClock],
      useFactory: (spaces: TenantSpaces, clock: ManualClock) =>
        recorder.attach({ clock, spaceOf: (tenant) => spaces.of(tenant), heldNow }),
    },
    pushServiceProvider((parts) => new RecordingPushService(parts, recorder)),
    {
      provide: TestingLifecycle,
      inject: [PUSH_CLOCK, FlushScheduler, LivenessService, PUSH_BACKING],
      useFactory: (clock: Clock, scheduler: FlushScheduler, liveness: LivenessService, backing: Backing) =>
        new TestingLifecycle({ clock, scheduler, liveness, backing }).start(),
    },
  ];
}

/** A client of a test connects without waiting, which only the memberships of this process allow. */
function heldNow(memberships: Memberships, userId: string): UserMemberships {
  return memberships instanceof MemoryMemberships ? memberships.ofUser(userId) : { held: [], revision: 0 };
}
