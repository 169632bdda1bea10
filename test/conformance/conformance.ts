/**
 * Whether a running server obeys PROTOCOL.md, judged by its address alone. Rules that hold for every transport are
 * written once against a driver (`transport-driver.ts`) and run over WebSocket, Server-Sent Events and long polling;
 * what belongs to one of them, or to no transport, has a suite of its own. Nothing here knows the server's code, so that
 * another implementation can be held against it: give it a `ConformanceTarget`.
 */
import { describe } from '@jest/globals';
import { describeAdmission } from './admission.suite.js';
import type { ConformanceTarget } from './conformance-server.js';
import { describeConnectionFrames } from './connection-frames.suite.js';
import { describeCors } from './cors.suite.js';
import { describeDelivery } from './delivery.suite.js';
import { describeDryRun } from './dry-run.suite.js';
import { describeEndings } from './endings.suite.js';
import { describeEventStream } from './event-stream.suite.js';
import { describeFrames } from './frames.suite.js';
import { describeGaps } from './gap.suite.js';
import { describeGroups } from './groups.suite.js';
import { describeHandshake } from './handshake.suite.js';
import { describePolling } from './poll.suite.js';
import { describeResume } from './resume.suite.js';
import { DRIVERS } from './suite.js';
import type { Rules, TransportRules } from './suite.js';
import { describeTickets } from './ticket.suite.js';
import { describeUpstream } from './upstream.suite.js';
import { describeWebSocket } from './websocket.suite.js';

const EVERY_TRANSPORT: readonly TransportRules[] = [
  describeHandshake,
  describeAdmission,
  describeGroups,
  describeFrames,
  describeConnectionFrames,
  describeDelivery,
  describeResume,
  describeGaps,
  describeEndings,
];

const ONE_ALONE: readonly Rules[] = [
  describeWebSocket,
  describeEventStream,
  describePolling,
  describeUpstream,
  describeTickets,
  describeDryRun,
  describeCors,
];

/** Describes all rules for one server. */
export function describeConformance(name: string, target: ConformanceTarget): void {
  describe(`PROTOCOL.md on ${name}`, () => {
    for (const rules of ONE_ALONE) rules(target);
    for (const driver of DRIVERS) {
      describe(`over ${driver.name}`, () => {
        for (const rules of EVERY_TRANSPORT) rules(target, driver);
      });
    }
  });
}
