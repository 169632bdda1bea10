import { Controller, Get, Inject, Post, Req, Res, UseFilters, UseGuards, VERSION_NEUTRAL } from '@nestjs/common';
import type { CanActivate, ExceptionFilter, Type } from '@nestjs/common';
import { RequiresScope } from '../push/route-scope.js';
import { ConsoleAnswers } from './console-answers.js';
import { DEFAULT_CONSOLE_PATH, plainPathOf } from './console-options.js';
import type { PushConsoleOptions } from './console-options.interface.js';
import type { ConsoleHttpRequest } from './console-request.interface.js';
import { ConsoleSessions } from './console-sessions.js';

/** What the console has in common with REST: who is let in, and what an error is answered. */
export interface ConsoleEntrance {
  /** Lets in where the host names no guards: by the token and the scope that a route asks for. */
  readonly guard: Type<CanActivate>;
  readonly filter: Type<ExceptionFilter>;
}

/** The page. It is the same for everyone and holds no data, so nobody is asked who it is for. */
class ConsolePageBase {
  constructor(@Inject(ConsoleAnswers) private readonly answers: ConsoleAnswers) {}

  @Get()
  page(@Req() request: ConsoleHttpRequest, @Res() response: unknown): void {
    this.answers.sendPage(request, response);
  }

  @Get(':file')
  file(@Req() request: ConsoleHttpRequest, @Res() response: unknown): void {
    this.answers.sendFile(request.params['file'] ?? '', request, response);
  }
}

/** What the page asks first: for whom it was opened, what may be done, and where its connection goes. */
class ConsoleSessionBase {
  constructor(
    @Inject(ConsoleSessions) private readonly sessions: ConsoleSessions,
    @Inject(ConsoleAnswers) private readonly answers: ConsoleAnswers,
  ) {}

  @Post('session')
  @RequiresScope('push:admin')
  open(@Req() request: ConsoleHttpRequest, @Res() response: unknown): void {
    this.answers.sendJson(response, this.sessions.open(request));
  }
}

/** Controller classes for one registration of the module: decorators write on classes, so none is shared. */
export function createConsoleControllers(
  { path = DEFAULT_CONSOLE_PATH, version = VERSION_NEUTRAL, guards, decorators = [] }: PushConsoleOptions,
  { guard, filter }: ConsoleEntrance,
): Type<unknown>[] {
  class PushConsolePageController extends ConsolePageBase {}
  class PushConsoleSessionController extends ConsoleSessionBase {}
  UseGuards(...(guards ?? [guard]))(PushConsoleSessionController);
  const controllers = [PushConsolePageController, PushConsoleSessionController];
  for (const controller of controllers) {
    Controller({ path: plainPathOf(path), version })(controller);
    UseFilters(filter)(controller);
    // As ApiExcludeController of @nestjs/swagger would say it: pages are no part of an API.
    Reflect.defineMetadata('swagger/apiExcludeController', [true], controller);
    for (const decorate of decorators) decorate(controller);
  }
  return controllers;
}
