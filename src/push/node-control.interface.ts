import type { NodeVitals } from '../protocol/console-frames.js';

/** What an operator sees of a process, and may ask of it. */
export interface NodeControl {
  readonly isDraining: boolean;
  readonly isBackingUp: boolean;
  /** Looks at the process. */
  vitals(): NodeVitals;
  /** Says goodbye to all connections, of all tenants, and lets nobody in any more. The process itself goes on. */
  drain(): void;
}
