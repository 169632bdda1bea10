import { Controller, UseFilters, UseGuards, VERSION_NEUTRAL } from '@nestjs/common';
import type { Provider, Type } from '@nestjs/common';
import { BodyErrorResponder, REST_PATH } from './body-error-responder.js';
import { CallerTenant, REST_TENANT_OF } from './caller-tenant.js';
import { describeController, describeRoutes } from './openapi/describe-controller.js';
import { ProblemFilter } from './problem.filter.js';
import { PushApiGuard } from './push-api.guard.js';
import { PushControllerBase } from './push-controller.base.js';
import type { PushRestOptions } from './push-rest-options.interface.js';
import { RefusedRequests } from './refused-requests.js';
import { RestAnswers } from './rest-answers.js';
import { RestSender } from './rest-sender.js';
import { SendRate } from './send-rate.js';

/** Where the routes are unless the host says otherwise. */
export const DEFAULT_REST_PATH = 'push';

describeRoutes(PushControllerBase);

/**
 * A controller class for one registration of the module. A class of its own, because decorators write on classes: with
 * a shared one, the path and guards of one application would show in another of the same process.
 */
export function createPushController({
  path = DEFAULT_REST_PATH,
  version = VERSION_NEUTRAL,
  guards = [PushApiGuard],
  decorators = [],
}: PushRestOptions = {}): Type<unknown> {
  class PushController extends PushControllerBase {}
  Controller({ path, version })(PushController);
  UseFilters(ProblemFilter)(PushController);
  UseGuards(...guards)(PushController);
  describeController(PushController);
  for (const decorate of decorators) decorate(PushController);
  return PushController;
}

/** What the controller needs beside PushService, TenantSpaces, AccessService, `REST_LIMITS` and `SEND_BUCKETS`. */
export function createRestProviders({ path = DEFAULT_REST_PATH, tenantOf }: PushRestOptions = {}): Provider[] {
  return [
    { provide: REST_PATH, useValue: path },
    { provide: REST_TENANT_OF, useValue: tenantOf ?? null },
    CallerTenant,
    RefusedRequests,
    RestAnswers,
    RestSender,
    SendRate,
    BodyErrorResponder,
  ];
}
