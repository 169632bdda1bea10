import { MetadataScanner } from '@nestjs/core';
import type { ModulesContainer } from '@nestjs/core';
import { LIFECYCLE_EVENT_NAMES } from '../core/lifecycle-events.js';
import type { PushLifecycleEventName } from '../core/lifecycle-events.js';
import { quoteReceived } from '../core/option-problem.js';
import { PushError } from '../core/push-error.js';
import { lifecycleEventsOf } from './on-push.decorator.js';

/** A decorated method of a provider. */
export interface LifecycleHandler {
  readonly name: PushLifecycleEventName;
  /** Such as `AuditLog.record`, for the log. */
  readonly where: string;
  readonly call: (event: never) => unknown;
}

/**
 * Finds what is decorated with `@OnPush` among all providers and controllers. Throws where one is made per request, or
 * asks for an event that is none.
 */
export function findLifecycleHandlers(modules: ModulesContainer): readonly LifecycleHandler[] {
  const seen = new Set<unknown>();
  const found: LifecycleHandler[] = [];
  for (const { providers, controllers } of modules.values()) {
    for (const wrapper of [...providers.values(), ...controllers.values()]) {
      const instance: unknown = wrapper.instance;
      // An alias is the same instance under another name.
      if (typeof instance !== 'object' || instance === null || seen.has(instance)) continue;
      seen.add(instance);
      const handlers = handlersOf(instance);
      const [first] = handlers;
      const unknown = handlers.find(({ name }) => !LIFECYCLE_EVENT_NAMES.includes(name));
      if (unknown) throw noSuchEvent(unknown);
      if (first && !wrapper.isDependencyTreeStatic()) throw notStatic(first);
      found.push(...handlers);
    }
  }
  return found;
}

const scanner = new MetadataScanner();

function handlersOf(instance: object): readonly LifecycleHandler[] {
  const prototype = Object.getPrototypeOf(instance) as object | null;
  if (!prototype) return [];
  return scanner.getAllMethodNames(prototype).flatMap((key) => {
    const method = (instance as Readonly<Record<string, unknown>>)[key];
    if (typeof method !== 'function') return [];
    const call = (event: never) => method.call(instance, event) as unknown;
    return lifecycleEventsOf(method).map((name) => ({ name, call, where: `${instance.constructor.name}.${key}` }));
  });
}

function notStatic({ where, name }: LifecycleHandler): PushError {
  const message = `@OnPush('${name}') on ${where}: its provider is made for each request, and events have none`;
  return new PushError('PUSH_ERR_INVALID_OPTION', message);
}

/** The compiler says so first; plain JavaScript has none. */
function noSuchEvent({ where, name }: LifecycleHandler): PushError {
  const received = `@OnPush(${quoteReceived(name)}) on ${where}`;
  const message = `${received}: there is no such event, expected one of ${LIFECYCLE_EVENT_NAMES.join(', ')}`;
  return new PushError('PUSH_ERR_INVALID_OPTION', message);
}
