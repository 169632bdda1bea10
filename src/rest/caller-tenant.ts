import { Inject, Injectable } from '@nestjs/common';
import { PushService } from '../push/push.service.js';
import type { PushRestOptions } from './push-rest-options.interface.js';
import { principalOf } from './rest-request.js';
import type { RestRequest } from './rest-request.js';

/** The injection token of {@link PushRestOptions.tenantOf}, or `null`. */
export const REST_TENANT_OF = 'PUSH_REST_TENANT_OF';

/** Whose a request is: what it sends, lists and counts is of one tenant. */
@Injectable()
export class CallerTenant {
  constructor(
    @Inject(PushService) private readonly push: PushService,
    @Inject(REST_TENANT_OF) private readonly tenantOf: PushRestOptions['tenantOf'] | null,
  ) {}

  /** PushService for the caller's tenant. A token that was judged here has the only say. */
  pushOf(request: RestRequest): PushService {
    const principal = principalOf(request);
    return this.push.forTenant(principal ? principal.tenant : this.tenantOf?.(request));
  }
}
