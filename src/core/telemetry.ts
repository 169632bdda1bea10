import type { LifecycleListeners } from './lifecycle-events.js';
import type { PushTracer } from './push-tracer.interface.js';
import { PushCounters } from './push-counters.js';

/** What those who work on connections and messages leave behind for those who watch. One for each application. */
export class Telemetry {
  /** What happened since the start. */
  readonly counters = new PushCounters();
  /** Who hears of lifecycle events. */
  readonly listeners: LifecycleListeners = {};
  /** Follows messages for a system of traces, where there is one. */
  tracer: PushTracer | undefined;
}
