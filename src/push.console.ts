/** Wires the admin console, where it is switched on: its page and session over HTTP, everything else over connections. */
import { hostname } from 'node:os';
import type { Provider, Type } from '@nestjs/common';
import type { Backing } from './backing/backing.interface.js';
import { ConsoleAnswers, CONSOLE_OPTIONS } from './console/console-answers.js';
import { createConsoleControllers } from './console/console-controllers.js';
import { consolePathProblems, consoleProblems, DEFAULT_CONSOLE_PATH } from './console/console-options.js';
import type { PushConsoleOptions } from './console/console-options.interface.js';
import { CONSOLE_SESSION_PARTS, ConsoleSessions } from './console/console-sessions.js';
import type { ConsoleSessionParts } from './console/console-sessions.js';
import { ConsoleService } from './console/console.service.js';
import type { Clock } from './core/clock.js';
import { throwIfAnyOption } from './core/option-problem.js';
import type { OptionProblem } from './core/option-problem.js';
import { FailureLog } from './failure-log.js';
import type { PushModuleExtras } from './push-options.interface.js';
import type { ResolvedPushOptions } from './push-options.resolver.js';
import { HAS_AUTHENTICATION, PUSH_BACKING, PUSH_CLOCK, PUSH_OPTIONS } from './push.tokens.js';
import { AccessService } from './push/access.service.js';
import { ConsolePasses } from './push/console-passes.js';
import { DrainService } from './push/drain.service.js';
import type { NodeControl } from './push/node-control.interface.js';
import { PushService } from './push/push.service.js';
import { TenantSpaces } from './push/tenant-spaces.js';
import { ProblemFilter } from './rest/problem.filter.js';
import { PushApiGuard } from './rest/push-api.guard.js';
import { DEFAULT_REST_PATH } from './rest/push-controller.factory.js';
import { RestAnswers } from './rest/rest-answers.js';
import { principalOf } from './rest/rest-request.js';
import type { RestRequest } from './rest/rest-request.js';

/** What a module is given for its console. */
export interface ConsoleParts {
  readonly controllers: Type<unknown>[];
  readonly providers: Provider[];
}

/** What is wrong with the options of the console, held against those of REST, which are right. */
export function consoleOptionProblems(
  { console, rest }: PushModuleExtras,
  hasAuthentication: boolean,
): readonly OptionProblem[] {
  const problems = consoleProblems(console);
  if (!console || problems.length > 0) return problems;
  const restPath = rest === false ? undefined : (rest?.path ?? DEFAULT_REST_PATH);
  problems.push(...restPathProblems(console, restPath));
  problems.push(...entranceProblems(console, hasAuthentication));
  return problems;
}

function entranceProblems({ guards }: PushConsoleOptions, hasAuthentication: boolean): readonly OptionProblem[] {
  if (hasAuthentication || guards) return [];
  return [{ path: 'console', received: 'no way to judge a token', expected: 'auth, authenticator or guards' }];
}

/** The controllers and providers of the console; none where it is off. */
export function createConsole({ console: options }: PushModuleExtras): ConsoleParts {
  if (!options) return { controllers: [], providers: [] };
  return {
    controllers: createConsoleControllers(options, { guard: PushApiGuard, filter: ProblemFilter }),
    providers: [
      { provide: CONSOLE_OPTIONS, useValue: options },
      sessionPartsProvider(options),
      consoleServiceProvider(options),
      passesProvider,
      ConsoleAnswers,
      ConsoleSessions,
      // The filter is one of REST, which may be off; a second one of the same module takes the place of the first.
      RestAnswers,
    ],
  };
}

function restPathProblems({ path = DEFAULT_CONSOLE_PATH }: PushConsoleOptions, restPath: string | undefined) {
  return restPath === undefined ? [] : consolePathProblems(path, { 'rest.path': restPath }).filter(isSame);
}

/** Routes of REST may lie below the console: only the same path is taken twice. */
function isSame({ expected }: { readonly expected: string }): boolean {
  return expected.startsWith('another');
}

const passesProvider: Provider = {
  provide: ConsolePasses,
  inject: [PUSH_BACKING, PUSH_CLOCK],
  useFactory: ({ nodes }: Backing, clock: Clock) => new ConsolePasses(nodes, clock),
};

function sessionPartsProvider(options: PushConsoleOptions): Provider {
  return {
    provide: CONSOLE_SESSION_PARTS,
    inject: [PUSH_OPTIONS, ConsolePasses, HAS_AUTHENTICATION],
    useFactory: (
      { paths, metrics }: ResolvedPushOptions,
      passes: ConsolePasses,
      hasAuthentication: boolean,
    ): ConsoleSessionParts => {
      const others: Record<string, string> = {};
      for (const [name, path] of Object.entries(paths)) others[`paths.${name}`] = path;
      if (metrics && metrics.path !== false) others['metrics.path'] = metrics.path;
      throwIfAnyOption([
        ...consolePathProblems(options.path ?? DEFAULT_CONSOLE_PATH, others),
        ...entranceProblems(options, hasAuthentication),
      ]);
      return { options, paths, passes, principalOf: (request) => principalOf(request as RestRequest) };
    },
  };
}

function consoleServiceProvider({ guards }: PushConsoleOptions): Provider {
  return {
    provide: ConsoleService,
    inject: [TenantSpaces, PushService, PUSH_CLOCK, FailureLog, AccessService, ConsolePasses],
    useFactory: (
      spaces: TenantSpaces,
      push: PushService,
      clock: Clock,
      { add: onFailure }: FailureLog,
      access: AccessService,
      passes: ConsolePasses,
    ) => {
      const service = new ConsoleService({ spaces, push, clock, onFailure, door: guards ? 'guards' : 'token' });
      spaces.consoleHandler = service;
      access.passes = passes;
      return service;
    },
  };
}

/** This process, as the console shows it and has it drain. */
export function controlOf(backing: Backing, drain: DrainService, onFailure: (cause: unknown) => void): NodeControl {
  let before = performance.eventLoopUtilization();
  return {
    get isDraining() {
      return drain.isDraining;
    },
    get isBackingUp() {
      return backing.state.status === 'up';
    },
    vitals: () => {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, before);
      before = now;
      return {
        host: hostname(),
        pid: process.pid,
        uptimeSeconds: Math.round(process.uptime()),
        memoryBytes: process.memoryUsage.rss(),
        loopBusy: Math.round(utilization * 1_000) / 1_000,
      };
    },
    drain: () => void drain.finish().catch(onFailure),
  };
}
