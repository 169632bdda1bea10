import type { ConformanceTarget } from './conformance-server.js';
import { pollDriver } from './poll.driver.js';
import { sseDriver } from './sse.driver.js';
import type { TransportDriver } from './transport-driver.js';
import { wsDriver } from './ws.driver.js';

/** Describes rules for one transport. */
export type TransportRules = (target: ConformanceTarget, driver: TransportDriver) => void;

/** Describes rules that belong to no transport, or to one alone. */
export type Rules = (target: ConformanceTarget) => void;

export const DRIVERS: readonly TransportDriver[] = [wsDriver, sseDriver, pollDriver];
