import { Inject, Module } from '@nestjs/common';
import type { NestModule } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { HAS_AUTHENTICATION } from './push.tokens.js';
import { BodyErrorResponder } from './rest/body-error-responder.js';
import { PushControllerBase } from './rest/push-controller.base.js';

/**
 * Takes the routes of REST away where no token can be judged. With a factory that is known only when it has run, and by
 * then the controller is among those of the application.
 *
 * Nest calls `configure` of all modules when everything is made, right before it makes routes, and only where there is
 * HTTP. Before that it draws a graph of what there is, in which a controller must not be missing.
 */
@Module({})
export class PushRestRoutes implements NestModule {
  constructor(
    @Inject(ModuleRef) private readonly moduleRef: ModuleRef,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
  ) {}

  configure(): void {
    if (this.moduleRef.get<boolean>(HAS_AUTHENTICATION, { strict: false })) return;
    this.moduleRef.get(BodyErrorResponder, { strict: false }).hasRoutes = false;
    for (const { controllers } of this.modules.values()) {
      for (const token of controllers.keys()) if (isRestController(token)) controllers.delete(token);
    }
  }
}

function isRestController(token: unknown): boolean {
  return typeof token === 'function' && token.prototype instanceof PushControllerBase;
}
