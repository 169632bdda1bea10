import { Inject, Injectable } from '@nestjs/common';
import { ClientAddress } from '../auth/client-address.js';
import type { Problem } from '../core/problem.js';
import { Telemetry } from '../core/telemetry.js';
import { requestIdOf } from '../push/request-id.js';
import { REST_LIMITS } from './push-rest-options.interface.js';
import type { RestLimits } from './push-rest-options.interface.js';
import { principalOf } from './rest-request.js';
import type { RestRequest } from './rest-request.js';

/** Answers that turn the caller away, not what was asked. */
const REFUSALS = new Set([401, 403, 429]);

/** Tells the application of callers that were turned away. Where nobody listens nothing is made. */
@Injectable()
export class RefusedRequests {
  private readonly clientAddress: ClientAddress;

  constructor(
    @Inject(Telemetry) private readonly telemetry: Telemetry,
    @Inject(REST_LIMITS) { trustProxy }: RestLimits,
  ) {
    this.clientAddress = new ClientAddress(trustProxy);
  }

  /** Takes the problem that a request, or one message of it, is answered with. */
  tell(request: RestRequest, { status, code, detail }: Problem): void {
    const { refused } = this.telemetry.listeners;
    if (!refused || !REFUSALS.has(status)) return;
    const principal = principalOf(request);
    refused({
      purpose: 'rest',
      address: this.addressOf(request),
      requestId: requestIdOf(request),
      userId: principal?.userId,
      tenant: principal?.tenant,
      group: undefined,
      target: undefined,
      status,
      code,
      detail,
    });
  }

  private addressOf({ socket, headers }: RestRequest): string {
    return this.clientAddress.of(socket?.remoteAddress, headers);
  }
}
